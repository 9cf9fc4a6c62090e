//! Takes the received readings one after another and says what became of each.
//!
//! The first copy of a reading is the one that is judged; every further one is doubled, and altered too if it says
//! something else. A first copy is reordered if one of the same sensor with a later time came before it.

use super::Settings;
use super::expected::{Expected, Making, Series, quality_of};
use super::findings::{Finding, Findings, Sort};
use super::readings::{Found, Reading, ReadingSource, Value};
use super::report::Report;
use crate::Trouble;
use std::collections::BTreeSet;
use std::path::Path;
use twinwright_model::{Quality, Time};

pub(super) struct Judge<'a> {
    settings: &'a Settings,
    expected: &'a mut Expected,
    findings: Findings,
    received: u64,
    altered_values: u64,
    altered_qualities: u64,
    /// Whether any row said when it arrived.
    has_arrivals: bool,
    notes: BTreeSet<String>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(settings: &'a Settings, expected: &'a mut Expected, findings: Findings) -> Judge<'a> {
        Judge {
            settings,
            expected,
            findings,
            received: 0,
            altered_values: 0,
            altered_qualities: 0,
            has_arrivals: false,
            notes: BTreeSet::new(),
        }
    }

    /// One received file.
    pub(super) fn hear(&mut self, file: &Path) -> Result<(), Trouble> {
        let mut source = ReadingSource::open(file, &self.settings.columns, self.settings.time_unit)?;
        source.for_each(|row, found| match found {
            Found::Reading(reading) => self.take(&reading, (file, row)),
            Found::Unreadable(why) => self.findings.add(Sort::Unreadable, || Finding {
                sort: Sort::Unreadable,
                machine: String::new(),
                sensor: String::new(),
                time: None,
                expected: String::new(),
                received: why.to_owned(),
                place: Some((file.to_owned(), row)),
            }),
        })?;
        if let Some(unit) = source.guessed() {
            self.notes.insert(format!("times that are numbers were read as {} since 1970", unit.name()));
        }
        Ok(())
    }

    fn take(&mut self, reading: &Reading<'_>, place: (&Path, u64)) -> Result<(), Trouble> {
        let sensor = self.expected.sensors.find(reading.sensor);
        if reading.is_wide && sensor.is_none() {
            let note = || format!("column `{}` is no sensor of this run and was left out", reading.sensor);
            if self.notes.len() < 20 {
                self.notes.insert(note());
            }
            return Ok(());
        }
        // An empty cell is no reading, whatever was made at its time.
        if reading.is_wide && reading.value == Value::Nothing && reading.quality.is_none() {
            return Ok(());
        }
        let has_value = matches!(reading.value, Value::Odd(_)) || number_of(reading.value).is_some();
        let machine = self.expected.machines.find(reading.machine);
        let number = machine.zip(sensor).and_then(|(machine, sensor)| self.expected.series_of(machine, sensor));
        let found = number.and_then(|number| {
            let series = &mut self.expected.series[number];
            let at = series.find(reading.time, reading.grain, has_value)?;
            Some((number, at))
        });
        let Some((number, at)) = found else { return self.unknown(reading, place) };
        let series = &mut self.expected.series[number];
        let making = series.making(at);
        if making == Making::Never && has_value {
            return self.unknown(reading, place);
        }
        let agrees = reading.quality.is_none_or(|word| quality_of(word) == Some(series.quality(at)));
        if making == Making::Never && agrees {
            // A dropout, recorded as one: there was nothing to receive.
            series.arrive(at, false);
            return Ok(());
        }
        // What counts as made counts as received: what may have been a dropout does neither.
        let is_counted = making == Making::Made || has_value || series.has_arrived(at);
        self.received += u64::from(is_counted);
        self.judge(number, at, reading, place)
    }

    fn judge(&mut self, number: usize, at: usize, reading: &Reading<'_>, place: (&Path, u64)) -> Result<(), Trouble> {
        let Settings { tolerance, late_after, .. } = *self.settings;
        let Expected { machines, sensors, series, .. } = &mut *self.expected;
        let series = &mut series[number];
        let finding = |sort: Sort, series: &Series, received: String| Finding {
            sort,
            machine: machines.name(series.machine).to_owned(),
            sensor: sensors.name(series.sensor).to_owned(),
            time: Some(Time(series.times[at])),
            expected: spelled(series.values[at], series.quality(at)),
            received,
            place: Some((place.0.to_owned(), place.1)),
        };
        let value_differs = !is_same(series.values[at], reading.value, tolerance);
        let quality_differs = reading.quality.is_some_and(|word| quality_of(word) != Some(series.quality(at)));
        let altered = value_differs || quality_differs;
        if altered {
            self.altered_values += u64::from(value_differs);
            self.altered_qualities += u64::from(quality_differs);
            self.findings.add(Sort::Altered, || finding(Sort::Altered, series, said(reading)))?;
        }
        if series.has_arrived(at) {
            return self.findings.add(Sort::Doubled, || finding(Sort::Doubled, series, said(reading)));
        }
        series.arrive(at, altered);
        match series.latest {
            Some(latest) if latest > at => {
                let after = Time(series.times[latest]);
                self.findings
                    .add(Sort::Reordered, || finding(Sort::Reordered, series, format!("after that of {after}")))?;
            }
            _ => series.latest = Some(at),
        }
        let Some(arrival) = reading.arrival else { return Ok(()) };
        self.has_arrivals = true;
        let delay = arrival.0.saturating_sub(series.times[at]);
        if delay > late_after.0 {
            let delay = twinwright_model::Span(delay);
            self.findings.add(Sort::Late, || finding(Sort::Late, series, format!("{delay} after its time")))?;
        }
        Ok(())
    }

    fn unknown(&mut self, reading: &Reading<'_>, place: (&Path, u64)) -> Result<(), Trouble> {
        self.received += 1;
        self.findings.add(Sort::Unknown, || Finding {
            sort: Sort::Unknown,
            machine: reading.machine.to_owned(),
            sensor: reading.sensor.to_owned(),
            time: Some(reading.time),
            expected: String::new(),
            received: said(reading),
            place: Some((place.0.to_owned(), place.1)),
        })
    }

    /// Whatever has not arrived by now is lost.
    pub(super) fn finish(mut self, files: usize) -> Result<Report, Trouble> {
        let Expected { machines, sensors, series, made, .. } = &*self.expected;
        let mut intact = 0;
        for series in series {
            for at in (0..series.times.len()).filter(|&at| series.making(at) == Making::Made) {
                intact += u64::from(series.has_arrived(at) && !series.is_altered(at));
                if series.has_arrived(at) {
                    continue;
                }
                self.findings.add(Sort::Lost, || Finding {
                    sort: Sort::Lost,
                    machine: machines.name(series.machine).to_owned(),
                    sensor: sensors.name(series.sensor).to_owned(),
                    time: Some(Time(series.times[at])),
                    expected: spelled(series.values[at], series.quality(at)),
                    received: String::new(),
                    place: None,
                })?;
            }
        }
        let counts = Sort::ALL.map(|sort| self.findings.count(sort));
        Ok(Report {
            expected: *made,
            received: self.received,
            files,
            intact,
            counts,
            altered_values: self.altered_values,
            altered_qualities: self.altered_qualities,
            has_arrivals: self.has_arrivals,
            late_after: self.settings.late_after,
            tolerance: self.settings.tolerance,
            notes: self.notes.into_iter().collect(),
            examples: self.findings.finish()?,
        })
    }
}

/// The finite number that a value is; NaN, infinite and nothing are one, since many wires cannot tell them apart.
fn number_of(value: Value<'_>) -> Option<f32> {
    match value {
        Value::Number(number) => Some(number).filter(|number| number.is_finite()),
        Value::Nothing | Value::Odd(_) => None,
    }
}

fn is_same(expected: f32, received: Value<'_>, tolerance: f64) -> bool {
    if matches!(received, Value::Odd(_)) {
        return false;
    }
    match (Some(expected).filter(|number| number.is_finite()), number_of(received)) {
        (None, None) => true,
        (Some(a), Some(b)) => a == b || (f64::from(a) - f64::from(b)).abs() <= tolerance,
        _ => false,
    }
}

fn spelled(value: f32, quality: Quality) -> String {
    format!("{value:?} {}", quality.word())
}

fn said(reading: &Reading<'_>) -> String {
    let value = match reading.value {
        Value::Nothing => "nothing".to_owned(),
        Value::Number(number) => format!("{number:?}"),
        Value::Odd(text) => format!("`{}`", text.chars().take(40).collect::<String>()),
    };
    match reading.quality {
        Some(quality) => format!("{value} {}", quality.chars().take(40).collect::<String>()),
        None => value,
    }
}
