//! What `fit` may be asked on the command line.

use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug, Clone)]
pub struct FitArgs {
    /// A recorded table of one machine: a time and a column for each sensor (csv, jsonl, parquet)
    pub data: PathBuf,
    /// The name of the kind: lower-case letters, digits and `-`
    #[arg(long, value_name = "NAME")]
    pub kind: String,
    /// Columns that drive the others: load, speed, ambient temperature; may come again
    #[arg(long = "driver", value_name = "COL", value_delimiter = ',')]
    pub drivers: Vec<String>,
    /// Columns to take as sensors [default: all others that hold numbers]
    #[arg(long = "sensor", value_name = "COL", value_delimiter = ',')]
    pub sensors: Vec<String>,
    /// The column of times [default: time, timestamp, datetime, date or ts; without one rows are a second apart]
    #[arg(long, value_name = "COL")]
    pub time: Option<String>,
    /// Which machine, where the table has a column `machine` with several
    #[arg(long, value_name = "ID")]
    pub machine: Option<String>,
    /// Where to write the machine file [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print nothing but what was asked for
    #[arg(long)]
    pub quiet: bool,
}
