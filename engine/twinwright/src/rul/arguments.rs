//! What `learn` and `predict` may be asked on the command line.

use clap::Args;
use std::path::PathBuf;

/// Which columns are what.
#[derive(Args, Debug, Clone, Default)]
pub struct WhichArgs {
    /// The column that names a unit [default: unit, unit_number, unit_nr, engine, id or machine]
    #[arg(long, value_name = "COL")]
    pub unit: Option<String>,
    /// The column that counts cycles [default: cycle, cycles, time_cycles or time_in_cycles]
    #[arg(long, value_name = "COL")]
    pub cycle: Option<String>,
}

#[derive(Args, Debug, Clone)]
pub struct LearnRulArgs {
    /// A table (csv, jsonl, parquet, or C-MAPSS's own txt): unit, cycle, settings, sensors; a unit's last row is its failure
    pub data: PathBuf,
    /// Where to write the model
    #[arg(long, value_name = "MODEL")]
    pub out: PathBuf,
    #[command(flatten)]
    pub which: WhichArgs,
    /// Columns that say how a unit is used [default: those whose name begins with setting, op_ or operational]
    #[arg(long, value_name = "COL", value_delimiter = ',')]
    pub settings: Option<Vec<String>>,
    /// Columns to leave out, beside those that hold the answer (rul, label, fault ...)
    #[arg(long, value_name = "COL", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Cycles left beyond this are all taught as this: far from its end a unit does not show it. `none`: as they are
    #[arg(long, value_name = "CYCLES", default_value = "125", value_parser = cap_of)]
    pub cap: Cap,
    /// The share of rows that lie between low and high
    #[arg(long, default_value_t = 0.9)]
    pub coverage: f64,
    /// Print nothing
    #[arg(long)]
    pub quiet: bool,
}

#[derive(Args, Debug, Clone)]
pub struct PredictRulArgs {
    /// What `learn rul` wrote
    pub model: PathBuf,
    /// A table with the columns that the model was learnt from
    pub data: PathBuf,
    /// Where to write unit, cycle, rul, low, high [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub which: WhichArgs,
    /// One row a unit, at its last cycle: unit, rul, low, high
    #[arg(long)]
    pub last: bool,
    /// Cycles left at each unit's last row: a table with unit and rul, or one number a line in the order of units
    #[arg(long, value_name = "FILE", conflicts_with = "to_failure")]
    pub truth: Option<PathBuf>,
    /// Each unit's last row is its failure: judge the predictions by it
    #[arg(long)]
    pub to_failure: bool,
    /// Print no figures
    #[arg(long)]
    pub quiet: bool,
}

/// A number of cycles, or none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cap(pub Option<f64>);

fn cap_of(text: &str) -> Result<Cap, String> {
    match text {
        "none" => Ok(Cap(None)),
        _ => match text.parse::<f64>() {
            Ok(cycles) if cycles > 0.0 && cycles <= 1e12 => Ok(Cap(Some(cycles))),
            _ => Err("expected a number of cycles above 0, or `none`".to_owned()),
        },
    }
}
