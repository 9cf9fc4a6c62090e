//! What each command may be asked on the command line, and what the library is told of it.

use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use twinwright::generate::pace::{Limit, Pace};
use twinwright::run::snapshots::SaveAt;
use twinwright::verify::{Mapping, Unit};
use twinwright::whatif::tables::TableForm;
use twinwright::{Trouble, generate, run, verify};
use twinwright_core::files::units;
use twinwright_io::labels::LabelSort;
use twinwright_io::outlets::Form;
use twinwright_io::{Format, Shape};
use twinwright_model::{Span, Time};

#[derive(Args)]
pub struct CheckArgs {
    /// Machine or scenario files
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// A folder with machine files, beside those next to a scenario and the shipped ones
    #[arg(long, value_name = "DIR")]
    pub machines: Option<PathBuf>,
    /// Print the faults as JSON, for a program
    #[arg(long)]
    pub json: bool,
}

/// What is kept of a run or a stream, and how it is run.
#[derive(Args)]
pub struct KeepArgs {
    /// Formats of readings and truth: csv, jsonl, parquet, influx
    #[arg(long, value_delimiter = ',', default_value = "csv", value_parser = format_of)]
    pub format: Vec<Format>,
    /// Write what the sensors read, before any comms fault
    #[arg(long)]
    pub readings: bool,
    /// Write the true values, the wear and the hours to the next failure
    #[arg(long)]
    pub truth: bool,
    /// Write labels as public tools read them, and the readings beside them: skab, nab, cmapss, jsonl
    #[arg(long, value_delimiter = ',', value_name = "SORTS", value_parser = labels_of)]
    pub labels: Vec<LabelSort>,
    /// Only one row every so often, such as `10 min`
    #[arg(long, value_name = "EVERY", value_parser = span_of)]
    pub sample: Option<Span>,
    /// Threads to simulate on; the bytes do not depend on it [default: all cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print nothing but errors (and the digest when it is asked for)
    #[arg(long)]
    pub quiet: bool,
    /// Print the digest of the final state on a line of its own
    #[arg(long)]
    pub digest: bool,
}

#[derive(Args)]
pub struct RunArgs {
    /// The scenario file
    pub scenario: PathBuf,
    /// The folder to write; one that a run made is replaced [default: out/<scenario>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// A folder with machine files, beside those next to the scenario and the shipped ones
    #[arg(long, value_name = "DIR")]
    pub machines: Option<PathBuf>,
    /// Another seed than the scenario's
    #[arg(long)]
    pub seed: Option<u64>,
    /// Stop earlier: an instant, or a time after the start such as `+6 h`
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// One row an instant and machine, or one a reading
    #[arg(long, default_value = "wide", value_parser = ["wide", "long"])]
    pub shape: String,
    /// Keep the whole state at an instant, or at a time after the start such as `+30 d`, in a file
    #[arg(long, num_args = 2, value_names = ["TIME", "FILE"])]
    pub save_at: Option<Vec<String>>,
    /// Remember the run in a store: modes, alerts, works, states, measures, and with --readings what the sensors said;
    /// sqlite:plant.db, postgres://USER@HOST/DB
    #[arg(long, value_name = "URL")]
    pub store: Option<String>,
    /// Simulated time between two whole states in the store [default: a sixteenth of the run]
    #[arg(long, value_name = "TIME", value_parser = span_of, requires = "store")]
    pub checkpoint_every: Option<Span>,
    /// A value instead of the scenario's, such as `maintenance.every="30 d"` or drivers.load=0.9; may come again
    #[arg(long, value_name = "PATH=VALUE", value_parser = set_of)]
    pub set: Vec<(String, String)>,
    /// `futures`: record all futures of all runs, and not only the first ones
    #[arg(long = "keep", value_name = "WHAT", value_parser = ["futures"])]
    pub keeps: Option<String>,
    /// Write the expectations to this file as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write the tables of measures, differences and futures: csv, json
    #[arg(long, value_delimiter = ',', value_name = "FORMS", value_parser = table_form_of)]
    pub tables: Vec<TableForm>,
    /// Say first what is simulated and why
    #[arg(long)]
    pub explain: bool,
    /// Step every tick of every future, also where nothing can happen
    #[arg(long)]
    pub no_skip: bool,
    /// Watch alarm limits in all futures, also where that makes a study slow
    #[arg(long)]
    pub alerts: bool,
    #[command(flatten)]
    pub keep: KeepArgs,
}

