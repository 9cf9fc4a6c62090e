//! A table of one machine's readings, row by row to the examination: which column is what, how far rows lie apart, and what a row
//! says. Columns that mean nothing here are named, not guessed at.

use super::arguments::DiagnoseArgs;
use crate::Trouble;
use crate::library::Kinds;
use crate::verify::clock::Clock;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use twinwright_core::diagnosis::{Diagnosis, Examination, Told};
use twinwright_core::plan::{Changes, Model, compile_changed};
use twinwright_core::{Document, Library, Plan};
use twinwright_io::readback::{Cell, Next, Row, RowSource};
use twinwright_model::{Mode, Span, Time, names};

/// Rows from which the time between two is found.
const LOOKED_AT: usize = 500;
/// The names that a column of times may have.
const TIMES: [&str; 4] = ["time", "timestamp", "datetime", "date"];

/// What came of a table.
pub struct Read {
    pub diagnosis: Diagnosis,
    file: String,
    rows: u64,
    skipped: u64,
    ignored: Vec<String>,
    told: Vec<String>,
}

/// What each column is.
#[derive(Debug, Default)]
struct Columns {
    time: usize,
    machine: Option<usize>,
    mode: Option<usize>,
    /// Column and number.
    sensors: Vec<(usize, usize)>,
    qualities: Vec<(usize, usize)>,
    drivers: Vec<usize>,
    told: Vec<String>,
    ignored: Vec<String>,
}

/// Reads a table and says what is wrong with the machine.
pub fn read(args: &DiagnoseArgs) -> Result<Read, Trouble> {
    let path = Path::new(&args.of);
    let (first, every) = pace(args, path)?;
    let start = match &args.start {
        None => first,
        Some(text) => Time::parse(text).map_err(|why| Trouble::Input(format!("--start {text}: {why}")))?,
    };
    let plan = plan(args, start, every)?;
    let mut source = RowSource::open(path)?;
    let mut row = Row::new();
    let mut next = source.next(&mut row)?;
    let columns = columns(path, source.columns(), plan.model_of(0))?;
    let told: Vec<&str> = columns.told.iter().map(String::as_str).collect();
    let mut examination = Examination::of(&plan, 0, &told).map_err(|driver| {
        Trouble::Input(format!("{}: the driver `{driver}` follows from others; leave its column out", path.display()))
    })?;
    let (mut clock, mut broken) = (Clock::new(None), 0);
    let mut said = Told { sensors: vec![None; plan.model_of(0).sensors.len()], ..Told::default() };
    while next != Next::End {
        match clock.read(row.cell(columns.time)) {
            Ok((time, _)) if matches!(next, Next::Row(_)) => {
                if is_meant(args, &columns, &row) {
                    columns.read(&row, &mut said);
                    examination.row(time, &said);
                }
            }
            _ => broken += 1,
        }
        next = source.next(&mut row)?;
    }
    let diagnosis = examination.diagnosis().ok_or_else(|| {
        Trouble::Input(format!("{}: no row has a good reading of a sensor that the machine file knows", path.display()))
    })?;
    let skipped = broken + examination.unordered;
    let (ignored, told) = (columns.ignored, columns.told);
    Ok(Read { diagnosis, file: path.display().to_string(), rows: examination.rows, skipped, ignored, told })
}

/// The first time of the machine, and the usual time from row to row. Several machines in one table must be told apart.
fn pace(args: &DiagnoseArgs, path: &Path) -> Result<(Time, Span), Trouble> {
    let mut source = RowSource::open(path)?;
    let (mut row, mut clock) = (Row::new(), Clock::new(None));
    let (mut times, mut machines) = (BTreeSet::new(), BTreeSet::new());
    let mut looked = 0;
    loop {
        let next = source.next(&mut row)?;
        if next == Next::End || times.len() >= LOOKED_AT || looked > 100 * LOOKED_AT {
            break;
        }
        looked += 1;
        let time = time_column(path, source.columns())?;
        let machine = source.columns().iter().position(|name| name == "machine");
        if let Some(Cell::Text(name)) = machine.map(|column| row.cell(column)) {
            machines.insert(name.to_owned());
            if args.machine.as_ref().is_some_and(|meant| meant != name) {
                continue;
            }
        }
        if let (Next::Row(_), Ok((time, _))) = (next, clock.read(row.cell(time))) {
            times.insert(time);
        }
    }
    let known = names::list(machines.iter().take(10).map(String::as_str));
    if args.machine.is_none() && machines.len() > 1 {
        return Err(Trouble::Input(format!("{}: which machine? --machine ID, of {known}", path.display())));
    }
    let mut gaps: Vec<i64> = times.iter().zip(times.iter().skip(1)).map(|(a, b)| b.0.saturating_sub(a.0)).collect();
    gaps.sort_unstable();
    match (times.first(), gaps.get(gaps.len() / 2)) {
        (Some(first), Some(gap)) => Ok((*first, Span(*gap))),
        _ => {
            let of = args.machine.as_ref().map_or(String::new(), |machine| format!(" of {machine}; it has {known}"));
            Err(Trouble::Input(format!("{}: expected at least two rows with different times{of}", path.display())))
        }
    }
}

