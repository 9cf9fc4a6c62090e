//! Acts of the script: drivers and modes that are set on machines, and given back.

use super::Setting;
use crate::dice::Purpose;
use crate::plan::Plan;
use crate::world::agenda::Deed;
use crate::world::patches::{By, Patch, What};
use crate::world::{Agenda, Floor, Hall, Roster};
use serde_json::json;

/// Does and undoes what the script has for this tick.
pub fn follow_script(mut hall: Hall) {
    if let Some(mut floor) = hall.floor() {
        floor.follow_script();
    }
}

impl Floor<'_> {
    pub fn follow_script(&mut self) {
        for (local, deed) in self.agenda.todays(|deed| matches!(deed, Deed::Act { .. } | Deed::GiveBack { .. })) {
            match deed {
                Deed::Act { action, occurrence } => self.act(local, action, occurrence),
                Deed::GiveBack { action, occurrence } => self.give_back(local, action, occurrence),
                _ => {}
            }
        }
    }

    fn act(&mut self, local: u32, index: u32, occurrence: u32) {
        let (plan, model, whose, time) = (self.plan(), self.model(local), self.whose(local), self.time());
        let action = &plan.script.actions[index as usize];
        let modes = &mut self.modes[local as usize];
        let purpose = Purpose::named(&format!("script.{index}"));
        let mut luck = self.machines[local as usize].dice.stream(purpose, u64::from(occurrence));
        for setting in &action.sets {
            match setting {
                Setting::Mode(mode) => {
                    modes.forced = Some(*mode);
                    self.unrest.add(local);
                    self.outbox.event(time, whose, "set", || [("mode", json!(mode.name()))]);
                }
                Setting::Driver(name, draw) => {
                    let Some(driver) = model.drivers.iter().position(|driver| driver.name == *name) else { continue };
                    let value = luck.draw(draw);
                    // A value that is given back lies over the one before; one that stays takes its place.
                    if action.lasts.is_none() {
                        self.blackboard.patches.forget_sets(local, driver as u16);
                    }
                    let by = By::Action { action: index, occurrence };
                    self.blackboard.patches.add(local, Patch { driver: driver as u16, what: What::Set(value), by });
                    self.outbox.event(time, whose, "set", || [("driver", json!(name)), ("value", json!(value))]);
                }
            }
        }
        if let Some(lasts) = &action.lasts {
            let tick = self.course.clock.after(luck.draw(lasts), plan.tick.0);
            self.agenda.add(tick, local, Deed::GiveBack { action: index, occurrence });
        }
    }

    fn give_back(&mut self, local: u32, index: u32, occurrence: u32) {
        let (plan, whose, time) = (self.plan(), self.whose(local), self.time());
        let modes = &mut self.modes[local as usize];
        self.blackboard.patches.remove(local, By::Action { action: index, occurrence });
        for setting in &plan.script.actions[index as usize].sets {
            match setting {
                Setting::Mode(mode) => {
                    if modes.forced == Some(*mode) {
                        modes.forced = None;
                        self.unrest.add(local);
                    }
                    self.outbox.event(time, whose, "set", || [("mode", json!("given back"))]);
                }
                Setting::Driver(name, _) => {
                    let detail = || [("driver", json!(name)), ("value", json!("given back"))];
                    self.outbox.event(time, whose, "set", detail);
                }
            }
        }
    }
}

/// Puts the timed actions on the agenda.
pub fn plan_actions(plan: &Plan, roster: &Roster, agenda: &mut Agenda) {
    for (index, action) in plan.script.actions.iter().enumerate() {
        let Some(tick) = action.tick else { continue };
        let tick = u32::try_from(tick).unwrap_or(u32::MAX);
        for future in roster.first_future..roster.first_future + roster.futures {
            for local in action.machines.iter().filter_map(|&machine| roster.local(future, machine)) {
                agenda.add(tick, local, Deed::Act { action: index as u32, occurrence: 0 });
            }
        }
    }
}
