//! The plants that are simulated: one machine with everything, and the same with parts left out.
//!
//! What a part costs is the difference between a plant with it and one without; the engine has no clocks inside. What
//! sensors make of drivers that are not linear stands among the drivers, so that a plant without sensors still drives
//! all that one with them does.

use crate::Refused;
use std::fmt::Write;
use std::sync::Arc;
use twinwright_core::plan::{Model, compile};
use twinwright_core::{Document, Library, Plan, Twin};

/// What a machine consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// A walk, a sine, a duty cycle and expressions; else constants of the same names.
    pub drivers: bool,
    /// Two wears with stress; else constants of the same names.
    pub wear: bool,
    pub sensors: usize,
}

impl Parts {
    pub const fn whole(sensors: usize) -> Parts {
        Parts { drivers: true, wear: true, sensors }
    }

    /// Constant drivers and no wear: what is left is sensing.
    pub const fn sensed(sensors: usize) -> Parts {
        Parts { drivers: false, wear: false, sensors }
    }
}

const DRIVERS: &str = r#"
load    = { walk = { mean = 0.8, sd = 0.05, memory = "10 min" }, unit = "1" }
ambient = { mean = 22, swing = 4, period = "1 d", unit = "degC" }
recipe  = { duty = "steps" }
speed   = { expr = "rated_speed * running", unit = "rpm" }
heat    = { expr = "load^2 * recipe" }
rub     = { expr = "bearing^1.5" }
leak    = { expr = "seal^2" }
[duty.steps]
cycle = [ { for = "16 h", recipe = 1.0 }, { for = "8 h", recipe = 0.7 } ]
"#;

const CONSTANTS: &str = r#"
load = 0.8
ambient = 22
recipe = 1.0
speed = 1480
heat = 0.64
rub = 0.05
leak = 0.02
"#;

const WEAR: &str = r#"
[wear.bearing]
law = "gamma"
life = "90000 h"
spread = 0.25
stress = "(load / 0.8)^3"
repair = { takes = "8 h", cost = 3800 }
[wear.seal]
law = "exponential"
life = "60000 h"
stress = "0.3 + 0.7 * heat"
repair = { takes = "6 h", cost = 2600 }
"#;

/// Four sorts of sensors in turn, each with lag, correlated noise, resolution, range and limits.
const SENSORS: [&str; 4] = [
    r#"value = "ambient + 28*heat + 35*rub"
unit = "degC"
lag = "12 min"
noise = { sd = 0.4, memory = "30 s" }
range = [-20, 150]
resolution = 0.1
limits = { high = 120, high_high = 130, deadband = 1.5, on_delay = "30 s", off_delay = "60 s" }
"#,
    r#"value = "0.8 + 0.5*load + 6*rub"
unit = "mm/s"
lag = "3 s"
noise = { sd = 0.08, memory = "5 s" }
range = [0, 50]
resolution = 0.01
limits = { high = 12.5, high_high = 17.1, deadband = 0.3, on_delay = "15 s" }
"#,
    r#"value = "9.5 - 2.2*load - 1.5*leak"
unit = "bar"
lag = "8 s"
noise = { sd = 0.03, memory = "10 s" }
range = [0, 16]
resolution = 0.005
limits = { low = 2.0, deadband = 0.1, on_delay = "10 s" }
"#,
    r#"value = "0.05*speed + 60*load + 4*rub + 2*leak"
unit = "A"
lag = "2 s"
noise = { sd = 0.5, memory = "4 s" }
range = [0, 400]
resolution = 0.1
limits = { high = 300, deadband = 2, on_delay = "5 s" }
"#,
];

/// The text of a machine file.
pub fn machine_text(parts: Parts) -> String {
    let mut text = String::from("schema = \"machine/1\"\nkind = \"unit\"\n[parameters]\nrated_speed = 1480\n");
    if !parts.wear {
        text.push_str("bearing = 0.1\nseal = 0.1\n");
    }
    text.push_str("[drivers]");
    text.push_str(if parts.drivers { DRIVERS } else { CONSTANTS });
    if parts.wear {
        text.push_str(WEAR);
    }
    for sensor in 0..parts.sensors.max(1) {
        // Writing into a String does not fail.
        let _ = write!(text, "[sensors.s{sensor:02}]\n{}", SENSORS[sensor % SENSORS.len()]);
    }
    text
}

/// A plan of so many machines that runs for longer than any bench.
pub fn plan(machines: usize, parts: Parts) -> Result<Arc<Plan>, Refused> {
    let scenario = format!(
        "schema = \"scenario/1\"\ntitle = \"bench\"\nseed = 7\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"3650 d\"\n\
         tick = \"1 s\"\n[[machine]]\nid = \"U-{{1..{machines}}}\"\nkind = \"unit\"\n"
    );
    let document = Document { name: "scenario.toml".to_owned(), text: scenario };
    let faults = match compile(&document, &Unit(machine_text(parts))) {
        Ok(mut plan) => {
            if parts.sensors == 0 {
                plan.models.iter_mut().for_each(without_sensors);
            }
            return Ok(Arc::new(plan));
        }
        Err(faults) => faults,
    };
    Err(faults.iter().map(ToString::to_string).collect::<String>().into())
}

/// A world of all machines of a plan, as a run has it that does not ask for true values.
pub fn world(plan: &Arc<Plan>) -> Twin {
    Twin::build_lean(plan, (0..plan.machines.len() as u32).collect(), 0..plan.futures)
}

/// No file may describe a machine without sensors; only a bench wants one.
fn without_sensors(model: &mut Model) {
    model.panels.clear();
    model.sensors.clear();
}

/// A library of one machine file.
struct Unit(String);

impl Library for Unit {
    fn find(&self, kind: &str) -> Option<Document> {
        (kind == "unit").then(|| Document { name: "unit.toml".to_owned(), text: self.0.clone() })
    }

    fn known(&self) -> Vec<String> {
        vec!["unit".to_owned()]
    }
}
