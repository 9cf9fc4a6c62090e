//! Readings as line protocol, one line a reading: the long form of the file format, without the fault, since ground
//! truth stays out of the system under test.
//!
//! `readings,machine=P-101,sensor=vibration value=2.31,quality="uncertain" 1767225600000000000`: the quality where it
//! is not good, the value where there is one. What never changes (measurement, tags) is escaped once. This file knows
//! no server and never sends anything.

use super::super::Manifest;
use crate::numerals::{self, Numerals};
use crate::textbuffer::ROOM;
use std::ops::Range;
use twinwright_model::{Parcel, Quality, Time};

/// Turns rows of parcels into text.
pub(super) struct LinePen {
    /// `readings,machine=P-101,sensor=`
    machines: Vec<Vec<u8>>,
    /// The sensor's tag, and how many decimals its values have.
    sensors: Vec<(Vec<u8>, Numerals)>,
    /// The time of the line before, as text: many readings share an instant.
    time: Option<Time>,
    stamp: Vec<u8>,
    text: Vec<u8>,
}

impl LinePen {
    pub(super) fn new(manifest: &Manifest) -> LinePen {
        let head = |id: &str| format!("readings,machine={},sensor=", tag(id)).into_bytes();
        LinePen {
            machines: manifest.machines.iter().map(|machine| head(&machine.id)).collect(),
            sensors: manifest.sensors.iter().map(|s| (tag(&s.name).into_bytes(), Numerals::default())).collect(),
            time: None,
            stamp: Vec::new(),
            text: Vec::new(),
        }
    }

    /// The lines of some rows; none when a row names a machine or a sensor that the run does not have.
    pub(super) fn write(&mut self, parcel: &Parcel, rows: Range<usize>) -> Option<&[u8]> {
        self.text.clear();
        for row in rows {
            self.line(parcel, row)?;
        }
        Some(&self.text)
    }

    #[inline]
    fn line(&mut self, parcel: &Parcel, row: usize) -> Option<()> {
        let quality = parcel.quality(row);
        let head = self.machines.get(parcel.machine[row] as usize)?;
        let (sensor, numerals) = self.sensors.get_mut(parcel.sensor[row] as usize)?;
        if quality == Quality::Unsampled {
            return Some(());
        }
        self.text.extend_from_slice(head);
        self.text.extend_from_slice(sensor);
        let value = parcel.value[row];
        if value.is_finite() && quality.has_value() {
            let mut digits = [0; ROOM];
            let length = numerals.single(value, &mut digits);
            self.text.extend_from_slice(b" value=");
            self.text.extend_from_slice(&digits[..length]);
            if quality != Quality::Good {
                self.text.extend_from_slice(b",quality=\"");
                self.text.extend_from_slice(quality.word().as_bytes());
                self.text.push(b'"');
            }
        } else {
            // What is no number cannot be good, and a line must have a field.
            let word = if quality == Quality::Good { Quality::Bad.word() } else { quality.word() };
            self.text.extend_from_slice(b" quality=\"");
            self.text.extend_from_slice(word.as_bytes());
            self.text.push(b'"');
        }
        if self.time != Some(parcel.time[row]) {
            self.turn_to(parcel.time[row]);
        }
        self.text.extend_from_slice(&self.stamp);
        Some(())
    }

    /// ` 1767225600000000000` and the end of the line.
    fn turn_to(&mut self, time: Time) {
        let mut digits = [0; ROOM];
        let length = numerals::whole(time.0, &mut digits);
        self.stamp.clear();
        self.stamp.push(b' ');
        self.stamp.extend_from_slice(&digits[..length]);
        self.stamp.push(b'\n');
        self.time = Some(time);
    }
}

/// A tag's value. The protocol cannot say a line break or a last backslash: these become `\n` in letters and `/`.
fn tag(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            ',' | ' ' | '=' => text.extend(['\\', c]),
            c => text.push(c),
        }
    }
    if text.ends_with('\\') {
        text.pop();
        text.push('/');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outlets::{MachineHead, SensorHead};
    use twinwright_model::Span;

    fn manifest(machines: &[&str], sensors: &[&str]) -> Manifest {
        Manifest {
            machines: machines.iter().map(|id| MachineHead { id: (*id).to_owned(), sheet: 0 }).collect(),
            sensors: sensors.iter().map(|s| SensorHead { name: (*s).to_owned(), unit: String::new() }).collect(),
            sheets: Vec::new(),
            path: String::new(),
            scenario: String::new(),
            seed: 1,
            version: String::new(),
            start: Time(0),
            tick: Span(1),
            resolution: Span(1),
        }
    }

    fn parcel(rows: &[(u32, u32, f32, Quality, i64)]) -> Parcel {
        let mut parcel = Parcel::default();
        for &(machine, sensor, value, quality, time) in rows {
            parcel.machine.push(machine);
            parcel.sensor.push(sensor);
            parcel.value.push(value);
            parcel.quality.push(quality.code());
            parcel.time.push(Time(time));
        }
        parcel
    }

    #[test]
    fn a_reading_is_a_line_with_its_quality_only_when_it_is_not_good() {
        let mut pen = LinePen::new(&manifest(&["P-101", "P 1,0=2\\"], &["vibration"]));
        let parcel = parcel(&[
            (0, 0, 2.31, Quality::Good, 1_767_225_600_000_000_000),
            (0, 0, 22.0, Quality::Uncertain, 1_767_225_600_000_000_000),
            (1, 0, f32::NAN, Quality::Bad, -1),
            (1, 0, f32::INFINITY, Quality::Good, 0),
            (1, 0, 1.0, Quality::Unsampled, 0),
        ]);
        let text = String::from_utf8(pen.write(&parcel, 0..5).unwrap().to_vec()).unwrap();
        let wanted = "readings,machine=P-101,sensor=vibration value=2.31 1767225600000000000\n\
                      readings,machine=P-101,sensor=vibration value=22.0,quality=\"uncertain\" 1767225600000000000\n\
                      readings,machine=P\\ 1\\,0\\=2/,sensor=vibration quality=\"bad\" -1\n\
                      readings,machine=P\\ 1\\,0\\=2/,sensor=vibration quality=\"bad\" 0\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_row_of_an_unknown_machine_or_sensor_is_no_panic() {
        let mut pen = LinePen::new(&manifest(&["P-101"], &["vibration"]));
        assert!(pen.write(&parcel(&[(1, 0, 1.0, Quality::Good, 0)]), 0..1).is_none());
        assert!(pen.write(&parcel(&[(0, 1, 1.0, Quality::Good, 0)]), 0..1).is_none());
    }
}