/// `PATH=VALUE`. What is not a number, true, false, a list or a quoted text is a text, since shells eat quotes.
fn set_of(text: &str) -> Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or("expected PATH=VALUE, such as drivers.load=0.9")?;
    let (path, value) = (path.trim(), value.trim());
    if path.is_empty() || value.is_empty() {
        return Err("expected PATH=VALUE, such as drivers.load=0.9".to_owned());
    }
    let is_value = value.parse::<f64>().is_ok_and(f64::is_finite)
        || matches!(value, "true" | "false")
        || value.starts_with(['[', '{', '"', '\'']);
    let value = if is_value { value.to_owned() } else { serde_json::json!(value).to_string() };
    Ok((path.to_owned(), value))
}

fn table_form_of(text: &str) -> Result<TableForm, String> {
    TableForm::from_name(text).ok_or_else(|| "expected csv or json".to_owned())
}

fn format_of(text: &str) -> Result<Format, String> {
    Format::from_name(text).ok_or_else(|| "expected csv, jsonl, parquet or influx".to_owned())
}

fn labels_of(text: &str) -> Result<LabelSort, String> {
    LabelSort::from_name(text).ok_or_else(|| "expected skab, nab, cmapss or jsonl".to_owned())
}

fn span_of(text: &str) -> Result<Span, String> {
    units::parse_span(text).map_err(|fault| match fault.expected {
        Some(expected) => format!("{}; expected {expected}", fault.message),
        None => fault.message,
    })
}

#[derive(Args)]
pub struct GenerateArgs {
    /// A scenario file, a machine file, or the name of a kind
    #[arg(value_name = "SCENARIO|KIND")]
    pub subject: String,
    /// Where the readings go, besides the scenario's [outlet] tables; may come again. `-` is stdout; file:PATH.csv (.jsonl
    /// .parquet .lp, .gz .zst), mqtt://HOST?qos=1, http://HOST:8086/write?db=DB, postgres://USER@HOST/DB, sqlite:PATH,
    /// redis://HOST
    #[arg(long, value_name = "URL", allow_hyphen_values = true)]
    pub to: Vec<String>,
    /// How many machines of the kind [default: 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub machines: Option<u32>,
    /// How long, such as `1 h` [default: the scenario's duration, or 1 h]
    #[arg(long = "for", value_name = "TIME", value_parser = span_of)]
    pub length: Option<Span>,
    /// The step of the kind's plant [default: 1 s]
    #[arg(long, value_name = "TIME", value_parser = span_of)]
    pub every: Option<Span>,
    /// The first instant, for back-fill [default: the scenario's, or 2026-01-01T00:00:00Z; now at pace real]
    #[arg(long, value_name = "INSTANT", value_parser = instant_of)]
    pub start: Option<Time>,
    /// Another seed than the scenario's [default: 1]
    #[arg(long)]
    pub seed: Option<u64>,
    /// A folder with machine files, beside those next to the scenario and the shipped ones
    #[arg(long, value_name = "DIR")]
    pub kinds: Option<PathBuf>,
    /// One row a reading, or one an instant and machine; for files
    #[arg(long, default_value = "long", value_parser = ["long", "wide"])]
    pub shape: String,
    /// As fast as it goes, by the clock, or a multiple of it: max, real, 60x
    #[arg(long, default_value = "max", value_parser = Pace::parse)]
    pub pace: Pace,
    /// At most so many readings (1000000), or so many a second (5000/s); may come twice, once each
    #[arg(long, value_name = "N|N/s", value_parser = Limit::parse)]
    pub limit: Vec<Limit>,
    /// Serve counters for Prometheus at this address, such as 127.0.0.1:9100, while it runs
    #[arg(long, value_name = "ADDR")]
    pub metrics: Option<SocketAddr>,
    /// A folder for what a run leaves: events, alerts, labels, report, and on request readings and truth
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub keep: KeepArgs,
}

