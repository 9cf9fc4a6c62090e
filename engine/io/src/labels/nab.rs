//! NAB's form: `labels/nab/data/<machine>/<sensor>.csv` with `timestamp,value`, and under `labels/nab/labels` the
//! windows and labels of all series in JSON, keyed by the path below `data/`.
//!
//! A window goes from the first to the last row of a fault that acts on the sensor or on its whole machine. NAB
//! refuses windows that overlap, so faults that do share one. Rows without a value are left out, since a NAB series
//! has none; windows carry six decimals, since its reader knows no other form.

use super::Run;
use super::page::{Page, Stamps};
use super::spool::RowSpool;
use super::sweep::Sweep;
use crate::{RecordError, RunFolder, file_name};
use serde_json::Value;
use std::collections::BTreeMap;
use twinwright_model::{Label, Sensor, Time};

/// Files open at the same time.
const AT_ONCE: usize = 32;

/// One sensor's file on its way, with the windows so far.
struct SeriesFile<'a> {
    page: Page,
    sweep: Sweep<'a>,
    windows: Vec<(Time, Time)>,
    open: bool,
    rows: u64,
}

pub(super) fn write(
    folder: &RunFolder,
    run: &Run,
    rows: &RowSpool,
    faults: &BTreeMap<u32, Vec<&Label>>,
) -> Result<(), RecordError> {
    let mut index = Index::open(folder)?;
    for (machine, name) in (0u32..).zip(&run.machines) {
        let Some(sheet) = rows.sheet(machine).and_then(|sheet| run.sheets.get(sheet)) else { continue };
        let all = faults.get(&machine).map_or(&[][..], Vec::as_slice);
        let acting: Vec<Vec<&Label>> = sheet.sensors.iter().map(|sensor| acting_on(all, sensor)).collect();
        for first in (0..sheet.sensors.len()).step_by(AT_ONCE) {
            let last = sheet.sensors.len().min(first + AT_ONCE);
            let key = |sensor: usize| format!("{}/{}.csv", file_name(name), file_name(&sheet.sensors[sensor].name));
            let mut files = Vec::new();
            for (sensor, acting) in acting.iter().enumerate().take(last).skip(first) {
                files.push(SeriesFile::open(folder, &key(sensor), acting)?);
            }
            let mut stamps = Stamps::new(rows.digits(machine));
            rows.read(machine, |row| {
                let stamp = stamps.of(row.time);
                for (file, sensor) in files.iter_mut().zip(first..) {
                    row.value(sensor).map_or(Ok(()), |value| file.row(row.time, stamp, value))?;
                }
                Ok(())
            })?;
            for (file, sensor) in files.into_iter().zip(first..) {
                let (windows, count) = file.finish()?;
                if count > 0 {
                    index.series(&key(sensor), &windows, rows.digits(machine))?;
                }
            }
        }
    }
    index.finish()
}

/// The faults of a sensor: its own, those of the whole machine, and the swap that it is the other side of.
fn acting_on<'a>(faults: &[&'a Label], sensor: &Sensor) -> Vec<&'a Label> {
    let other = |label: &Label| label.parameters.get("with").and_then(Value::as_str) == Some(sensor.name.as_str());
    let acts = |label: &&&Label| label.sensor.is_empty() || label.sensor == sensor.name || other(label);
    faults.iter().filter(acts).copied().collect()
}

impl<'a> SeriesFile<'a> {
    fn open(folder: &RunFolder, key: &str, faults: &'a [&'a Label]) -> Result<SeriesFile<'a>, RecordError> {
        let mut page = Page::open(folder, &format!("labels/nab/data/{key}"))?;
        page.text("timestamp,value\n")?;
        Ok(SeriesFile { page, sweep: Sweep::new(faults), windows: Vec::new(), open: false, rows: 0 })
    }

    fn row(&mut self, time: Time, stamp: &str, value: f32) -> Result<(), RecordError> {
        let step = self.sweep.step(time);
        match self.windows.last_mut().filter(|_| self.open && step.goes_on) {
            Some(window) => window.1 = time,
            None if step.is_faulty() => self.windows.push((time, time)),
            None => {}
        }
        self.open = step.is_faulty();
        self.rows += 1;
        self.page.text(stamp)?;
        self.page.text(",")?;
        self.page.number(value)?;
        self.page.text("\n")
    }

    fn finish(self) -> Result<(Vec<(Time, Time)>, u64), RecordError> {
        // A series without a value would be a file that readers stumble over.
        if self.rows > 0 {
            self.page.finish()?;
        }
        Ok((self.windows, self.rows))
    }
}

/// The two JSON files that say where the anomalies of all series are.
struct Index {
    windows: Page,
    labels: Page,
    first: bool,
}

impl Index {
    fn open(folder: &RunFolder) -> Result<Index, RecordError> {
        let mut windows = Page::open(folder, "labels/nab/labels/combined_windows.json")?;
        let mut labels = Page::open(folder, "labels/nab/labels/combined_labels.json")?;
        windows.text("{")?;
        labels.text("{")?;
        Ok(Index { windows, labels, first: true })
    }

    fn series(&mut self, key: &str, windows: &[(Time, Time)], digits: usize) -> Result<(), RecordError> {
        let lead = format!("{}\n {}: [", if self.first { "" } else { "," }, Value::from(key));
        self.first = false;
        self.windows.text(&lead)?;
        self.labels.text(&lead)?;
        let (mut micros, mut stamps) = (Stamps::new(6), Stamps::new(digits));
        for (place, &(start, end)) in windows.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            let start_text = micros.of(start).to_owned();
            // Where a microsecond is too coarse, the window still takes in its last row.
            let end = Time(end.0.saturating_add((-end.0).rem_euclid(1_000)));
            self.windows.text(&format!("{comma}\n  [\n   \"{start_text}\",\n   \"{}\"\n  ]", micros.of(end)))?;
            self.labels.text(&format!("{comma}\n  \"{}\"", stamps.of(start)))?;
        }
        let close = if windows.is_empty() { "]" } else { "\n ]" };
        self.windows.text(close)?;
        self.labels.text(close)
    }

    fn finish(mut self) -> Result<(), RecordError> {
        self.windows.text("\n}\n")?;
        self.labels.text("\n}\n")?;
        self.windows.finish()?;
        self.labels.finish()
    }
}
