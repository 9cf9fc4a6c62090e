//! The command line: reads what was asked, calls the library, prints once and picks the exit code.

mod arguments;
mod commands;

use arguments::{CheckArgs, GenerateArgs, RunArgs, VerifyArgs};
use clap::Parser;
use commands::{Cli, Command, LearnCommand, PredictCommand};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use twinwright::alerts::arguments::AlertsArgs;
use twinwright::bulletin::{self, arguments::ReportArgs};
use twinwright::detect::{self, arguments::DetectArgs};
use twinwright::diagnose;
use twinwright::fit;
use twinwright::foresee;
use twinwright::live::arguments::{LiveArgs, LogFormat, LogLevel, ReplayArgs};
use twinwright::live::{self, Wishes};
use twinwright::store::arguments::StoreArgs;
use twinwright::tune::arguments::TuneArgs;
use twinwright::{Trouble, alerts, check, generate, history, init, memory, rul, run, store, tune, verify, whatif};
use twinwright_core::files::scenario::published_schema;
use twinwright_core::plan::Study;
use twinwright_model::Time;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let done = match cli.command {
        Command::Run(args) => run_scenario(*args),
        Command::Generate(args) => generate_stream(*args),
        Command::Live(args) => mirror_site(&args),
        Command::Replay(args) => replay_run(&args),
        Command::Tune(args) => tune_rules(&args),
        Command::Detect(args) => detect_table(*args),
        Command::Verify(args) => verify_received(args),
        Command::Report(args) => report_on(args),
        Command::Diagnose(args) => diagnose::diagnose(&args).and_then(|text| say(&text)),
        Command::Predict(PredictCommand::Life(args)) => foresee::life(&args).and_then(|text| say(&text)),
        Command::Check(args) => check_files(&args),
        Command::Fit(args) => fit::fit(&args).and_then(show_answer),
        Command::Learn(LearnCommand::Rul(args)) => rul::learn(&args).and_then(show_answer),
        Command::Predict(PredictCommand::Rul(args)) => rul::predict(&args).and_then(show_answer),
        Command::Store(args) => tend_store(&args),
        Command::History(args) => history::answer(&args, &mut std::io::stdout().lock()),
        Command::Alerts(args) => tend_alerts(&args),
        Command::Schema { which } => print_schema(&which),
        Command::Init { name, into } => start_pair(&name, &into),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // The report has said it all.
        Err(Trouble::No(lines)) if lines.is_empty() => ExitCode::from(1),
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
    let explain = args.explain;
    let settings = args.settings();
    if !settings.quiet {
        show_warnings();
    }
    let (study, sources) = run::study_with_sources(&settings)?;
    if explain {
        say(&whatif::explanation(&settings, &study))?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    listen_for_interrupt(&stop)?;
    if whatif::is_study(&settings, &study) {
        return run_study(&settings, &study, &sources, &stop);
    }
    let plan = study.base();
    let outcome = match &settings.store {
        Some(_) => memory::run(&settings, plan, &sources, &stop)?,
        None => run::run(&settings, plan, &stop)?,
    };
    if !settings.quiet {
        say(&run::text::page(&outcome, plan))?;
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

fn run_study(
    settings: &run::Settings,
    study: &Study,
    sources: &memory::Sources,
    stop: &AtomicBool,
) -> Result<(), Trouble> {
    memory::check_study(settings)?;
    let outcome = whatif::run(settings, study, stop)?;
    let stored = memory::remember(settings, sources, &outcome)?;
    if !settings.quiet {
        say(&whatif::text::page(&outcome, study))?;
        say(&stored)?;
    }
    if outcome.what_if.partial {
        let (done, asked) = (outcome.what_if.done, outcome.what_if.asked);
        let _ = writeln!(std::io::stderr(), "interrupted: what is written is of {done} of {asked} futures");
    }
    if settings.digest {
        say(&format!("{:032x}\n", outcome.summary.digest))?;
    }
    if outcome.missed.is_empty() { Ok(()) } else { Err(Trouble::No(outcome.missed)) }
}

fn generate_stream(args: GenerateArgs) -> Result<(), Trouble> {
    let settings = args.settings()?;
    let plan = Arc::new(generate::source::plan(&settings, now())?);
    let stop = Arc::new(AtomicBool::new(false));
    listen_for_interrupt(&stop)?;
    if !settings.quiet {
        show_warnings();
    }
    let outcome = generate::generate(&settings, &plan, &stop)?;
    if !settings.quiet {
        let page = generate::page::page(&outcome, &plan);
        // Where the stream itself goes to stdout, nothing else may.
        if outcome.uses_stdout() {
            let _ = write!(std::io::stderr(), "{page}");
        } else {
            say(&page)?;
        }
    }
    if outcome.interrupted && outcome.trouble.is_none() {
        let _ = writeln!(std::io::stderr(), "interrupted: what was made up to {} is delivered", outcome.until);
    }
    if settings.digest {
        say(&format!("{:032x}\n", outcome.digest))?;
    }
    if let Some(trouble) = outcome.trouble {
        return Err(trouble);
    }
    if outcome.missed.is_empty() { Ok(()) } else { Err(Trouble::No(outcome.missed)) }
}

fn mirror_site(args: &LiveArgs) -> Result<(), Trouble> {
    show_log(args.log, args.log_format);
    let wishes = Arc::new(Wishes::default());
    listen_for_signals(&wishes)?;
    let outcome = if args.demo {
        live::demo::run(args, &wishes, Box::new(std::io::stdout()))?
    } else {
        live::mirror(&args.settings(None)?, &wishes, Box::new(std::io::stdout()))?
    };
    if args.digest {
        say(&format!("{:032x}\n", outcome.digest))?;
    }
    Ok(())
}

fn replay_run(args: &ReplayArgs) -> Result<(), Trouble> {
    let answer = live::replay::replay(args)?;
    say(&answer.text)?;
    if answer.fine { Ok(()) } else { Err(Trouble::No(Vec::new())) }
}

fn tune_rules(args: &TuneArgs) -> Result<(), Trouble> {
    say(&tune::tune(args)?.text)
}

fn detect_table(args: DetectArgs) -> Result<(), Trouble> {
    let stop = Arc::new(AtomicBool::new(false));
    listen_for_interrupt(&stop)?;
    let outcome = detect::command(args, &stop, &mut std::io::stderr())?;
    say(&outcome.line)?;
    if outcome.fine { Ok(()) } else { Err(Trouble::No(Vec::new())) }
}

fn verify_received(args: VerifyArgs) -> Result<(), Trouble> {
    let json = args.json;
    let report = verify::verify(&args.settings())?;
    say(&if json { format!("{:#}\n", report.to_json()) } else { report.page() })?;
    if report.clean() { Ok(()) } else { Err(Trouble::No(Vec::new())) }
}

/// A table for a program to stdout; then what there is to say of it goes to stderr.
fn show_answer(answer: rul::Answer) -> Result<(), Trouble> {
    if answer.table.is_empty() {
        return say(&answer.page);
    }
    say(&answer.table)?;
    let _ = write!(std::io::stderr(), "{}", answer.page);
    Ok(())
}

fn tend_store(args: &StoreArgs) -> Result<(), Trouble> {
    let stop = Arc::new(AtomicBool::new(false));
    if args.command.is_long() {
        listen_for_interrupt(&stop)?;
    }
    let answer = store::command(args, now(), &stop)?;
    say(&answer.text)?;
    if answer.fine { Ok(()) } else { Err(Trouble::No(Vec::new())) }
}

fn tend_alerts(args: &AlertsArgs) -> Result<(), Trouble> {
    let answer = alerts::command(args, now())?;
    say(&answer.text)?;
    if answer.fine { Ok(()) } else { Err(Trouble::No(Vec::new())) }
}

fn report_on(args: ReportArgs) -> Result<(), Trouble> {
    let quiet = args.quiet;
    let outcome = bulletin::report(&args.settings(now()))?;
    if quiet { Ok(()) } else { say(&bulletin::page(&outcome)) }
}

fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Time(since.map_or(0, |since| since.as_nanos() as i64))
}

/// What happens to outlets and stores while something runs, as lines on stderr.
fn show_warnings() {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::prelude::*;
    let ours = Targets::new()
        .with_target("twinwright_io", LevelFilter::INFO)
        .with_target("twinwright::memory", LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer()
        .without_time()
        .with_target(false)
        .with_ansi(false)
        .with_writer(std::io::stderr);
    let _ = tracing_subscriber::registry().with(lines).with(ours).try_init();
}

/// What goes on in live mode, on stderr.
fn show_log(level: LogLevel, format: LogFormat) {
    use tracing_subscriber::filter::{LevelFilter, Targets};
    use tracing_subscriber::prelude::*;
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let ours = Targets::new().with_target("twinwright_io", level).with_target("twinwright", level);
    let layer = tracing_subscriber::fmt::layer().with_target(false).with_ansi(false).with_writer(std::io::stderr);
    let layer = match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().boxed(),
    };
    let _ = tracing_subscriber::registry().with(layer).with(ours).try_init();
}

/// Ctrl-C and SIGTERM end live mode, SIGHUP lets it read its site's file again. A second Ctrl-C ends it at once.
fn listen_for_signals(wishes: &Arc<Wishes>) -> Result<(), Trouble> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let trouble = |error| Trouble::World(format!("cannot listen for signals: {error}"));
    let mut signals = signal_hook::iterator::Signals::new([SIGHUP, SIGINT, SIGTERM]).map_err(trouble)?;
    let wishes = wishes.clone();
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if signal == SIGHUP {
                wishes.reload.store(true, Ordering::Relaxed);
            } else if wishes.stop.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
        }
    });
    Ok(())
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
        let count = |n: usize, of: &str| format!("{n} {of}{}", if n == 1 { "" } else { "s" });
        let (faults, files) = (count(faults.len() + unread.len(), "fault"), count(args.files.len(), "file"));
        return Err(Trouble::Input(format!("{faults} in {files}")));
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
