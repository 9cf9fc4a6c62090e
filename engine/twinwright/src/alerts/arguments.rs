//! What `twinwright alerts` may be asked on the command line.

use clap::{Args, Subcommand};

#[derive(Args)]
pub struct AlertsArgs {
    #[command(subcommand)]
    pub command: AlertsCommand,
}

#[derive(Subcommand)]
pub enum AlertsCommand {
    /// The alerts that are open, the severest first, and the rules that are out of service
    #[command(after_help = "Examples:\n  twinwright alerts list --store sqlite:line1.db\n  \
        twinwright alerts list --hidden\n  twinwright alerts list --all --last 20 --json")]
    List(ListArgs),
    /// One alert with its course
    #[command(after_help = "Example:\n  twinwright alerts show line1-live-1/12")]
    Show(ShowArgs),
    /// Acknowledge an alert: somebody has seen it and deals with it
    #[command(
        after_help = "Example:\n  twinwright alerts ack line1-live-1/12 --by ann --reason 'fitter is on the way'"
    )]
    Ack(AskArgs),
    /// Add a comment to an alert
    #[command(after_help = "Example:\n  twinwright alerts comment line1-live-1/12 'seal looks dry' --by ann")]
    Comment(CommentArgs),
    /// Put an alert out of sight until an end
    #[command(
        after_help = "Example:\n  twinwright alerts shelve line1-live-1/12 --for '2 h' --reason 'sensor is being swapped'"
    )]
    Shelve(ShelveArgs),
    /// Bring a shelved alert back
    Unshelve(AskArgs),
    /// End an alert that is latched, or whose condition will not go away by itself
    Resolve(AskArgs),
    /// Do not judge a rule on a machine until it is put back
    #[command(
        after_help = "Example:\n  twinwright alerts out-of-service P-101 bearing_hot --reason 'bearing is rebuilt'"
    )]
    OutOfService(OutOfServiceArgs),
    /// Judge a rule on a machine again
    InService(InServiceArgs),
    /// How much the alerts asked of people, beside what ISA-18.2 and EEMUA 191 recommend
    #[command(after_help = "Example:\n  twinwright alerts kpi --store sqlite:line1.db --from 2026-11-01T00:00:00Z")]
    Kpi(KpiArgs),
}

#[derive(Args, Debug, Clone)]
pub struct KpiArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// From this instant on [default: a week before the end]
    #[arg(long, value_name = "INSTANT")]
    pub from: Option<String>,
    /// Up to this instant [default: as far as the plant was mirrored]
    #[arg(long, value_name = "INSTANT")]
    pub to: Option<String>,
}

/// Which store.
#[derive(Args, Debug, Clone)]
pub struct WhichArgs {
    /// The store: `sqlite:line1.db`, `postgres://user@host/plant` [default: $TWINWRIGHT_STORE, else sqlite:twinwright.db]
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,
    /// As JSON, for programs
    #[arg(long)]
    pub json: bool,
}

/// Who asks.
#[derive(Args, Debug, Clone)]
pub struct ByArgs {
    /// Who it is that asks: it stands in the alert's course and in the audit log [default: $USER]
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

#[derive(Args, Debug, Clone)]
pub struct ListArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// Those that are hidden: shelved, suppressed by design, out of service
    #[arg(long, conflicts_with_all = ["all", "from", "to"])]
    pub hidden: bool,
    /// All, whatever became of them, the newest first
    #[arg(long)]
    pub all: bool,
    /// Those that there were since this instant, open or not
    #[arg(long, value_name = "INSTANT")]
    pub from: Option<String>,
    /// Those that there were before this instant, open or not
    #[arg(long, value_name = "INSTANT")]
    pub to: Option<String>,
    /// So many at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub last: u32,
    /// Of this machine only
    #[arg(long, value_name = "MACHINE")]
    pub machine: Option<String>,
    /// Of this rule only
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
}

#[derive(Args, Debug, Clone)]
pub struct ShowArgs {
    /// The alert, such as line1-live-1/12; a number alone is of the latest live run
    #[arg(value_name = "ALERT")]
    pub alert: String,
    #[command(flatten)]
    pub which: WhichArgs,
}

#[derive(Args, Debug, Clone)]
pub struct AskArgs {
    /// The alert, such as line1-live-1/12; a number alone is of the latest live run
    #[arg(value_name = "ALERT")]
    pub alert: String,
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub by: ByArgs,
    /// Why, or a comment
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}

#[derive(Args, Debug, Clone)]
pub struct CommentArgs {
    /// The alert, such as line1-live-1/12; a number alone is of the latest live run
    #[arg(value_name = "ALERT")]
    pub alert: String,
    /// What there is to say
    #[arg(value_name = "TEXT")]
    pub text: String,
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub by: ByArgs,
}

#[derive(Args, Debug, Clone)]
pub struct ShelveArgs {
    /// The alert, such as line1-live-1/12; a number alone is of the latest live run
    #[arg(value_name = "ALERT")]
    pub alert: String,
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub by: ByArgs,
    /// For so long, such as `2 h`
    #[arg(long = "for", value_name = "TIME", conflicts_with = "until", required_unless_present = "until")]
    pub lasts: Option<String>,
    /// Until this instant, such as 2026-02-01T06:00:00Z
    #[arg(long, value_name = "INSTANT")]
    pub until: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT", required = true)]
    pub reason: String,
}

#[derive(Args, Debug, Clone)]
pub struct OutOfServiceArgs {
    #[arg(value_name = "MACHINE")]
    pub machine: String,
    #[arg(value_name = "RULE")]
    pub rule: String,
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub by: ByArgs,
    /// Why
    #[arg(long, value_name = "TEXT", required = true)]
    pub reason: String,
}

#[derive(Args, Debug, Clone)]
pub struct InServiceArgs {
    #[arg(value_name = "MACHINE")]
    pub machine: String,
    #[arg(value_name = "RULE")]
    pub rule: String,
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub by: ByArgs,
    /// A comment
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
}
