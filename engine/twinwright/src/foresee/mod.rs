//! `twinwright predict life`: how long a machine of a live plant will last, said in words or as JSON. The futures are the core's.

pub mod arguments;

use crate::Trouble;
use crate::live::standing::{self, Standing};
use arguments::LifeArgs;
use serde_json::json;
use std::fmt::Write;
use twinwright_core::mirror::Unforeseen;
use twinwright_core::prognosis::Prognosis;

/// Answers `predict life`.
pub fn life(args: &LifeArgs) -> Result<String, Trouble> {
    if args.load.is_some_and(|load| !load.is_finite()) {
        return Err(Trouble::Input("--load: expected a finite number, such as 0.8".to_owned()));
    }
    let asked = (args.run.as_deref(), args.machine.as_str(), &args.at);
    let standing = standing::ask(&args.store, asked, |mirror, machine| {
        let assume = args.load.map(|load| ("load", load));
        mirror.prognosis(machine, assume, args.futures).map_err(|why| refused(&args.machine, why))
    })?;
    Ok(if args.json { json(args, &standing) } else { page(args, &standing) })
}

fn refused(machine: &str, why: Unforeseen) -> Trouble {
    let why = match why {
        Unforeseen::Unknown => "no machine file describes it, so nothing can be foreseen",
        Unforeseen::Wearless => "its machine file knows no wear",
        Unforeseen::Failed => "it has failed already",
        Unforeseen::Driver => "--load: its kind has no driver `load`, or one that follows from others",
    };
    Trouble::Input(format!("{machine}: {why}"))
}

fn json(args: &LifeArgs, standing: &Standing<Prognosis>) -> String {
    let mut said = standing.said.json();
    said["machine"] = json!(args.machine);
    said["run"] = json!(standing.run);
    said["at"] = json!(standing.time.to_string());
    said["load_given"] = json!(args.load);
    format!("{said:#}\n")
}

fn page(args: &LifeArgs, standing: &Standing<Prognosis>) -> String {
    let said = &standing.said;
    let [low, middle, high] = said.remaining.map(days);
    let mut page = format!(
        "{} at {}: fails in {middle} (p10 {low}, p90 {high}); within 7 days {}, within 30 days {}\n",
        args.machine,
        standing.time,
        percent(said.within_7d),
        percent(said.within_30d)
    );
    let _ = writeln!(page, "of {} futures, if nobody repairs it\n", said.futures);
    let width = said.wears.iter().map(|wear| wear.name.len()).max().unwrap_or(0).max(4);
    let _ =
        writeln!(page, "{:width$}  now (90 % interval)   stress   p10      p50      p90      first to fail", "wear");
    for wear in &said.wears {
        let [low, middle, high] = wear.remaining.map(days);
        let _ = writeln!(
            page,
            "{:width$}  {:.2} ({:.2} to {:.2})   {:6.3}   {low:7}  {middle:7}  {high:7}  {}",
            wear.name,
            wear.now,
            wear.interval.0,
            wear.interval.1,
            wear.stress,
            percent(wear.first)
        );
    }
    let assumed = said.assumed.iter().map(|(name, mean)| format!("{name} {}", number(*mean)));
    let _ = writeln!(page, "\nassumed, on average: {}", assumed.collect::<Vec<_>>().join(", "));
    page
}

fn days(hours: Option<f64>) -> String {
    match hours {
        None => "never".to_owned(),
        Some(hours) if hours < 48.0 => format!("{hours:.1} h"),
        Some(hours) => format!("{:.0} d", hours / 24.0),
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Three figures are enough.
fn number(value: f64) -> String {
    if value == 0.0 || value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.2}") }
}
