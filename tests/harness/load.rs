//! A load for stores: readings that follow from sensor and tick alone, so that a database can check by itself what it has.
//!
//! Some are bad, some of those without a value. The load begins an hour before a Monday, where weeks have their border.

use std::ops::Range;
use twinwright_io::outlets::{MachineHead, Manifest, SensorHead};
use twinwright_model::{Parcel, Quality, Sensor, Sheet, Span, Time};

/// Microseconds: 2026-01-04T23:00:00Z, and from tick to tick.
pub const START: i64 = 1_767_567_600_000_000;
pub const STEP: i64 = 10_000_000;

/// Sensors of each machine.
const SENSORS: i64 = 20;

/// So many machines.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub machines: i64,
}

impl Load {
    pub fn sensors(self) -> i64 {
        self.machines * SENSORS
    }

    pub fn manifest(self) -> Manifest {
        let names: Vec<String> = (1..=SENSORS).map(|number| format!("s{number}")).collect();
        let sensor = |name: &String| Sensor { name: name.clone(), unit: String::new() };
        let head = |name: &String| SensorHead { name: name.clone(), unit: String::new() };
        let sensors = names.iter().map(head).collect();
        Manifest {
            machines: (1..=self.machines).map(|number| MachineHead { id: format!("M-{number}"), sheet: 0 }).collect(),
            sensors,
            sheets: vec![Sheet { kind: "unit".to_owned(), sensors: names.iter().map(sensor).collect(), wears: vec![] }],
            path: "acme/lyon/utilities/line-1".to_owned(),
            scenario: "load".to_owned(),
            seed: 1,
            version: "0".to_owned(),
            start: Time(START * 1_000),
            tick: Span(STEP * 1_000),
            resolution: Span(STEP * 1_000),
        }
    }

    /// All readings of some ticks.
    pub fn parcel(self, ticks: Range<i64>) -> Parcel {
        let mut parcel = Parcel::default();
        for tick in ticks {
            for number in 0..self.sensors() {
                let dice = number * 31 + tick * 17;
                let is_bad = dice % 97 == 0 || dice % 89 == 0;
                parcel.time.push(Time((START + tick * STEP) * 1_000));
                parcel.machine.push((number / SENSORS) as u32);
                parcel.future.push(0);
                parcel.sensor.push((number % SENSORS) as u32);
                parcel.value.push(if dice % 97 == 0 { f32::NAN } else { (dice % 1009) as f32 / 8.0 });
                parcel.quality.push(if is_bad { Quality::Bad.code() } else { Quality::Good.code() });
                parcel.fault.push(0);
                parcel.seq.push(tick as u64 + 1);
            }
        }
        parcel
    }

    /// The statement that counts what is in a store of this load alone: readings, and those that are not what they must be.
    /// Sensors have dense ids there, in the order of the load. `micros` is the time of a reading in microseconds.
    pub fn census(self, micros: &str) -> String {
        format!(
            "SELECT count(*), coalesce(sum(CASE WHEN value IS DISTINCT FROM CASE WHEN dice % 97 = 0 THEN NULL ELSE (dice % 1009) / 8.0 END \
                 OR quality <> CASE WHEN dice % 97 = 0 OR dice % 89 = 0 THEN 1 ELSE 0 END OR off <> 0 THEN 1 ELSE 0 END), 0) \
             FROM (SELECT value, quality, ({micros} - {START}) % {STEP} AS off, \
                       (sensor_id - 1) * 31 + ({micros} - {START}) / {STEP} * 17 AS dice FROM sensor_readings) AS readings"
        )
    }
}
