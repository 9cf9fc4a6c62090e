//! What `history` may be asked.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Args, Debug, Clone)]
pub struct HistoryArgs {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Subcommand, Debug, Clone)]
pub enum What {
    /// The state of a machine at an instant, what it did in a stretch, or all machines at a glance
    #[command(
        after_help = "Examples:\n  twinwright history machine\n  twinwright history machine P-101 --at '+30 d'\n  \
        twinwright history machine P-101 --from 2026-02-01T00:00:00Z --to 2026-03-01T00:00:00Z"
    )]
    Machine(MachineArgs),
    /// What a sensor said, from the tables and from archives
    #[command(after_help = "Examples:\n  twinwright history sensor P-101.vibration --from '+30 d' --to '+31 d'\n  \
        twinwright history sensor P-101.vibration --last 1000 --format csv > last.csv")]
    Sensor(SensorArgs),
    /// The alerts of a run, or those that are open
    #[command(after_help = "Example:\n  twinwright history alerts --open --machine P-101")]
    Alerts(AlertsArgs),
    /// The runs that the store remembers
    Runs(RunsArgs),
}

/// Which store and which run.
#[derive(Args, Debug, Clone, Default)]
pub struct Source {
    /// The store [default: $TWINWRIGHT_STORE, else sqlite:twinwright.db]
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,
    /// The run, by its name [default: the latest one that knows]
    #[arg(long, value_name = "NAME")]
    pub run: Option<String>,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Form {
    #[default]
    Text,
    Csv,
    Json,
}

/// A stretch of time.
#[derive(Args, Debug, Clone, Default)]
pub struct Between {
    /// From this instant on, or from a time after the run's start such as `+30 d`
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Before this instant [default: the end]
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
}

#[derive(Args, Debug, Clone, Default)]
pub struct MachineArgs {
    /// The machine; without it all of them
    #[arg(value_name = "MACHINE")]
    pub machine: Option<String>,
    #[command(flatten)]
    pub source: Source,
    /// The state at this instant, or at a time after the run's start such as `+30 d` [default: the end of the run]
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to"], requires = "machine")]
    pub at: Option<String>,
    #[command(flatten)]
    pub between: Between,
    /// text or json; tables also as csv
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Form,
}

#[derive(Args, Debug, Clone, Default)]
pub struct SensorArgs {
    /// The machine and its sensor, such as P-101.vibration
    #[arg(value_name = "MACHINE.SENSOR")]
    pub sensor: String,
    #[command(flatten)]
    pub source: Source,
    #[command(flatten)]
    pub between: Between,
    /// Only the last so many, of the stretch if there is one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    pub last: Option<u32>,
    /// raw readings, 1m or 1h; auto takes the coarsest that gives 500 rows, and raw where --last is given
    #[arg(long, value_enum, default_value = "auto", hide_possible_values = true)]
    pub every: EveryArg,
    /// text, csv or json
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum EveryArg {
    #[default]
    Auto,
    Raw,
    #[value(name = "1m")]
    Minute,
    #[value(name = "1h")]
    Hour,
}

#[derive(Args, Debug, Clone, Default)]
pub struct AlertsArgs {
    #[command(flatten)]
    pub source: Source,
    /// Of this machine only
    #[arg(long, value_name = "MACHINE")]
    pub machine: Option<String>,
    /// Of this rule only
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// Only those that are open now, the severest first
    #[arg(long)]
    pub open: bool,
    #[command(flatten)]
    pub between: Between,
    /// Tell the course of each, step by step
    #[arg(long)]
    pub transitions: bool,
    /// text, csv or json
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Form,
}

#[derive(Args, Debug, Clone, Default)]
pub struct RunsArgs {
    /// The store [default: $TWINWRIGHT_STORE, else sqlite:twinwright.db]
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,
    /// text, csv or json
    #[arg(long, value_enum, default_value = "text", hide_possible_values = true)]
    pub format: Form,
}
