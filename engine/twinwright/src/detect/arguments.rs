//! What `twinwright detect` may be asked on the command line.

use super::{Calibration, Settings, Stretch};
use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
#[command(after_help = "Examples:\n  twinwright detect pump.csv --train 'first 400 rows'\n  \
    twinwright detect march.parquet --baseline february.parquet --save line-1.json\n  \
    zcat march.csv.gz | twinwright detect - --model line-1.json")]
pub struct DetectArgs {
    /// A table: csv, jsonl or parquet, also .gz or .zst; one column a sensor, or one row a reading. `-` is stdin
    pub data: PathBuf,
    /// Learn what is normal from this table; all of DATA is judged
    #[arg(long, value_name = "FILE", conflicts_with_all = ["train", "model"])]
    pub baseline: Option<PathBuf>,
    /// Learn from the beginning of DATA and judge the rest: `first 400 rows`, `first 2 h`, `until 2026-01-01T06:00:00Z`
    /// [default: learn while judging]
    #[arg(long, value_name = "STRETCH", conflicts_with = "model", value_parser = Stretch::parse)]
    pub train: Option<Stretch>,
    /// Set the limits on rows that were not learnt from: a table, or with --train the stretch of DATA that follows it
    /// [default: a part of the training rows]
    #[arg(long, value_name = "FILE|STRETCH", conflicts_with = "model")]
    pub calibrate: Option<String>,
    /// Judge by what was learnt before
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Keep what was learnt
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// How to judge, a `judge/1` file [default: the configuration that all published figures were taken with]
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub config: Option<PathBuf>,
    /// Only these columns
    #[arg(long, value_name = "A,B", value_delimiter = ',', conflicts_with = "model")]
    pub columns: Vec<String>,
    /// Not these columns, such as labels
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// The column of times [default: told by its name, or by what it holds]
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,
    /// Only this machine, where the table has several
    #[arg(long, value_name = "ID")]
    pub machine: Option<String>,
    /// The folder to write; one that a run made is replaced [default: out/<table>-detect]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Exit with 1 where something was found
    #[arg(long)]
    pub fail_on_finding: bool,
    /// Print nothing but errors
    #[arg(long)]
    pub quiet: bool,
}

impl DetectArgs {
    /// What the library is told.
    pub fn settings(self) -> Settings {
        let mut settings = Settings::of(self.data);
        (settings.baseline, settings.train, settings.model) = (self.baseline, self.train, self.model);
        // What says a stretch is one, unless a file is called so.
        settings.calibrate = self.calibrate.map(|text| match Stretch::parse(&text) {
            Ok(stretch) if !PathBuf::from(&text).exists() => Calibration::Following(stretch),
            _ => Calibration::Table(PathBuf::from(text)),
        });
        (settings.save, settings.config, settings.out) = (self.save, self.config, self.out);
        let asked = &mut settings.asked;
        (asked.columns, asked.ignore) = (self.columns, self.ignore);
        (asked.time, asked.machine) = (self.time, self.machine);
        settings.quiet = self.quiet;
        settings
    }
}
