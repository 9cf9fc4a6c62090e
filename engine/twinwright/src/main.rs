//! The command line: reads what was asked, calls the library, prints once and picks the exit code.

use clap::{Args, Parser, Subcommand};
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use twinwright::run::{self, Settings};
use twinwright::{Trouble, check, init};
use twinwright_core::files::scenario::published_schema;
use twinwright_core::files::units;
use twinwright_io::{Format, Shape};
use twinwright_model::Span;

/// Digital twins of industrial machines: one machine file for what-if, streams and live mirrors.
#[derive(Parser)]
#[command(name = "twinwright", version, propagate_version = true, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scenario and write what it leaves behind
    #[command(after_help = "Example:\n  twinwright run scenarios/pumps-year.toml --readings --format csv,parquet")]
    Run(RunArgs),
    /// Check machine and scenario files: all faults at once, each at its place
    #[command(
        after_help = "Example:\n  twinwright check machine-configs/centrifugal-pump.toml scenarios/pumps-year.toml"
    )]
    Check(CheckArgs),
    /// Print the JSON Schema of a file, for editors
    #[command(after_help = "Example:\n  twinwright schema machine > machine.schema.json")]
    Schema {
        /// machine or scenario
        #[arg(value_parser = ["machine", "scenario"])]
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

#[derive(Args)]
struct CheckArgs {
    /// Machine or scenario files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A folder with machine files, beside those next to a scenario and the shipped ones
    #[arg(long, value_name = "DIR")]
    machines: Option<PathBuf>,
    /// Print the faults as JSON, for a program
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct RunArgs {
    /// The scenario file
    scenario: PathBuf,
    /// The folder to write; one that a run made is replaced [default: out/<scenario>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// A folder with machine files, beside those next to the scenario and the shipped ones
    #[arg(long, value_name = "DIR")]
    machines: Option<PathBuf>,
    /// Another seed than the scenario's
    #[arg(long)]
    seed: Option<u64>,
    /// Threads to simulate on; the bytes do not depend on it [default: all cores]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Stop earlier: an instant, or a time after the start such as `+6 h`
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// Formats of readings and truth: csv, jsonl, parquet, influx
    #[arg(long, value_delimiter = ',', default_value = "csv", value_parser = format_of)]
    format: Vec<Format>,
    /// One row an instant and machine, or one a reading
    #[arg(long, default_value = "wide", value_parser = ["wide", "long"])]
    shape: String,
    /// Write what the sensors read
    #[arg(long)]
    readings: bool,
    /// Write the true values, the wear and the hours to the next failure
    #[arg(long)]
    truth: bool,
    /// Write only one row every so often, such as `10 min`
    #[arg(long, value_name = "EVERY", value_parser = span_of)]
    sample: Option<Span>,
    /// Print nothing but errors (and the digest when it is asked for)
    #[arg(long)]
    quiet: bool,
    /// Print the digest of the final state on a line of its own
    #[arg(long)]
    digest: bool,
}

fn format_of(text: &str) -> Result<Format, String> {
    Format::from_name(text).ok_or_else(|| "expected csv, jsonl, parquet or influx".to_owned())
}

fn span_of(text: &str) -> Result<Span, String> {
    units::parse_span(text).map_err(|fault| match fault.expected {
        Some(expected) => format!("{}; expected {expected}", fault.message),
        None => fault.message,
    })
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let done = match cli.command {
        Command::Run(args) => run_scenario(args),
        Command::Check(args) => check_files(&args),
        Command::Schema { which } => print_schema(&which),
        Command::Init { name, into } => start_pair(&name, &into),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            let _ = writeln!(std::io::stderr(), "{trouble}");
            ExitCode::from(trouble.exit_code())
        }
    }
}

/// Prints to stdout. A reader that has gone away (`| head`) is no trouble of ours.
fn say(text: &str) -> Result<(), Trouble> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Trouble::World(format!("cannot write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

fn run_scenario(args: RunArgs) -> Result<(), Trouble> {
    let mut settings = Settings::of(&args.scenario);
    settings.out = args.out;
    settings.machines = args.machines;
    settings.seed = args.seed;
    settings.until = args.until;
    settings.formats = args.format;
    settings.shape = if args.shape == "long" { Shape::Long } else { Shape::Wide };
    (settings.readings, settings.truth) = (args.readings, args.truth);
    settings.sample = args.sample;
    (settings.quiet, settings.digest) = (args.quiet, args.digest);
    if let Some(threads) = args.threads {
        settings.threads = usize::from(threads);
    }
    let plan = Arc::new(run::plan(&settings)?);
    let stop = Arc::new(AtomicBool::new(false));
    listen_for_interrupt(&stop)?;
    let outcome = run::run(&settings, &plan, &stop)?;
    if !settings.quiet {
        say(&run::text::page(&outcome, &plan))?;
    }
    if outcome.summary.interrupted {
        let end = plan.time_of(i64::from(outcome.summary.ticks));
        let _ = writeln!(std::io::stderr(), "interrupted: what is written is complete up to {end}");
    }
    if settings.digest {
        say(&format!("{:032x}\n", outcome.summary.digest))?;
    }
    if outcome.missed.is_empty() { Ok(()) } else { Err(Trouble::No(outcome.missed)) }
}

/// The first Ctrl-C ends the run at a whole chunk; the second one at once.
fn listen_for_interrupt(stop: &Arc<AtomicBool>) -> Result<(), Trouble> {
    let stop = stop.clone();
    ctrlc::set_handler(move || {
        if stop.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .map_err(|error| Trouble::World(format!("cannot listen for Ctrl-C: {error}")))
}

fn check_files(args: &CheckArgs) -> Result<(), Trouble> {
    let (fine, faults, mut unread) = check::check_files(&args.files, args.machines.as_deref());
    if args.json {
        let unread: Vec<String> = unread.iter().map(ToString::to_string).collect();
        let report = serde_json::json!({ "fine": fine.len(), "faults": faults, "unread": unread });
        say(&format!("{report:#}\n"))?;
        if faults.is_empty() && unread.is_empty() {
            return Ok(());
        }
        return Err(Trouble::Input(format!("{} faults in {} files", faults.len() + unread.len(), args.files.len())));
    }
    for line in &fine {
        say(&format!("{line}\n"))?;
    }
    if !faults.is_empty() {
        unread.push(Trouble::Files(faults));
    }
    match unread.pop() {
        None => Ok(()),
        Some(last) => {
            for trouble in &unread {
                let _ = writeln!(std::io::stderr(), "{trouble}");
            }
            Err(last)
        }
    }
}

fn print_schema(which: &str) -> Result<(), Trouble> {
    let schema = published_schema(which).ok_or_else(|| Trouble::Input(format!("there is no schema `{which}`")))?;
    say(&format!("{schema:#}\n"))
}

fn start_pair(name: &str, into: &std::path::Path) -> Result<(), Trouble> {
    let [machine, scenario] = init::write_pair(into, name)?;
    let hint = if std::io::stdout().is_terminal() { "now try" } else { "next" };
    say(&format!(
        "wrote {} and {}\n{hint}: twinwright run {}\n",
        machine.display(),
        scenario.display(),
        scenario.display()
    ))
}