fn time_column(path: &Path, columns: &[String]) -> Result<usize, Trouble> {
    let found = columns.iter().position(|name| TIMES.contains(&name.to_lowercase().as_str()));
    found.ok_or_else(|| {
        let has = names::list(columns.iter().take(20).map(String::as_str));
        Trouble::Input(format!("{}: there is no column `time`; it has {has}", path.display()))
    })
}

/// A plan of one such machine.
fn plan(args: &DiagnoseArgs, start: Time, every: Span) -> Result<Plan, Trouble> {
    let path = Path::new(&args.subject);
    let (kind, kinds) = if path.is_file() {
        let stem = path.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned());
        (stem, Kinds::beside(path, args.machines.as_deref()))
    } else {
        (args.subject.clone(), Kinds { folders: args.machines.iter().cloned().collect() })
    };
    if kinds.find(&kind).is_none() {
        let known = kinds.known();
        let near = names::nearest(&kind, known.iter().map(String::as_str));
        let near = near.map_or(String::new(), |near| format!("\n   did you mean: {near}"));
        let known = names::list(known.iter().map(String::as_str));
        return Err(Trouble::Input(format!(
            "{}: there is no such file and no such kind\n   expected: a machine file, a store's URL, or {known}{near}",
            args.subject
        )));
    }
    let text = format!(
        "schema = \"scenario/1\"\ntitle = \"t\"\nstart = \"{start}\"\nduration = \"{} ns\"\ntick = \"{} ns\"\n\
         [[machine]]\nid = \"M\"\nkind = \"{kind}\"\n",
        every.0.saturating_mul(1000),
        every.0
    );
    let document = Document { name: format!("a plant of {kind}"), text };
    compile_changed(&document, &kinds, Changes::default()).map_err(Trouble::Files)
}

fn columns(path: &Path, names: &[String], model: &Model) -> Result<Columns, Trouble> {
    let mut columns = Columns { time: time_column(path, names)?, ..Columns::default() };
    let sensor = |name: &str| model.sensors.iter().position(|sensor| sensor.name == name);
    for (at, name) in names.iter().enumerate().filter(|(at, _)| *at != columns.time) {
        let quality = name.strip_prefix("quality.").and_then(sensor);
        let is_driver = model.drivers.iter().any(|driver| driver.name == *name);
        match (name.as_str(), sensor(name)) {
            (_, Some(sensor)) => columns.sensors.push((at, sensor)),
            ("machine", _) => columns.machine = Some(at),
            ("mode", _) => columns.mode = Some(at),
            _ if is_driver => {
                columns.drivers.push(at);
                columns.told.push(name.clone());
            }
            _ => match quality {
                Some(sensor) => columns.qualities.push((at, sensor)),
                None => columns.ignored.push(name.clone()),
            },
        }
    }
    if columns.sensors.is_empty() {
        let known = names::list(model.sensors.iter().map(|sensor| sensor.name.as_str()));
        return Err(Trouble::Input(format!(
            "{}: no column is a sensor of `{}`; expected some of {known}",
            path.display(),
            model.kind
        )));
    }
    Ok(columns)
}

fn is_meant(args: &DiagnoseArgs, columns: &Columns, row: &Row) -> bool {
    match (&args.machine, columns.machine.map(|column| row.cell(column))) {
        (Some(meant), Some(Cell::Text(name))) => meant == name,
        _ => true,
    }
}

impl Columns {
    fn read(&self, row: &Row, said: &mut Told) {
        said.sensors.fill(None);
        for &(column, sensor) in &self.sensors {
            said.sensors[sensor] = number(row.cell(column));
        }
        for &(column, sensor) in &self.qualities {
            if matches!(row.cell(column), Cell::Text(word) if word != "good") {
                said.sensors[sensor] = None;
            }
        }
        said.drivers.clear();
        said.drivers.extend(self.drivers.iter().map(|column| number(row.cell(*column))));
        said.mode = match self.mode.map(|column| row.cell(column)) {
            Some(Cell::Text(name)) => Mode::ALL.into_iter().find(|mode| mode.name() == name),
            _ => None,
        };
    }
}

/// What is no finite number says nothing.
fn number(cell: Cell<'_>) -> Option<f64> {
    let value = match cell {
        Cell::Text(text) => text.trim().parse().ok()?,
        Cell::Whole(number) => number as f64,
        Cell::Single(number) => f64::from(number),
        Cell::Double(number) => number,
        Cell::Nothing | Cell::Instant(_) | Cell::Other => return None,
    };
    value.is_finite().then_some(value)
}

impl Read {
    /// What was read, in one line.
    pub fn heading(&self) -> String {
        let mut heading = format!("{}: {} rows", self.file, self.rows);
        if self.skipped > 0 {
            heading += &format!(", {} left out (no time, or not after the row before)", self.skipped);
        }
        if !self.told.is_empty() {
            heading += &format!("; drivers told: {}", self.told.join(", "));
        }
        if !self.ignored.is_empty() {
            heading += &format!("; columns not used: {}", self.ignored.join(", "));
        }
        heading
    }

    pub fn json(&self) -> Value {
        json!({
            "file": self.file, "rows": self.rows, "left_out": self.skipped, "drivers": self.told,
            "not_used": self.ignored,
        })
    }
}
