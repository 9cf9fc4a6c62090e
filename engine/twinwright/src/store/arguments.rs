//! What `twinwright store` may be asked on the command line.

use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use twinwright_model::Time;

#[derive(Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    pub command: StoreCommand,
}

#[derive(Subcommand)]
pub enum StoreCommand {
    /// Make a store, or bring its schema up to date
    #[command(after_help = "Example:\n  twinwright store migrate --store sqlite:plant.db")]
    Migrate(MigrateArgs),
    /// Say what is in a store, without changing it
    #[command(after_help = "Example:\n  twinwright store status --store sqlite:plant.db --format json")]
    Status(StatusArgs),
    /// Copy all of a store to one file, while others write to it
    #[command(after_help = "Examples:\n  twinwright store backup plant-monday.db --store sqlite:plant.db\n  \
        twinwright store backup plant-monday.dump --store postgres://user@host/plant")]
    Backup(BackupArgs),
    /// Make a store from a backup
    #[command(after_help = "Example:\n  twinwright store restore plant-monday.db --store sqlite:again.db")]
    Restore(RestoreArgs),
    /// Look for faults: changed logs, lost rows, damaged states, roll-ups that do not fit their readings
    #[command(after_help = "Example:\n  twinwright store verify --store sqlite:plant.db --sample 0.1")]
    Verify(VerifyStoreArgs),
    /// Drop what is older than it has to be kept, archived first where that is asked for
    #[command(after_help = "Examples:\n  twinwright store prune --store sqlite:plant.db --dry-run\n  \
        twinwright store prune --keep sensor_readings=30d,alerts=forever --archive-to file:/srv/archive")]
    Prune(PruneArgs),
    /// Write old readings into Parquet files; they stay in the store until they are pruned
    #[command(after_help = "Example:\n  \
        twinwright store archive --store sqlite:plant.db --before 2026-03-01T00:00:00Z --to s3://bucket/plant")]
    Archive(ArchiveArgs),
}

impl StoreCommand {
    /// Whether it may take long, and so looks now and then whether Ctrl-C was pressed.
    pub fn is_long(&self) -> bool {
        match self {
            StoreCommand::Migrate(_) | StoreCommand::Status(_) => false,
            StoreCommand::Backup(_) | StoreCommand::Restore(_) | StoreCommand::Verify(_) => true,
            StoreCommand::Prune(_) | StoreCommand::Archive(_) => true,
        }
    }
}

/// Which store is meant.
#[derive(Args)]
pub struct WhichArgs {
    /// The store: `sqlite:plant.db`, `postgres://user@host/plant` [default: $TWINWRIGHT_STORE, else sqlite:twinwright.db]
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,
}

/// Who asks for a change.
#[derive(Args)]
pub struct WhoArgs {
    /// Who it is that asks, for the audit log [default: $USER]
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub user: Option<String>,
}

#[derive(Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub who: WhoArgs,
}

#[derive(Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "text")]
    pub format: Form,
}

#[derive(Args)]
pub struct BackupArgs {
    /// The file to write; it must not be there yet. Its digest goes beside it, in a file that ends in `.sha256`
    #[arg(value_name = "TO")]
    pub to: PathBuf,
    #[command(flatten)]
    pub which: WhichArgs,
}

#[derive(Args)]
pub struct RestoreArgs {
    /// A backup that `twinwright store backup` made of a store in the same database
    #[arg(value_name = "FROM")]
    pub from: PathBuf,
    #[command(flatten)]
    pub which: WhichArgs,
    /// Replace a store that is not empty
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub who: WhoArgs,
}

#[derive(Args)]
pub struct VerifyStoreArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    /// Compare only this part of the hours with their readings, drawn anew each time: above 0, at most 1
    #[arg(long, value_name = "PART", default_value_t = 1.0, value_parser = part_of)]
    pub sample: f64,
    /// For people or for programs
    #[arg(long, value_enum, default_value = "text")]
    pub format: Form,
}

fn part_of(text: &str) -> Result<f64, String> {
    let part = text.parse::<f64>().ok().filter(|part| *part > 0.0 && *part <= 1.0);
    part.ok_or_else(|| "expected a number above 0 and at most 1, such as 0.1".to_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    Text,
    Json,
}

impl WhichArgs {
    /// The address of the store that is meant.
    pub fn url(&self) -> String {
        super::meant(self.store.as_deref())
    }
}

impl WhoArgs {
    /// As asked, else as the system calls whoever runs the program.
    pub fn name(&self) -> String {
        let told = ["USER", "LOGNAME"].into_iter().filter_map(|name| std::env::var(name).ok());
        let told = self.user.clone().into_iter().chain(told).find(|name| !name.is_empty());
        told.unwrap_or_else(|| "unknown".to_owned())
    }
}

#[derive(Args)]
pub struct PruneArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub who: WhoArgs,
    /// The instant from which age is counted [default: now]
    #[arg(long, value_name = "INSTANT", value_parser = instant_of)]
    pub now: Option<Time>,
    /// Say what would go, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Keep a table so long from now on: sensor_readings=30d, alerts=forever
    #[arg(long, value_name = "TABLE=TIME", value_delimiter = ',')]
    pub keep: Vec<String>,
    /// Archive readings and roll-ups here before they go, from now on: file:/srv/archive, s3://bucket/plant, or none
    #[arg(long, value_name = "URL")]
    pub archive_to: Option<String>,
}

#[derive(Args)]
pub struct ArchiveArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub who: WhoArgs,
    /// What is older than this instant
    #[arg(long, value_name = "INSTANT", value_parser = instant_of)]
    pub before: Time,
    /// Where the files go: file:/srv/archive, s3://bucket/plant (keys, region and endpoint from AWS_ variables)
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// Which table
    #[arg(long, default_value = "sensor_readings",
          value_parser = ["sensor_readings", "sensor_readings_1m", "sensor_readings_1h"])]
    pub table: String,
}

fn instant_of(text: &str) -> Result<Time, String> {
    Time::parse(text).map_err(|_| "expected an instant such as 2026-01-01T00:00:00Z".to_owned())
}
