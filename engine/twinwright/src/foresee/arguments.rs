//! What `predict life` may be asked.

use clap::Args;

#[derive(Args, Debug, Clone, Default)]
pub struct LifeArgs {
    /// The store that the plant is mirrored into
    #[arg(value_name = "STORE")]
    pub store: String,
    /// The machine
    #[arg(value_name = "MACHINE")]
    pub machine: String,
    /// As of this instant, or the end of the journal's entry that holds it [default: the last that was heard]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// A live run [default: the latest]
    #[arg(long, value_name = "RUN")]
    pub run: Option<String>,
    /// The driver `load` from now on [default: as the machine's duty says, or as it was last heard]
    #[arg(long, value_name = "X")]
    pub load: Option<f64>,
    /// How many futures are run to failure
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub futures: u32,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
}
