//! The machine file that a fit comes to, as text: every number with where it comes from, every doubt in its place.

use super::recording::Recording;
use crate::VERSION;
use std::collections::BTreeSet;
use std::fmt::Write;
use twinwright_core::identify::{Doubt, Driver, Found};

/// Names that mean something in every expression.
const TAKEN: [&str; 13] =
    ["running", "min", "max", "abs", "exp", "ln", "sqrt", "sin", "clamp", "if", "and", "or", "not"];
const LONGEST_NAME: usize = 60;
/// The file's range is wider than what was recorded by this share on each side.
const WIDER: f64 = 0.1;
/// A time constant beyond this many seconds is as good as this one.
const LONGEST: f64 = 1e9;

/// Names of columns as the file can have them.
pub(super) struct Names {
    pub drivers: Vec<String>,
    pub sensors: Vec<String>,
}

impl Names {
    pub(super) fn of(drivers: &[Driver], found: &[Found]) -> Names {
        let mut taken: BTreeSet<String> = TAKEN.iter().map(ToString::to_string).collect();
        Names {
            drivers: drivers.iter().map(|driver| identifier(&driver.name, &mut taken)).collect(),
            sensors: found.iter().map(|sensor| identifier(&sensor.name, &mut taken)).collect(),
        }
    }
}

/// Letters, digits and `_`, no digit first, unlike all before it.
fn identifier(name: &str, taken: &mut BTreeSet<String>) -> String {
    let mut plain: String = name
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
        .take(LONGEST_NAME)
        .collect();
    if !plain.starts_with(|c: char| c.is_ascii_alphabetic()) {
        plain.insert_str(0, "x_");
    }
    let unlike = (2..).map(|n| format!("{plain}_{n}"));
    let name = std::iter::once(plain.clone()).chain(unlike).find(|name| !taken.contains(name)).unwrap_or_default();
    taken.insert(name.clone());
    name
}

