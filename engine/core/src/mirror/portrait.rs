//! A machine as the mirror believes it to stand, for people: one JSON object. It reads and never changes.

use super::{Mirror, Standing};
use crate::follow::Sketch;
use crate::plan::Model;
use serde_json::{Map, Value, json};
use twinwright_model::Time;

use super::view::NEVER;

impl Mirror {
    /// The state of one machine; null where there is no such machine.
    pub fn portrait(&self, machine: u32) -> Value {
        let Some(standing) = self.crowd.standing(machine as usize) else { return Value::Null };
        let model = self.crowd.machine(machine as usize).map(|machine| machine.model as usize);
        let mut portrait = Map::new();
        let mut say = |name: &str, value: Value| portrait.insert(name.to_owned(), value);
        say("machine", json!(&*standing.name));
        say("mode", json!(standing.mode.name()));
        say("since", json!(self.plan.time_of(i64::from(standing.since)).to_string()));
        if let Some(model) = model {
            let (plan, sketch) = (&self.plan.models[model], &self.sketches[model]);
            let slots = self.crowd.slots(machine as usize).map_or(&[][..], |slots| &slots.0);
            let driver = |one: &crate::drivers::DriverPlan| (one.name.clone(), json!(slots[usize::from(one.slot)]));
            say("drivers", plan.drivers.iter().map(driver).collect());
            say("wear", worn(plan, sketch, standing));
            say("hidden", hidden(sketch, standing, slots));
            say("sensors", sensors(plan, sketch, standing));
            let (squares, count) = standing.follower.consistency;
            say("consistency", json!((count > 0).then(|| squares / count as f64)));
        }
        say("strays", strays(standing, self.modelled_panels(machine as usize)));
        Value::Object(portrait)
    }
}

fn worn(plan: &Model, sketch: &Sketch, standing: &Standing) -> Value {
    let estimate = &standing.follower.estimate;
    let wears = plan.wears.iter().zip(&sketch.wears).enumerate();
    let one = wears.map(|(number, (plan, wear))| {
        let (low, high) = estimate.interval(number, wear);
        let rate = wear.rate.map(|rate| libm::exp(estimate.x[rate]));
        let (estimate, sd) = (estimate.wear(number, wear), estimate.wear_sd(number, wear));
        let said = json!({ "estimate": estimate, "sd": sd, "low": low, "high": high, "rate": rate });
        (plan.name.clone(), said)
    });
    one.collect()
}

fn hidden(sketch: &Sketch, standing: &Standing, slots: &[f64]) -> Value {
    let estimate = &standing.follower.estimate;
    let one = sketch.hidden.iter().map(|hidden| {
        let sd = estimate.p[(hidden.state, hidden.state)].sqrt();
        (hidden.name.clone(), json!({ "estimate": slots[usize::from(hidden.slot)], "sd": sd }))
    });
    one.collect()
}

fn sensors(plan: &Model, sketch: &Sketch, standing: &Standing) -> Value {
    let one = plan.sensors.iter().enumerate().map(|(sensor, planned)| {
        let (face, lane) = (&standing.faces[usize::from(planned.panel)], usize::from(planned.lane));
        let noise = &sketch.lanes[sensor];
        let sd = (noise.noise + noise.least() + standing.follower.traces[sensor].spread).sqrt();
        let bias = sketch.bias(sensor);
        let (value, quality) = face.value(lane);
        let mut said = json!({
            "value": finite(value), "quality": quality.word(), "measured": finite(face.measured[lane]),
            "heard": heard(face.heard_at[lane]), "expected": finite(face.expected[lane]), "sd": finite(sd),
        });
        let variance = standing.follower.estimate.p[(bias, bias)];
        if variance > 0.0 {
            said["bias"] = json!({ "estimate": standing.follower.estimate.x[bias], "sd": variance.sqrt() });
        }
        (planned.name.clone(), said)
    });
    one.collect()
}

fn strays(standing: &Standing, modelled: usize) -> Value {
    let one = standing.strays.iter().enumerate().filter_map(|(number, name)| {
        let face = standing.faces.get(modelled + number / crate::sensing::LANES)?;
        let lane = number % crate::sensing::LANES;
        let (value, quality) = face.value(lane);
        let said = json!({
            "value": finite(value), "quality": quality.word(), "heard": heard(face.heard_at[lane]),
            "mean": finite(face.mean[lane]), "sd": finite(face.variance[lane].sqrt()),
        });
        Some((name.clone(), said))
    });
    one.collect()
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn heard(at: i64) -> Option<String> {
    (at != NEVER).then(|| Time(at).to_string())
}
