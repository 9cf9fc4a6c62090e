//! What `twinwright tune` may be asked on the command line.

use clap::Args;
use std::path::PathBuf;

#[derive(Args)]
pub struct TuneArgs {
    /// A scenario file, or the store of a live plant (sqlite:... or postgres://...)
    #[arg(value_name = "SCENARIO|STORE")]
    pub subject: String,
    /// The rules to be tuned: a site file, which may leave out machines, links, tick and feeds
    #[arg(long, value_name = "FILE")]
    pub rules: PathBuf,
    /// By how much an alert may come later than now, by the median
    #[arg(long, value_name = "TIME", default_value = "1 min")]
    pub delay: String,
    /// The part of the time, from its beginning, that settings are looked for in; the rest is only for verifying
    #[arg(long, value_name = "SHARE", default_value_t = 0.6)]
    pub fit: f64,
    /// Propose other limits too, not only deadbands and delays
    #[arg(long)]
    pub move_limits: bool,
    /// Faults as `truth/labels.csv` has them, for a store
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Of a store: the live run [default: the latest]
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// Of a store: from this instant
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Of a store: up to this instant
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Of a scenario: another seed
    #[arg(long)]
    pub seed: Option<u64>,
    /// A folder of machine files, looked through before the shipped ones
    #[arg(long, value_name = "DIR")]
    pub machines: Option<PathBuf>,
    /// Where the proposed rules, the candidates and the figures are written [default: out/tune-<rules file>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
}
