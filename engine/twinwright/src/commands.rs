//! The commands, as `twinwright --help` shows them: a line of what each is for, and an example that works.

use crate::arguments::{CheckArgs, GenerateArgs, RunArgs, VerifyArgs};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use twinwright::alerts::arguments::AlertsArgs;
use twinwright::bulletin::arguments::ReportArgs;
use twinwright::detect::arguments::DetectArgs;
use twinwright::diagnose::arguments::DiagnoseArgs;
use twinwright::fit::arguments::FitArgs;
use twinwright::foresee::arguments::LifeArgs;
use twinwright::history::arguments::HistoryArgs;
use twinwright::live::arguments::{LiveArgs, ReplayArgs};
use twinwright::rul::arguments::{LearnRulArgs, PredictRulArgs};
use twinwright::store::arguments::StoreArgs;
use twinwright::tune::arguments::TuneArgs;

/// Digital twins of industrial machines: one machine file for what-if, streams and live mirrors.
#[derive(Parser)]
#[command(name = "twinwright", version, propagate_version = true, max_term_width = 110)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Run a scenario and write what it leaves behind
    #[command(after_help = "Example:\n  twinwright run scenarios/pumps-year.toml --readings --format csv,parquet")]
    Run(Box<RunArgs>),
    /// Stream a plant's readings to files, brokers and databases, with the exact truth beside them
    #[command(after_help = "Examples:\n  twinwright generate centrifugal-pump --machines 10 --to file:pumps.csv\n  \
        twinwright generate scenarios/sensor-faults-labelled.toml --to file:seen.jsonl --out out/truth --readings --truth")]
    Generate(Box<GenerateArgs>),
    /// Mirror real machines from their feeds: nothing lost, few and meaningful alerts, a history
    #[command(
        after_help = "Examples:\n  twinwright live --demo\n  twinwright live scenarios/line-1.site.toml --metrics 127.0.0.1:9187"
    )]
    Live(LiveArgs),
    /// Hear again what a mirror heard: the same states, or what a changed file would have made of it
    #[command(
        after_help = "Examples:\n  twinwright replay sqlite:line1.db --from 2026-11-01T06:00:00Z --to 2026-11-01T07:00:00Z\n  \
        twinwright replay sqlite:line1.db --with line1-quieter.toml"
    )]
    Replay(ReplayArgs),
    /// Try a plant's alert limits on streams that were made or recorded, and propose quieter ones
    #[command(
        after_help = "Examples:\n  twinwright tune scenarios/chattering-pumps.toml --rules scenarios/live/chattering-pumps.toml\n  \
        twinwright tune sqlite:line1.db --rules line1.toml --delay '30 s'"
    )]
    Tune(Box<TuneArgs>),
    /// Judge a recorded table row by row against what is normal: scores, findings, a report
    Detect(Box<DetectArgs>),
    /// Say exactly what a system under test lost, doubled, reordered or altered
    #[command(
        after_help = "Example:\n  twinwright generate centrifugal-pump --for '1 min' --to file:sent.csv --out out/sent --readings\n  \
        twinwright verify sent.csv --against out/sent"
    )]
    Verify(VerifyArgs),
    /// Tell what a day, a week, a month or a whole run came to, and what to do next, from what a store remembers
    #[command(
        after_help = "Examples:\n  twinwright report weekly --store sqlite:plant.db\n  twinwright report pumps-year-1 --format html,json"
    )]
    Report(ReportArgs),
    /// Say what is wrong with a machine, a wear or a sensor, with the figures behind it
    #[command(
        after_help = "Examples:\n  twinwright diagnose centrifugal-pump readings/centrifugal-pump.csv --machine P-101\n  \
        twinwright diagnose sqlite:line1.db P-101"
    )]
    Diagnose(DiagnoseArgs),
    /// Say how long something will last
    #[command(subcommand)]
    Predict(PredictCommand),
    /// Learn a machine file from a recorded table: gains, lags, noise and steps, and what the table does not tell
    #[command(
        after_help = "Example:\n  twinwright fit pump.csv --kind my-pump --driver load,ambient --out my-pump.toml && twinwright check my-pump.toml"
    )]
    Fit(FitArgs),
    /// Learn from recorded data: the remaining life of units
    #[command(subcommand)]
    Learn(LearnCommand),
    /// Check machine and scenario files: all faults at once, each at its place
    #[command(
        after_help = "Example:\n  twinwright check machine-configs/centrifugal-pump.toml scenarios/pumps-year.toml"
    )]
    Check(CheckArgs),
    /// Look after a store: its schema, what is in it
    Store(StoreArgs),
    /// Ask what a store remembers of machines, sensors, alerts and runs
    History(HistoryArgs),
    /// See the alerts of a live plant, acknowledge, shelve or resolve them
    Alerts(AlertsArgs),
    /// Print the JSON Schema of a file, for editors
    #[command(after_help = "Example:\n  twinwright schema machine > machine.schema.json")]
    Schema {
        /// machine, scenario, site or judge
        #[arg(value_parser = ["machine", "scenario", "site", "judge"])]
        which: String,
    },
    /// Write a commented machine file and a scenario that runs it, to start from
    #[command(after_help = "Example:\n  twinwright init my-fan && twinwright run my-fan-scenario.toml")]
    Init {
        /// The kind's name: lower-case letters, digits and `-`
        name: String,
        /// Where to write the two files
        #[arg(long, default_value = ".")]
        into: PathBuf,
    },
}

#[derive(Subcommand)]
pub enum LearnCommand {
    /// Learn the remaining life of units from a table of units that ran to their failure
    #[command(after_help = "Example:\n  twinwright learn rul train.csv --out turbofan.rul.json\n  \
        twinwright predict rul turbofan.rul.json test.csv --last --out rul.csv")]
    Rul(LearnRulArgs),
}

#[derive(Subcommand)]
pub enum PredictCommand {
    /// How long a machine of a live plant will last, from what its mirror believes of it
    #[command(after_help = "Examples:\n  twinwright predict life sqlite:line1.db P-101\n  \
        twinwright predict life sqlite:line1.db P-101 --load 0.6 --at 2026-11-01T06:00:00Z --json")]
    Life(LifeArgs),
    /// Predict the remaining life of units, row by row, each from its own past alone
    #[command(after_help = "Examples:\n  twinwright predict rul turbofan.rul.json test.csv --last --out rul.csv\n  \
        twinwright predict rul turbofan.rul.json test.csv --last --truth RUL_FD001.txt")]
    Rul(PredictRulArgs),
}
