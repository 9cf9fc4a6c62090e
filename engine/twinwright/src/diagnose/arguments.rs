//! What `diagnose` may be asked.

use clap::Args;
use std::path::PathBuf;

#[derive(Args, Debug, Clone, Default)]
pub struct DiagnoseArgs {
    /// A machine file or a shipped kind; or the store that a plant is mirrored into
    #[arg(value_name = "MACHINE_FILE|STORE")]
    pub subject: String,
    /// A recorded table of the machine (csv, jsonl, parquet; a column for the time and for each sensor); of a store, the machine
    #[arg(value_name = "DATA|MACHINE")]
    pub of: String,
    /// The machine, where a table has several
    #[arg(long, value_name = "ID")]
    pub machine: Option<String>,
    /// When the duty cycle of a table began [default: its first row]
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// A folder of machine files, looked through before the shipped ones
    #[arg(long, value_name = "DIR")]
    pub machines: Option<PathBuf>,
    /// As of this instant of a live run, or the end of the journal's entry that holds it [default: the last that was heard]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// A live run [default: the latest]
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
}
