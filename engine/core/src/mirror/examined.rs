//! A machine examined: what its sensors show now beside a machine as new, and what that says. It works on copies.

use super::Mirror;
use super::look::aims;
use crate::diagnosis::{Diagnosis, Examiner, diagnose};
use twinwright_model::Quality;

impl Mirror {
    /// What explains what the sensors of a machine show now. None where nothing of it was heard lately, or no file knows it.
    pub fn diagnosis(&self, machine: u32) -> Option<Diagnosis> {
        let number = machine as usize;
        let crowd = &self.crowd;
        let (who, slots, standing) = (crowd.machine(number)?, crowd.slots(number)?, crowd.standing(number)?);
        let model = &self.plan.models[who.model as usize];
        let sketch = &self.sketches[who.model as usize];
        let mut examiner = Examiner::of(&self.plan, who, slots, sketch.clone());
        examiner.look(self.course.clock, standing.mode);
        let seen = sketch.lanes.iter().enumerate().filter_map(|(sensor, lane)| {
            let (panel, number) = (usize::from(lane.panel), usize::from(lane.lane));
            let face = &standing.faces[panel];
            if !face.is_fresh(number) || face.quality[number] != Quality::Good.code() {
                return None;
            }
            // Lags have settled for what is hidden; what they still hide of the drivers is taken off.
            let settled = aims(model, panel, slots)[number] * lane.slope + lane.offset;
            let on_its_way = face.expected[number] - standing.follower.bias(sketch, sensor) - settled;
            Some((sensor, face.measured[number] - on_its_way))
        });
        let seen: Vec<_> = seen.collect();
        examiner.hear(seen);
        diagnose(&examiner.symptoms())
    }
}