/// Six digits, no exponent where it can be helped.
pub(super) fn digits(number: f64) -> String {
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    if rounded == 0.0 {
        return "0".to_owned();
    }
    if (1e-6..1e9).contains(&rounded.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}

/// A comment never ends its line.
fn inline(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(120).collect()
}

pub(super) fn file(kind: &str, recording: &Recording, drivers: &[Driver], found: &[Found]) -> String {
    let names = Names::of(drivers, found);
    let mut text = String::new();
    let rows = recording.record.seconds.len();
    let _ = writeln!(text, "# Learnt by twinwright {VERSION} from {}: {rows} rows", inline(&recording.data));
    if let Some((from, to)) = recording.period {
        let _ = writeln!(text, "# from {from} to {to}.");
    }
    let _ = writeln!(
        text,
        "# Gains are linear, at the wear that the machine had; units are not in the table. `explains` is the share of a"
    );
    let _ = writeln!(
        text,
        "# sensor's variance in the last third of the rows that a fit of the rows before it explains.\n"
    );
    let _ = writeln!(text, "schema = \"machine/1\"\nkind   = \"{kind}\"\n");
    if !drivers.is_empty() {
        let _ = writeln!(text, "[drivers]");
        for (driver, name) in drivers.iter().zip(&names.drivers) {
            write_driver(&mut text, driver, name, &names, recording);
        }
        text.push('\n');
    }
    for (sensor, name) in found.iter().zip(&names.sensors) {
        write_sensor(&mut text, sensor, name, &names);
    }
    text
}

fn write_driver(text: &mut String, driver: &Driver, name: &str, names: &Names, recording: &Recording) {
    let column = inline(&driver.name);
    match &driver.doubt {
        Some(Doubt::MovesWith(_) | Doubt::TooFewRows(_)) => {
            let why = driver.doubt.as_ref().map(|doubt| about(doubt, names)).unwrap_or_default();
            let _ = writeln!(text, "# {name}: column `{column}`; left out: {why}");
        }
        Some(_) => {
            let (mean, low) = (digits(driver.mean), digits(driver.low));
            let _ = writeln!(text, "{name} = {mean}   # column `{column}`; always {low}: no gain on it can be told");
        }
        None => {
            let memory = driver.memory.unwrap_or_else(|| spacing(&recording.record.seconds)).clamp(1e-3, LONGEST);
            let [mean, sd, memory, low, high] = [driver.mean, driver.sd, memory, driver.low, driver.high].map(digits);
            let _ = writeln!(
                text,
                "{name} = {{ walk = {{ mean = {mean}, sd = {sd}, memory = \"{memory} s\" }} }}   # column `{column}`; recorded {low} to {high}"
            );
        }
    }
}

fn spacing(seconds: &[f64]) -> f64 {
    seconds.last().copied().unwrap_or(1.0).max(1e-3) / seconds.len().max(2) as f64
}

fn write_sensor(text: &mut String, sensor: &Found, name: &str, names: &Names) {
    let _ = writeln!(text, "[sensors.{name}]   # column `{}`, {} rows", inline(&sensor.name), sensor.rows);
    if let Some(explained) = sensor.explained.filter(|share| *share > 0.0) {
        let _ = writeln!(text, "# explains {:.1} %", 100.0 * explained);
    }
    for doubt in &sensor.doubts {
        let _ = writeln!(text, "# {}", about(doubt, names));
    }
    let mut value = digits(sensor.base);
    for (place, gain, _) in &sensor.gains {
        let sign = if *gain < 0.0 { '-' } else { '+' };
        let _ = write!(value, " {sign} {}*{}", digits(gain.abs()), names.drivers[*place]);
    }
    let _ = writeln!(text, "value      = \"{value}\"");
    if !sensor.gains.is_empty() {
        let each = |(place, _, error): &(usize, f64, f64)| format!("{} +- {}", names.drivers[*place], short(*error));
        let errors: Vec<String> = sensor.gains.iter().map(each).collect();
        let _ = writeln!(text, "# standard errors of the gains: {}", errors.join(", "));
    }
    if let Some(lag) = sensor.lag {
        let _ = writeln!(text, "lag        = \"{} s\"", digits(lag.clamp(1e-6, LONGEST)));
    }
    if sensor.sd > 0.0 {
        let memory = sensor.memory.map(|memory| format!(", memory = \"{} s\"", digits(memory.clamp(1e-6, LONGEST))));
        let _ = writeln!(text, "noise      = {{ sd = {}{} }}", digits(sensor.sd), memory.unwrap_or_default());
    }
    if sensor.high > sensor.low {
        let wider = WIDER * (sensor.high - sensor.low);
        let [low, high] = [sensor.low - wider, sensor.high + wider].map(digits);
        let (from, to) = (digits(sensor.low), digits(sensor.high));
        let _ = writeln!(text, "range      = [{low}, {high}]   # recorded {from} to {to}, a tenth wider");
    }
    if let Some(step) = sensor.step {
        let _ = writeln!(text, "resolution = {}", digits(step));
    }
    text.push('\n');
}

fn short(number: f64) -> String {
    let rounded: f64 = format!("{number:.1e}").parse().unwrap_or(number);
    digits(rounded)
}

/// What is in doubt, in words.
pub(super) fn about(doubt: &Doubt, names: &Names) -> String {
    let list = |places: &[usize]| places.iter().map(|p| names.drivers[*p].as_str()).collect::<Vec<_>>().join(", ");
    match doubt {
        Doubt::Stands => "it never changes: no gain on it can be told".to_owned(),
        Doubt::MovesWith(places) => format!("it moves with {}: their gains cannot be told apart", list(places)),
        Doubt::TooFewRows(rows) => format!("{rows} rows with a number: too few to learn from"),
        Doubt::NeverMoves => "it never changes".to_owned(),
        Doubt::NoGain(place) => format!("no gain on {} that stands out of the noise", names.drivers[*place]),
        Doubt::LagTooLong => "a lag too long for this record; none is given".to_owned(),
        Doubt::NoiseBelowStep => "its noise is smaller than its step: the size cannot be told".to_owned(),
        Doubt::NoBetterThanMean(share) => format!(
            "on rows held out the drivers explain no more than their mean ({:.1} %): no gain is given",
            100.0 * share.max(-99.99)
        ),
        Doubt::Wanders(seconds) => format!(
            "what is left wanders over {} s: wear, or a driver that was not recorded; noise has it in",
            digits(seconds.round())
        ),
    }
}
