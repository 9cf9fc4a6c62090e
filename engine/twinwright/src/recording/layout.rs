//! What the columns of a table are, by their names and by what the head of the table holds: the time, the machine, and
//! either a column a sensor or a row a reading. Decided once.

use super::head::Head;
use super::number::{Number, has_decimal_comma};
use super::{Account, Asked};
use crate::verify::clock::Clock;
use std::collections::{BTreeSet, HashMap, HashSet};
use twinwright_io::readback::{Cell, Row};
use twinwright_model::names;

const TIMES: [&str; 10] =
    ["time", "timestamp", "datetime", "date_time", "date time", "date", "ts", "_time", "event_time", "source_time"];
const MACHINES: [&str; 8] =
    ["machine", "machine_id", "equipment", "equipment_id", "device", "device_id", "asset", "asset_id"];
const SENSORS: [&str; 8] = ["sensor", "sensor_id", "signal", "metric", "tag", "channel", "variable", "parameter"];
const VALUES: [&str; 4] = ["value", "reading", "measurement", "_value"];
/// What our own tables hold beside sensors: never judged unless it is asked for by name.
const NO_SENSORS: [&str; 3] = ["fault", "future", "mode"];
/// More than this nobody watches at once.
const MOST_COLUMNS: usize = 20_000;
/// Rows of the head that decide whether a column is the time.
const TIME_ROWS: usize = 50;

/// Where readings stand in a row.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) time: Option<usize>,
    pub(super) machine: Option<usize>,
    /// Of a long table: the columns of the sensor and of the value.
    pub(super) long: Option<(usize, usize)>,
    /// Of a wide one: the columns of sensors.
    pub(super) cells: Vec<usize>,
    /// What each column of the table is called.
    pub(super) titles: Vec<String>,
    /// What is read, by its name.
    pub(super) names: Vec<String>,
    by_name: HashMap<String, usize>,
    /// The one machine that is read; None where all are, each with its sensors.
    only: Option<String>,
    prefixed: bool,
    /// Whether a person chose that machine.
    is_chosen: bool,
}

impl Layout {
    pub(super) fn of(
        columns: &[String],
        head: &Head,
        asked: &Asked,
        wanted: Option<&[String]>,
        account: &mut Account,
    ) -> Result<Layout, String> {
        if head.rows().next().is_none() {
            let broken = &account.broken;
            let why = if broken.count > 0 { format!("; {}", broken.first) } else { String::new() };
            return Err(format!("it has no row that can be read{why}"));
        }
        let titles = titled(columns);
        let time = time_of(&titles, head, asked)?;
        let free = |column: &usize| Some(*column) != time;
        let machine = named(&titles, &MACHINES).filter(free);
        let sensor = named(&titles, &SENSORS).filter(free).filter(|column| has_text(head, *column));
        let long = sensor.zip(named(&titles, &VALUES).filter(free));
        let mut layout = Layout {
            time,
            machine,
            long,
            cells: Vec::new(),
            titles,
            names: Vec::new(),
            by_name: HashMap::new(),
            only: None,
            prefixed: false,
            is_chosen: asked.machine.is_some(),
        };
        let sensors = match long {
            Some((sensor, _)) => layout.sensors_in_rows(head, sensor, asked, wanted.is_some(), account)?,
            None => layout.sensors_in_columns(head, asked, wanted.is_some(), account)?,
        };
        layout.name_all(head, sensors, asked, wanted, account)?;
        Ok(layout)
    }

    /// Where a reading goes; None where it is not asked for.
    pub(super) fn slot(&self, machine: &str, sensor: &str) -> Option<usize> {
        if self.prefixed {
            return self.by_name.get(&format!("{machine}.{sensor}")).copied();
        }
        match &self.only {
            Some(only) if self.machine.is_some() && only != machine => None,
            _ => self.by_name.get(sensor).copied(),
        }
    }

    /// Whether rows of this machine are left out because somebody asked for another one.
    pub(super) fn is_unasked(&self, machine: &str) -> bool {
        self.is_chosen && self.only.as_deref() != Some(machine)
    }

    fn sensors_in_rows(
        &self,
        head: &Head,
        sensor: usize,
        asked: &Asked,
        may_miss: bool,
        account: &mut Account,
    ) -> Result<Vec<String>, String> {
        let mut seen = HashSet::new();
        let every: Vec<String> =
            head.rows().filter_map(|row| word(row.cell(sensor))).filter(|name| seen.insert(name.clone())).collect();
        choose(every, asked, may_miss, account)
    }

