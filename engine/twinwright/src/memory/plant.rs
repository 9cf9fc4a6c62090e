//! What the files of a scenario say of its plant, as the registry of a store takes it.

use super::Sources;
use super::gauges::parameter_type;
use serde_json::{Map, Value, json};
use twinwright_core::Plan;
use twinwright_core::digest::Hash;
use twinwright_core::limits::Level;
use twinwright_core::links::LinkKind;
use twinwright_core::plan::{KindHead, Model};
use twinwright_core::sensing::SensorPlan;
use twinwright_io::store::chronicle::{MachineFace, MachineFile, Plant, SensorFace};
use twinwright_model::Time;

/// All machines, sensors, links and machine files of a plan.
pub fn plant_of(plan: &Plan, sources: &Sources, location: &str) -> Plant {
    let machines = plan.machines.iter().map(|machine| {
        let model = &plan.models[machine.model as usize];
        let face = face_of(plan, model, location);
        MachineFace { name: machine.id.to_string(), ..face }
    });
    let links = plan.links.iter().map(|link| {
        let kind = match link.kind {
            LinkKind::Contains => "contains",
            LinkKind::Feeds => "feeds",
            LinkKind::Controls => "controls",
        };
        (link.from as usize, link.to as usize, kind)
    });
    Plant { machines: machines.collect(), links: links.collect(), files: files_of(plan, sources) }
}

/// The machine files of a plan.
pub fn files_of(plan: &Plan, sources: &Sources) -> Vec<MachineFile> {
    let file = |(kind, text): &(String, String)| {
        let mut hash = Hash::default();
        hash.text(text);
        let model = plan.models.iter().find(|model| model.kind == *kind);
        MachineFile {
            kind: kind.clone(),
            digest: format!("{:032x}", hash.finish()),
            document: text.clone(),
            baselines: model.map_or(json!({}), |model| by_sensor(model, baseline)),
            thresholds: model.map_or(json!({}), |model| by_sensor(model, thresholds)),
        }
    };
    sources.kinds.iter().map(file).collect()
}

fn by_sensor(model: &Model, say: impl Fn(&Model, &SensorPlan) -> Option<Value>) -> Value {
    model.sensors.iter().filter_map(|sensor| Some((sensor.name.clone(), say(model, sensor)?))).collect()
}

/// What is normal: the noise around a healthy value, where there is any.
fn baseline(model: &Model, sensor: &SensorPlan) -> Option<Value> {
    let sd = decimal(model.panels[usize::from(sensor.panel)].sd[usize::from(sensor.lane)])?;
    Some(json!({ "unit": sensor.unit, "noise_sd": sd }))
}

fn thresholds(_: &Model, sensor: &SensorPlan) -> Option<Value> {
    let limits = sensor.limits.as_ref()?;
    let mut said: Map<String, Value> = Level::ALL
        .iter()
        .filter_map(|&level| Some((level.name().to_owned(), json!(limits.at[level as usize]?))))
        .collect();
    said.insert("deadband".to_owned(), json!(limits.deadband));
    Some(Value::Object(said))
}

fn face_of(plan: &Plan, model: &Model, location: &str) -> MachineFace {
    let head = plan.kinds.get(usize::from(model.sheet)).cloned().unwrap_or_default();
    let text = |key: &str| identity(&head, key);
    MachineFace {
        name: String::new(),
        kind: model.kind.clone(),
        class: Some(plain(&head.class)).filter(|class| !class.is_empty()),
        location: Some(location.to_owned()),
        manufacturer: text("manufacturer"),
        model: text("model"),
        serial_number: text("serial_number").or_else(|| text("serial")),
        installed: text("installed")
            .and_then(|text| Time::parse(&text).or_else(|_| Time::parse(&format!("{text}T00:00:00Z"))).ok()),
        sensors: model.sensors.iter().map(|sensor| sensor_of(plan, model, sensor)).collect(),
    }
}

fn identity(head: &KindHead, key: &str) -> Option<String> {
    head.identity.iter().find(|(known, _)| known == key).map(|(_, said)| plain(said)).filter(|said| !said.is_empty())
}

/// Without what no database takes in a text.
pub fn plain(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn sensor_of(plan: &Plan, model: &Model, sensor: &SensorPlan) -> SensorFace {
    let (panel, lane) = (&model.panels[usize::from(sensor.panel)], usize::from(sensor.lane));
    let seconds = plan.tick.seconds() * f64::from(panel.every) / f64::from(panel.per_tick);
    let (low, high) = (finite(panel.low[lane]), finite(panel.high[lane]));
    let slope = finite(panel.slope[lane]).filter(|slope| *slope != 0.0);
    SensorFace {
        name: sensor.name.clone(),
        parameter_type: parameter_type(&sensor.unit).map(str::to_owned),
        unit: sensor.unit.clone(),
        low: low.filter(|low| high.is_none_or(|high| *low < high)),
        high,
        accuracy: decimal(panel.sd[lane]),
        resolution: (panel.inverse[lane] != 0.0).then(|| number(panel.up[lane]) / number(panel.down[lane])),
        sampling_rate: Some(1.0 / seconds),
        slope: slope.unwrap_or(1.0),
        offset: finite(panel.offset[lane]).unwrap_or(0.0),
    }
}

/// A single as it is written: 0.1 and not 0.10000000149.
fn number(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}

fn finite(value: f32) -> Option<f64> {
    value.is_finite().then(|| number(value))
}

/// None where there is nothing.
fn decimal(value: f32) -> Option<f64> {
    finite(value).filter(|value| *value > 0.0)
}
