//! Variants, sweeps and what varies from future to future: which runs a study has, and that they share their luck.

mod chance;
mod luck;
mod runs;
mod sweeps;

use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_core::plan::{self, Changes, Study};
use twinwright_core::{Batch, Document, Plan, Twin};
use twinwright_model::EventRecord;
use twinwright_tests::Texts;

/// A kind whose wear follows its load.
const UNIT: &str = r#"
schema = "machine/1"
kind = "unit"
[parameters]
size = 2
[drivers]
load = 0.5
air = { mean = 20, swing = 4, period = "1 d" }
[wear.bearing]
law = "gamma"
life = "20 h"
spread = 0.3
stress = "load / 0.5"
repair = { takes = { lognormal = ["40 min", 1.6] }, cost = 10, planned_cost = 4 }
[wear.knock]
law = "shock"
rate = 0.2
jump = { uniform = [0.1, 0.4] }
repair = { takes = { uniform = ["10 min", "50 min"] } }
[sensors.heat]
value = "air + 10*load*size"
noise = { sd = 0.4, memory = "10 min" }
[sensors.room]
value = "20"
noise = { sd = 0.4, memory = "10 min" }
"#;

/// Another, which has no load.
const OTHER: &str = r#"
schema = "machine/1"
kind = "other"
[wear.gear]
law = "weibull"
life = "10 h"
shape = 2
repair = { takes = { exponential = "30 min" }, cost = 5 }
[sensors.turns]
value = "100*running"
noise = { sd = 1 }
"#;

/// Two machines of the one kind and one of the other.
fn scenario(rest: &str) -> String {
    format!(
        "schema = \"scenario/1\"\ntitle = \"test\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"10 d\"\n\
         tick = \"5 min\"\n[[machine]]\nid = \"U-{{1..2}}\"\nkind = \"unit\"\n[[machine]]\nid = \"V-1\"\nkind = \"other\"\n{rest}"
    )
}

/// A study of these machines, or what is wrong with it.
fn compiled(rest: &str, sets: &[(&str, &str)]) -> Result<Study, String> {
    let library = Texts(vec![("unit".to_owned(), UNIT.to_owned()), ("other".to_owned(), OTHER.to_owned())]);
    let document = Document { name: "scenario.toml".to_owned(), text: scenario(rest) };
    let sets = sets.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let changes = Changes { sets, ..Changes::default() };
    plan::study(&document, &library, &changes).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn study(rest: &str) -> Study {
    compiled(rest, &[]).unwrap_or_else(|faults| panic!("{faults}"))
}

fn plan_named<'s>(study: &'s Study, name: &str) -> &'s Arc<Plan> {
    let run = study.runs.iter().find(|run| run.name == name);
    &run.unwrap_or_else(|| panic!("{:?}", study.runs.iter().map(|run| &run.name).collect::<Vec<_>>())).plan
}

/// What a run says, and what it reads: each machine's events in order, and the bits of its readings tick by tick.
#[derive(Debug, Default)]
struct Course {
    events: BTreeMap<String, Vec<EventRecord>>,
    readings: BTreeMap<String, Vec<Vec<u32>>>,
}

fn course(plan: &Arc<Plan>) -> Course {
    let mut twin = Twin::build(plan);
    let mut course = Course::default();
    let (mut readings, mut wears) = (Vec::new(), Vec::new());
    for _ in 0..=plan.ticks {
        twin.tick(&Batch::default());
        for (machine, its) in plan.machines.iter().enumerate() {
            readings.clear();
            assert!(twin.glance(0, machine as u32, &mut readings, &mut wears), "the machine is in the world");
            let bits = readings.iter().map(|reading| reading.to_bits()).collect();
            course.readings.entry(its.id.to_string()).or_default().push(bits);
        }
    }
    for event in twin.take_outbox().events {
        let id = plan.machines[event.machine as usize].id.to_string();
        course.events.entry(id).or_default().push(event);
    }
    course
}