    fn sensors_in_columns(
        &mut self,
        head: &Head,
        asked: &Asked,
        may_miss: bool,
        account: &mut Account,
    ) -> Result<Vec<String>, String> {
        let is_other = |name: &String| NO_SENSORS.contains(&name.as_str()) && !asked.columns.contains(name);
        let is_sensor =
            |column: &usize| ![self.time, self.machine].contains(&Some(*column)) && !is_other(&self.titles[*column]);
        let every = (0..self.titles.len()).filter(is_sensor).map(|column| self.titles[column].clone()).collect();
        let chosen = choose(every, asked, may_miss, account)?;
        let places: HashMap<&str, usize> = self.titles.iter().map(String::as_str).zip(0..).collect();
        let mut kept = Vec::new();
        for name in chosen {
            let column = places[name.as_str()];
            match never_a_number(head, column) {
                Some(why) => account.left_out.push((name, why.to_owned())),
                None => {
                    self.cells.push(column);
                    kept.push(name);
                }
            }
        }
        Ok(kept)
    }

    fn name_all(
        &mut self,
        head: &Head,
        sensors: Vec<String>,
        asked: &Asked,
        wanted: Option<&[String]>,
        account: &mut Account,
    ) -> Result<(), String> {
        let cells = |column: usize| head.rows().filter_map(move |row| word(row.cell(column)));
        let machines: BTreeSet<String> = self.machine.map(|column| cells(column).collect()).unwrap_or_default();
        if let Some(machine) = &asked.machine {
            if !machines.contains(machine) {
                let known = machines.iter().map(String::as_str);
                return Err(unknown("machine", machine, known.collect()));
            }
            self.only = Some(machine.clone());
        } else if machines.len() < 2 {
            self.only = machines.first().cloned();
        }
        let joined = |machine: &String| sensors.iter().map(|name| format!("{machine}.{name}")).collect::<Vec<_>>();
        let of_all =
            || machines.iter().filter(|name| self.only.as_ref().is_none_or(|only| only == *name)).flat_map(joined);
        let names = match wanted {
            None if self.only.is_none() && !machines.is_empty() => {
                self.prefixed = true;
                if machines.len().saturating_mul(sensors.len()) > MOST_COLUMNS {
                    let why = "are too many sensors to watch at once; choose one machine with --machine";
                    return Err(format!("{} machines with {} sensors each {why}", machines.len(), sensors.len()));
                }
                of_all().collect()
            }
            None => sensors,
            Some(wanted) => {
                let set: HashSet<&str> = wanted.iter().map(String::as_str).collect();
                self.prefixed = of_all().any(|name| set.contains(name.as_str()));
                let here: Vec<String> = if self.prefixed { of_all().collect() } else { sensors };
                if !self.prefixed && self.only.is_none() && machines.len() > 1 {
                    let names = super::account::listed(machines.iter().map(String::as_str));
                    return Err(format!("it has readings of {names}; expected those of one: choose it with --machine"));
                }
                compare(&here, wanted, account)?;
                wanted.to_vec()
            }
        };
        if names.is_empty() {
            let notes = account.notes().join("; ");
            let notes = if notes.is_empty() { String::new() } else { format!("; {notes}") };
            return Err(format!("it has no column of numbers to judge{notes}"));
        }
        if names.len() > MOST_COLUMNS {
            return Err(format!("{} columns are too many; expected {MOST_COLUMNS} at most", names.len()));
        }
        self.by_name = names.iter().cloned().zip(0..).collect();
        self.names = names;
        Ok(())
    }
}

/// Says what is here and not wanted, and wanted and not here.
fn compare(here: &[String], wanted: &[String], account: &mut Account) -> Result<(), String> {
    let (found, known): (HashSet<&String>, HashSet<&String>) = (here.iter().collect(), wanted.iter().collect());
    account.missing = wanted.iter().filter(|name| !found.contains(name)).cloned().collect();
    let extra = here.iter().filter(|name| !known.contains(name));
    account.left_out.extend(extra.map(|name| (name.clone(), "not among what was learnt".to_owned())));
    if account.missing.len() == wanted.len() {
        let listed = |names: &[String]| super::account::listed(names.iter().map(String::as_str));
        return Err(format!("it has none of the learnt columns; found {}; expected {}", listed(here), listed(wanted)));
    }
    Ok(())
}

