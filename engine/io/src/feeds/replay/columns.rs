//! What the columns of a recorded table mean.
//!
//! Long: `time, machine, sensor, value, quality`. Wide: a column a sensor, with `quality.<sensor>` beside it if there is one. Of a
//! table with several futures only the first is played: a plant has one.

use crate::feeds::reading::{Batch, Draft, Message, Reader};
use crate::feeds::said::{Stamp, Value};
use crate::feeds::times;
use crate::readback::{Cell, Row};
use twinwright_model::feeds::ReplayFeed;

/// Where in a row everything stands.
#[derive(Debug)]
pub(super) struct Columns {
    count: usize,
    time: usize,
    future: Option<usize>,
    machine: Machine,
    form: Form,
}

#[derive(Debug)]
enum Machine {
    Column(usize),
    Only(String),
}

#[derive(Debug)]
enum Form {
    Long {
        sensor: usize,
        value: usize,
        quality: Option<usize>,
    },
    /// A sensor, its column, and that of its quality.
    Wide(Vec<(String, usize, Option<usize>)>),
}

impl Columns {
    pub(super) fn of(names: &[String], wire: &ReplayFeed) -> Result<Columns, String> {
        let place = |name: &str| names.iter().position(|known| known == name);
        let wanted = |name: &Option<String>, usual: &'static str| match name {
            Some(name) => place(name).map(Some).ok_or_else(|| missing(name, names)),
            None => Ok(place(usual)),
        };
        let time = if wire.time.is_empty() { "time" } else { &wire.time };
        let time = place(time).ok_or_else(|| missing(time, names))?;
        let machine = match (&wire.only, wanted(&wire.machine, "machine")?) {
            (Some(only), None) => Machine::Only(only.clone()),
            (_, Some(column)) => Machine::Column(column),
            (None, None) => {
                return Err(format!("{}, or `only` with the machine that all rows are of", missing("machine", names)));
            }
        };
        let sensor = wanted(&wire.sensor, "sensor")?;
        let value = wanted(&wire.value, "value")?;
        let quality = wanted(&wire.quality, "quality")?;
        let future = place("future");
        let form = match (sensor, value) {
            (Some(sensor), Some(value)) => Form::Long { sensor, value, quality },
            (Some(_), None) => return Err(missing(wire.value.as_deref().unwrap_or("value"), names)),
            _ => {
                let column = match machine {
                    Machine::Column(column) => Some(column),
                    Machine::Only(_) => None,
                };
                Form::Wide(sensors(names, &[Some(time), column, future, place("fault"), quality]))
            }
        };
        Ok(Columns { count: names.len(), time, future, machine, form })
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Reads a row.
    pub(super) fn take(&self, row: &Row, message: &Message<'_>, reader: &mut Reader, batch: &mut Batch) {
        if let Some(future) = self.future
            && !matches!(row.cell(future), Cell::Whole(0) | Cell::Text("0") | Cell::Nothing)
        {
            return;
        }
        let machine = match &self.machine {
            Machine::Only(name) => Some(name.as_str()),
            Machine::Column(column) => match row.cell(*column) {
                Cell::Text(text) => Some(text),
                _ => None,
            },
        };
        let time = stamp(row.cell(self.time));
        let draft = |sensor, value, quality| {
            let (value, quality) = (value_of(value), value_of(quality));
            Draft { machine, sensor, target: None, value, time, quality, unit: None }
        };
        match &self.form {
            Form::Long { sensor, value, quality } => {
                let sensor = match row.cell(*sensor) {
                    Cell::Text(text) => Some(text),
                    _ => None,
                };
                let quality = quality.map_or(Cell::Nothing, |quality| row.cell(quality));
                reader.take(&draft(sensor, row.cell(*value), quality), b"", message, batch);
            }
            Form::Wide(sensors) => {
                for (sensor, value, quality) in sensors {
                    let (value, quality) =
                        (row.cell(*value), quality.map_or(Cell::Nothing, |quality| row.cell(quality)));
                    // Not sampled at this instant; a value that is missing has its quality.
                    if value != Cell::Nothing || quality != Cell::Nothing {
                        reader.take(&draft(Some(sensor), value, quality), b"", message, batch);
                    }
                }
            }
        }
    }
}

fn missing(name: &str, names: &[String]) -> String {
    let shown = names.iter().take(20).map(String::as_str);
    let near = twinwright_model::names::nearest(name, names.iter().map(String::as_str));
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    format!("there is no column `{name}`; there are {}{near}", twinwright_model::names::list(shown))
}

fn sensors(names: &[String], others: &[Option<usize>]) -> Vec<(String, usize, Option<usize>)> {
    let place = |name: String| names.iter().position(|known| *known == name);
    let is_sensor = |(at, name): &(usize, &String)| !others.contains(&Some(*at)) && !name.starts_with("quality.");
    let columns = names.iter().enumerate().filter(is_sensor);
    columns.map(|(at, name)| (name.clone(), at, place(format!("quality.{name}")))).collect()
}

fn stamp(cell: Cell<'_>) -> Stamp<'_> {
    let exact = |time: Option<twinwright_model::Time>| time.map_or(Stamp::Wrong, Stamp::Exact);
    match cell {
        Cell::Nothing => Stamp::Absent,
        Cell::Text(text) => Stamp::Text(text),
        Cell::Whole(number) => exact(times::of_whole(number)),
        Cell::Single(number) => exact(times::of_seconds_or_finer(f64::from(number))),
        Cell::Double(number) => exact(times::of_seconds_or_finer(number)),
        Cell::Instant(nanos) => Stamp::Exact(twinwright_model::Time(nanos)),
        Cell::Other => Stamp::Wrong,
    }
}

fn value_of(cell: Cell<'_>) -> Value<'_> {
    match cell {
        Cell::Nothing => Value::Nothing,
        Cell::Text(text) => Value::Text(text),
        Cell::Whole(number) => Value::Double(number as f64),
        Cell::Single(number) => Value::Double(f64::from(number)),
        Cell::Double(number) => Value::Double(number),
        Cell::Instant(_) | Cell::Other => Value::Other,
    }
}
