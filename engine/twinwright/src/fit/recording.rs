//! From a table to a record: rows of one machine in the order of time, columns as drivers and sensors.

use super::arguments::FitArgs;
use crate::Trouble;
use crate::columns::{Columns, Sort};
use twinwright_core::identify::{Record, Series};
use twinwright_model::Time;

const TIME_NAMES: [&str; 5] = ["time", "timestamp", "datetime", "date", "ts"];
/// Columns that are about rows, not of the machine.
const ABOUT: [&str; 10] =
    ["machine", "future", "fault", "mode", "remaining_h", "anomaly", "changepoint", "label", "rul", "quality"];
const ABOUT_STEMS: [&str; 2] = ["quality.", "wear."];
/// A number beyond this is no reading.
const LARGEST: f64 = 1e100;
const MOST_SENSORS: usize = 512;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Recording {
    pub data: String,
    pub record: Record,
    /// The first and the last instant, where the table has times.
    pub period: Option<(Time, Time)>,
    /// Left out, and why.
    pub ignored: Vec<(String, &'static str)>,
    /// Rows without a time, or with one that was there already.
    pub dropped: usize,
    pub broken: usize,
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase()
}

pub(super) fn read(args: &FitArgs) -> Result<Recording, Trouble> {
    let path = args.data.as_path();
    let named = args.time.as_deref();
    let is_time = |name: &str| match named {
        Some(time) => time == name,
        None => TIME_NAMES.contains(&plain(name).as_str()) && !args.drivers.iter().any(|driver| driver == name),
    };
    let table = Columns::read(path, |name| match name {
        name if is_time(name) => Sort::Times,
        name if plain(name) == "machine" => Sort::Names,
        _ => Sort::Numbers,
    })?;
    if let Some(time) = named {
        table.place(time, path)?;
    }
    let time = table.columns.iter().position(|column| is_time(&column.name));
    let (rows, dropped) = rows_in_order(&table, time, machine(&table, args)?.as_deref());
    let mut recording = Recording {
        data: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        dropped,
        broken: table.broken,
        ..Recording::default()
    };
    let instant = |row: usize| time.and_then(|time| table.columns[time].times[row]);
    let first = rows.first().and_then(|row| instant(*row));
    recording.record.seconds = match first {
        Some(first) => rows.iter().map(|row| (instant(*row).unwrap_or(first) - first) as f64 * 1e-9).collect(),
        None => (0..rows.len()).map(|row| row as f64).collect(),
    };
    recording.period = first.zip(rows.last().and_then(|row| instant(*row))).map(|(from, to)| (Time(from), Time(to)));
    sort_columns(&mut recording, &table, &rows, time, args)?;
    Ok(recording)
}

/// The machine that is meant, where there are several.
fn machine(table: &Columns, args: &FitArgs) -> Result<Option<String>, Trouble> {
    let place = args.data.display();
    let Some(column) = table.columns.iter().find(|column| plain(&column.name) == "machine") else {
        return match &args.machine {
            Some(id) => Err(Trouble::Input(format!("{place}: there is no column `machine` to find `{id}` in"))),
            None => Ok(None),
        };
    };
    let mut ids: Vec<&String> = column.names.iter().collect();
    ids.sort();
    ids.dedup();
    let some = ids.iter().take(5).map(|id| id.as_str()).collect::<Vec<_>>().join(", ");
    match &args.machine {
        Some(id) if ids.contains(&id) => Ok(Some(id.clone())),
        Some(id) => Err(Trouble::Input(format!("{place}: there is no machine `{id}`; there are {some}"))),
        None if ids.len() > 1 => {
            Err(Trouble::Input(format!("{place}: there are {} machines ({some}); name one with --machine", ids.len())))
        }
        None => Ok(None),
    }
}

/// Rows of the machine by time, each instant once, and how many were dropped.
fn rows_in_order(table: &Columns, time: Option<usize>, machine: Option<&str>) -> (Vec<usize>, usize) {
    let ids = table.columns.iter().find(|column| plain(&column.name) == "machine");
    let mine = |row: &usize| machine.is_none_or(|id| ids.is_none_or(|column| column.names[*row] == id));
    let mut rows: Vec<usize> = (0..table.rows).filter(mine).collect();
    let all = rows.len();
    if let Some(time) = time {
        let times = &table.columns[time].times;
        rows.retain(|row| times[*row].is_some());
        rows.sort_by_key(|row| times[*row]);
        rows.dedup_by_key(|row| times[*row]);
    }
    let dropped = all - rows.len();
    (rows, dropped)
}

fn sort_columns(
    recording: &mut Recording,
    table: &Columns,
    rows: &[usize],
    time: Option<usize>,
    args: &FitArgs,
) -> Result<(), Trouble> {
    let path = args.data.as_path();
    for name in args.drivers.iter().chain(&args.sensors) {
        let column = &table.columns[table.place(name, path)?];
        if !column.is_numeric() || column.numbers.is_empty() {
            return Err(Trouble::Input(format!("{}: column `{name}` does not hold numbers", path.display())));
        }
    }
    for (_, column) in table.columns.iter().enumerate().filter(|(at, _)| Some(*at) != time) {
        let name = plain(&column.name);
        let about = ABOUT.contains(&name.as_str()) || ABOUT_STEMS.iter().any(|stem| name.starts_with(stem));
        let asked = args.sensors.contains(&column.name);
        let series = || {
            let known = |row: &usize| Some(column.numbers[*row]).filter(|x| x.abs() < LARGEST).unwrap_or(f64::NAN);
            Series { name: column.name.clone(), values: rows.iter().map(known).collect() }
        };
        match () {
            () if args.drivers.contains(&column.name) => recording.record.drivers.push(series()),
            () if asked => recording.record.sensors.push(series()),
            () if !args.sensors.is_empty() => {}
            () if about => recording.ignored.push((column.name.clone(), "about rows, not of the machine")),
            () if !column.is_numeric() || column.numbers.is_empty() => {
                recording.ignored.push((column.name.clone(), "no numbers"));
            }
            () => recording.record.sensors.push(series()),
        }
    }
    let sensors = recording.record.sensors.len();
    if sensors == 0 || sensors > MOST_SENSORS {
        let found = if sensors == 0 { "no column".to_owned() } else { format!("{sensors} columns") };
        return Err(Trouble::Input(format!(
            "{}: {found} to take as sensors; expected 1 to {MOST_SENSORS}: name them with --sensor",
            path.display()
        )));
    }
    Ok(())
}
