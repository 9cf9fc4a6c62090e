//! What the columns of a table are: told by their names, or by what `--columns` says.
//!
//! A table with a column for the sensor is long; any other is wide, and what is no known column is a sensor.

use super::clock::Unit;
use twinwright_model::names;

/// The parts of a reading and the names that programs give them; `time` and `arrival` may end in `_ms` and the like.
const NAMES: [(&str, &[&str]); 6] = [
    ("time", &["time", "timestamp", "ts", "datetime", "source_time", "event_time", "_time"]),
    ("machine", &["machine", "machine_id", "equipment", "equipment_id", "device", "device_id", "asset", "asset_id"]),
    ("sensor", &["sensor", "sensor_id", "signal", "metric", "tag", "channel"]),
    ("value", &["value", "reading", "_value"]),
    ("quality", &["quality"]),
    ("arrival", &["arrival", "received_at", "arrived_at", "arrival_time", "ingested_at"]),
];
/// Columns of readings that are no sensors.
const OTHERS: [&str; 5] = ["future", "fault", "seq", "kind", "mode"];

/// The columns of a reading's parts, where a person named them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping(Vec<(usize, String)>);

impl Mapping {
    /// Reads `time=ts,machine=device`.
    pub fn parse(text: &str) -> Result<Mapping, String> {
        let mut mapping = Mapping::default();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let parts = || names::list(NAMES.iter().map(|(part, _)| *part));
            let Some((part, column)) = pair.split_once('=') else {
                return Err(format!("`{pair}` names no column; expected PART=COLUMN with {} as PART", parts()));
            };
            let Some(place) = NAMES.iter().position(|(name, _)| *name == part.trim()) else {
                return Err(format!("`{}` is no part of a reading; expected {}", part.trim(), parts()));
            };
            mapping.0.push((place, column.trim().to_owned()));
        }
        Ok(mapping)
    }

    fn column(&self, place: usize) -> Option<&str> {
        self.0.iter().rev().find(|(part, _)| *part == place).map(|(_, column)| column.as_str())
    }
}

/// Where the parts of readings stand in a row.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub(super) time: (usize, Option<Unit>),
    pub(super) machine: usize,
    pub(super) arrival: Option<(usize, Option<Unit>)>,
    pub(super) future: Option<usize>,
    pub(super) readings: Vec<Place>,
    pub(super) is_wide: bool,
}

/// A reading within a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) sensor: Whose,
    pub(super) value: usize,
    pub(super) quality: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Whose {
    /// Long: the column that names the sensor.
    Column(usize),
    /// Wide: the column's own name.
    Named(String),
}

impl Layout {
    /// Finds the parts; says what is missing.
    pub(super) fn of(columns: &[String], mapping: &Mapping) -> Result<Layout, String> {
        let part = |place: usize| find(columns, mapping, place);
        let need = |place: usize| {
            part(place)?.ok_or_else(|| {
                let (name, known) = NAMES[place];
                let found = names::list(columns.iter().map(String::as_str));
                format!(
                    "no column is the {name}; expected one called {}, or --columns {name}=COLUMN; found {found}",
                    names::list(known.iter().copied())
                )
            })
        };
        let (time, machine) = (need(0)?, need(1)?.0);
        let (sensor, value, quality, arrival) = (part(2)?, part(3)?, part(4)?, part(5)?);
        let future = columns.iter().position(|column| column == "future");
        let readings = match (sensor, value) {
            (Some((sensor, _)), _) => {
                let quality = quality.map(|(column, _)| column);
                vec![Place { sensor: Whose::Column(sensor), value: need(3)?.0, quality }]
            }
            (None, _) => {
                let taken: Vec<usize> = [Some(time), part(1)?, arrival].into_iter().flatten().map(|(c, _)| c).collect();
                wide(columns, &taken)
            }
        };
        if readings.is_empty() {
            return Err(
                "there is no column with readings; expected `sensor` and `value`, or a column a sensor".to_owned()
            );
        }
        Ok(Layout { time, machine, arrival, future, readings, is_wide: sensor.is_none() })
    }
}

fn find(columns: &[String], mapping: &Mapping, place: usize) -> Result<Option<(usize, Option<Unit>)>, String> {
    let (part, known) = NAMES[place];
    if let Some(name) = mapping.column(place) {
        let Some(column) = columns.iter().position(|column| column == name) else {
            let found = names::list(columns.iter().map(String::as_str));
            return Err(format!("there is no column `{name}`, which --columns calls the {part}; found {found}"));
        };
        return Ok(Some((column, ending(name))));
    }
    for name in known {
        for (at, column) in columns.iter().enumerate() {
            let column = column.to_lowercase();
            if column == *name {
                return Ok(Some((at, None)));
            }
            let unit = ending(&column).filter(|_| matches!(part, "time" | "arrival"));
            if unit.is_some_and(|unit| column.strip_suffix(unit.name()).and_then(|c| c.strip_suffix('_')) == Some(name))
            {
                return Ok(Some((at, unit)));
            }
        }
    }
    Ok(None)
}

/// The unit that a column's name ends in: `timestamp_ms`.
fn ending(name: &str) -> Option<Unit> {
    name.rsplit_once('_').and_then(|(_, unit)| Unit::from_name(unit))
}

/// Every column that is neither taken nor a quality, with its quality beside it.
fn wide(columns: &[String], taken: &[usize]) -> Vec<Place> {
    let quality_of = |name: &str| {
        let names = [format!("quality.{name}"), format!("{name}_quality"), format!("quality_{name}")];
        columns.iter().position(|column| names.contains(column))
    };
    let qualities: Vec<usize> = columns.iter().filter_map(|name| quality_of(name)).collect();
    let sensor = |&(at, name): &(usize, &String)| {
        !taken.contains(&at)
            && !qualities.contains(&at)
            && !OTHERS.contains(&name.as_str())
            && !name.starts_with("quality.")
            && !name.is_empty()
    };
    let place = |(value, name): (usize, &String)| Place {
        sensor: Whose::Named(name.clone()),
        value,
        quality: quality_of(name),
    };
    columns.iter().enumerate().filter(sensor).map(place).collect()
}