/// Names that tell columns apart: one without a name is called by its place, the second of a name gets a number.
fn titled(columns: &[String]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut titles = Vec::with_capacity(columns.len());
    for (at, name) in columns.iter().enumerate() {
        let name = if name.is_empty() { format!("c{}", at + 1) } else { name.clone() };
        let count = seen.entry(name.clone()).or_insert(0);
        *count += 1;
        titles.push(if *count > 1 { format!("{name}#{count}") } else { name });
    }
    titles
}

/// What is asked for of what there is.
fn choose(every: Vec<String>, asked: &Asked, may_miss: bool, account: &mut Account) -> Result<Vec<String>, String> {
    let known: HashSet<&str> = every.iter().map(String::as_str).collect();
    let ignored = asked.ignore.iter().filter(|name| !NO_SENSORS.contains(&name.as_str()));
    let mut named = asked.columns.iter().chain(ignored);
    if let Some(stranger) = named.find(|name| !may_miss && !known.contains(name.as_str())) {
        return Err(unknown("column", stranger, every.iter().map(String::as_str).collect()));
    }
    let ignored = |name: &String| asked.ignore.contains(name);
    account
        .left_out
        .extend(every.iter().filter(|name| ignored(name)).map(|name| (name.clone(), "as asked".to_owned())));
    let is_chosen = |name: &String| !ignored(name) && (asked.columns.is_empty() || asked.columns.contains(name));
    Ok(every.into_iter().filter(is_chosen).collect())
}

fn unknown(what: &str, typed: &str, known: Vec<&str>) -> String {
    let nearest = names::nearest(typed, known.iter().copied());
    let nearest = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    format!("there is no {what} `{typed}`; expected one of {}{nearest}", super::account::listed(known.into_iter()))
}

fn named(titles: &[String], names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| titles.iter().position(|title| title.eq_ignore_ascii_case(name)))
}

/// The column of times: the one that was asked for, one of a name that says so, or the first that holds nothing else.
fn time_of(titles: &[String], head: &Head, asked: &Asked) -> Result<Option<usize>, String> {
    let is_time = |column: usize, may_be_number: bool| {
        let mut clock = Clock::default();
        let cells = head.rows().take(TIME_ROWS).map(|row| row.cell(column)).filter(|cell| *cell != Cell::Nothing);
        let is_form = |cell: &Cell<'_>| match cell {
            Cell::Instant(_) => true,
            // `2.5e-01` has a dash, but is no date.
            Cell::Text(text) => {
                may_be_number
                    || text.contains(['-', ':']) && text.trim().len() > 7 && text.trim().parse::<f64>().is_err()
            }
            _ => may_be_number,
        };
        let mut good = |cell: Cell<'_>| is_form(&cell) && clock.read(cell).is_ok();
        // A few that cannot be read do not make it another column.
        let (mut fine, mut all) = (0, 0);
        for cell in cells {
            all += 1;
            fine += usize::from(good(cell));
        }
        fine * 2 > all
    };
    if let Some(name) = &asked.time {
        let column = titles.iter().position(|title| title == name);
        let known = || titles.iter().map(String::as_str).collect();
        let column = column.ok_or_else(|| unknown("column", name, known()))?;
        let why = "expected RFC 3339, `2026-01-01 00:00:00`, or s, ms, us or ns since 1970";
        return if is_time(column, true) { Ok(Some(column)) } else { Err(format!("`{name}` holds no times; {why}")) };
    }
    let by_name = named(titles, &TIMES).filter(|column| is_time(*column, true));
    Ok(by_name.or_else(|| (0..titles.len()).find(|column| is_time(*column, false))))
}

/// Why a column is none of numbers, by the head of the table.
fn never_a_number(head: &Head, column: usize) -> Option<&'static str> {
    let (mut odd, mut comma) = (false, false);
    for row in head.rows() {
        let cell = row.cell(column);
        match Number::of(cell) {
            Number::Value(_) => return None,
            Number::Odd => (odd, comma) = (true, comma || has_decimal_comma(cell)),
            Number::Nothing | Number::Infinite => {}
        }
    }
    match (odd, comma) {
        (true, true) => Some("numbers with a decimal comma (expected a point)"),
        (true, false) => Some("no numbers"),
        _ => None,
    }
}

fn has_text(head: &Head, column: usize) -> bool {
    head.rows().any(|row: &Row| matches!(row.cell(column), Cell::Text(_)))
}

/// A name in a cell; ids may be numbers.
pub(super) fn word(cell: Cell<'_>) -> Option<String> {
    match cell {
        Cell::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
        Cell::Whole(number) => Some(number.to_string()),
        _ => None,
    }
}
