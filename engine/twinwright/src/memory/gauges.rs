//! Gauges of machines that are looked at now and then through a run that is remembered: load, temperature, vibration.

use crate::run::split::Part;
use twinwright_core::{Plan, Twin};

/// What the gauges of a machine said on average; None where it has none, or none that said anything.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Gauged {
    pub load: Option<f64>,
    pub temperature: Option<f64>,
    pub vibration: Option<f64>,
}

/// The gauges of a world's machines in the first future.
#[derive(Debug)]
pub struct Gauges {
    /// Ticks between two looks.
    every: u32,
    machines: Vec<Machine>,
    readings: Vec<f32>,
    wears: Vec<f64>,
}

#[derive(Debug)]
struct Machine {
    number: u32,
    has_load: bool,
    /// Columns of the first sensor of each sort.
    temperature: Option<usize>,
    vibration: Option<usize>,
    /// Sum and count: load, temperature, vibration.
    sums: [(f64, u32); 3],
}

impl Gauges {
    pub fn new(plan: &Plan, part: &Part, every: u32) -> Gauges {
        let one = |&number: &u32| {
            let model = plan.model_of(number);
            let first = |sort: &str| model.sensors.iter().position(|sensor| parameter_type(&sensor.unit) == Some(sort));
            Machine {
                number,
                has_load: model.drivers.iter().any(|driver| driver.name == "load"),
                temperature: first("temperature"),
                vibration: first("vibration"),
                sums: Default::default(),
            }
        };
        let mine = if part.futures.start == 0 { part.machines.as_slice() } else { &[] };
        Gauges {
            every: every.max(1),
            machines: mine.iter().map(one).collect(),
            readings: Vec::new(),
            wears: Vec::new(),
        }
    }

    pub fn look(&mut self, twin: &Twin) {
        if !twin.now().is_some_and(|tick| tick.is_multiple_of(self.every)) {
            return;
        }
        for machine in &mut self.machines {
            self.readings.clear();
            self.wears.clear();
            twin.glance(0, machine.number, &mut self.readings, &mut self.wears);
            let load = if machine.has_load { twin.driver(0, machine.number, "load") } else { f64::NAN };
            let reading =
                |column: Option<usize>| column.and_then(|at| self.readings.get(at)).map_or(f64::NAN, |v| f64::from(*v));
            let said = [load, reading(machine.temperature), reading(machine.vibration)];
            for ((sum, count), value) in machine.sums.iter_mut().zip(said).filter(|(_, value)| value.is_finite()) {
                *sum += value;
                *count += 1;
            }
        }
    }

    /// The averages since the last time.
    pub fn take(&mut self) -> Vec<(u32, Gauged)> {
        let mean = |(sum, count): (f64, u32)| (count > 0).then(|| sum / f64::from(count));
        let one = |machine: &mut Machine| {
            let [load, temperature, vibration] = std::mem::take(&mut machine.sums);
            let gauged = Gauged { load: mean(load), temperature: mean(temperature), vibration: mean(vibration) };
            (machine.number, gauged)
        };
        self.machines.iter_mut().map(one).collect()
    }
}

/// What a unit measures, where that is no question.
pub fn parameter_type(unit: &str) -> Option<&'static str> {
    Some(match unit {
        "degC" | "°C" | "C" | "K" | "degF" | "°F" => "temperature",
        "mm/s" | "g" | "m/s2" | "m/s^2" => "vibration",
        "bar" | "mbar" | "Pa" | "kPa" | "MPa" | "hPa" | "Torr" | "mTorr" | "uTorr" | "psi" => "pressure",
        "m3/h" | "m3/min" | "l/min" | "L/min" | "l/s" | "L/s" | "mL/min" | "mL/h" | "sccm" | "slm" | "kg/h"
        | "kg/s" => "flow",
        "rpm" | "1/min" | "Hz" => "speed",
        "A" | "mA" | "uA" => "current",
        "V" | "mV" | "kV" => "voltage",
        "W" | "kW" | "MW" => "power",
        "kWh" | "Wh" | "J" | "mJ" | "kJ" => "energy",
        "Nm" => "torque",
        "N" | "kN" => "force",
        "m" | "cm" | "mm" | "um" | "µm" | "nm" | "pm" => "length",
        "m/s" | "m/min" | "um/s" | "nm/min" => "velocity",
        "%" | "%RH" => "share",
        "h" | "min" | "s" | "ms" => "time",
        "kg" | "t" => "mass",
        _ => return None,
    })
}