#[derive(Args)]
pub struct VerifyArgs {
    /// What came back: csv, jsonl or parquet files, or folders of them; long or wide
    #[arg(required = true)]
    pub received: Vec<PathBuf>,
    /// The folder that `generate --out DIR --readings` left
    #[arg(long, value_name = "DIR")]
    pub against: PathBuf,
    /// What the received columns are called: time=ts,machine=device,sensor=tag,value=v,quality=q,arrival=at
    #[arg(long, value_name = "PART=COLUMN,...", default_value = "", hide_default_value = true, value_parser = Mapping::parse)]
    pub columns: Mapping,
    /// What times are counted in that are plain numbers: ns, us, ms, s [default: told by their size]
    #[arg(long, value_parser = unit_of)]
    pub time_unit: Option<Unit>,
    /// How far a value may be off
    #[arg(long, default_value_t = 0.0)]
    pub tolerance: f64,
    /// A reading that arrives later than this after its time is late, where arrivals are known
    #[arg(long, value_name = "TIME", default_value = "1 s", value_parser = span_of)]
    pub late_after: Span,
    /// Write every finding to this file, as CSV
    #[arg(long, value_name = "FILE")]
    pub list: Option<PathBuf>,
    /// Print the report as JSON, for a program
    #[arg(long)]
    pub json: bool,
}

impl VerifyArgs {
    /// What the library is told.
    pub fn settings(self) -> verify::Settings {
        verify::Settings {
            columns: self.columns,
            time_unit: self.time_unit,
            tolerance: self.tolerance,
            late_after: self.late_after,
            list: self.list,
            ..verify::Settings::of(self.received, self.against)
        }
    }
}

fn unit_of(text: &str) -> Result<Unit, String> {
    Unit::from_name(text).ok_or_else(|| "expected ns, us, ms or s".to_owned())
}

impl GenerateArgs {
    /// What the library is told.
    pub fn settings(self) -> Result<generate::Settings, Trouble> {
        let mut settings = generate::Settings::of(&self.subject);
        (settings.to, settings.machines, settings.length) = (self.to, self.machines, self.length);
        (settings.every, settings.start, settings.seed) = (self.every, self.start, self.seed);
        (settings.kinds, settings.metrics, settings.out) = (self.kinds, self.metrics, self.out);
        settings.shape = Form::from_name(&self.shape).unwrap_or(Form::Rows);
        settings.pace = self.pace;
        settings.limit = self.limit.into_iter().try_fold(Limit::default(), Limit::and).ok_or_else(|| {
            Trouble::Input(
                "--limit: expected one number of readings and one rate at most, such as 1000000 and 5000/s".into(),
            )
        })?;
        let keep = self.keep;
        (settings.formats, settings.readings, settings.truth) = (keep.format, keep.readings, keep.truth);
        (settings.labels, settings.sample) = (keep.labels, keep.sample);
        (settings.quiet, settings.digest) = (keep.quiet, keep.digest);
        settings.threads = keep.threads.map_or(settings.threads, usize::from);
        Ok(settings)
    }
}

impl RunArgs {
    /// What the library is told.
    pub fn settings(self) -> run::Settings {
        let mut settings = run::Settings::of(&self.scenario);
        (settings.out, settings.machines, settings.seed) = (self.out, self.machines, self.seed);
        settings.until = self.until;
        (settings.store, settings.checkpoint_every) = (self.store, self.checkpoint_every);
        settings.save_at = self.save_at.and_then(|words| <[String; 2]>::try_from(words).ok()).map(SaveAt::from);
        settings.shape = if self.shape == "long" { Shape::Long } else { Shape::Wide };
        (settings.sets, settings.keep_futures, settings.junit) = (self.set, self.keeps.is_some(), self.junit);
        (settings.skip, settings.alerts, settings.tables) = (!self.no_skip, self.alerts, self.tables);
        let keep = self.keep;
        (settings.formats, settings.readings, settings.truth) = (keep.format, keep.readings, keep.truth);
        (settings.labels, settings.sample) = (keep.labels, keep.sample);
        (settings.quiet, settings.digest) = (keep.quiet, keep.digest);
        settings.threads = keep.threads.map_or(settings.threads, usize::from);
        settings
    }
}

fn instant_of(text: &str) -> Result<Time, String> {
    Time::parse(text).map_err(|_| "expected an instant such as 2026-01-01T00:00:00Z".to_owned())
}
