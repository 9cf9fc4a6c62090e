//! Acts of the script: drivers and modes that are set on machines, and given back.

use super::Setting;
use crate::dice::Purpose;
use crate::plan::Plan;
use crate::world::agenda::Deed;
use crate::world::patches::{By, Patch, What};
use crate::world::{Agenda, Blackboard, Course, Machine, Modes, Outbox, Roster, Unrest};
use bevy_ecs::prelude::{Query, Res, ResMut};
use bevy_ecs::system::SystemParam;
use serde_json::json;

/// What the script needs to see and to change.
#[derive(SystemParam)]
pub struct Stage<'w, 's> {
    course: Res<'w, Course>,
    roster: Res<'w, Roster>,
    agenda: ResMut<'w, Agenda>,
    unrest: ResMut<'w, Unrest>,
    outbox: ResMut<'w, Outbox>,
    blackboard: ResMut<'w, Blackboard>,
    machines: Query<'w, 's, (&'static Machine, &'static mut Modes)>,
}

/// Does and undoes what the script has for this tick.
pub fn follow_script(mut stage: Stage) {
    for (local, deed) in stage.agenda.todays(|deed| matches!(deed, Deed::Act { .. } | Deed::GiveBack { .. })) {
        match deed {
            Deed::Act { action, occurrence } => stage.act(local, action, occurrence),
            Deed::GiveBack { action, occurrence } => stage.give_back(local, action, occurrence),
            _ => {}
        }
    }
}

impl Stage<'_, '_> {
    fn act(&mut self, local: u32, index: u32, occurrence: u32) {
        let course = self.course.plan.clone();
        let action = &course.script.actions[index as usize];
        let Ok((machine, mut modes)) = self.machines.get_mut(self.roster.entity(local)) else { return };
        let model = &course.models[machine.model as usize];
        let whose = (machine.machine, machine.future);
        let time = course.time_of(i64::from(self.course.clock.tick));
        let purpose = Purpose::named(&format!("script.{index}"));
        let mut luck = machine.dice.stream(purpose, u64::from(occurrence));
        for setting in &action.sets {
            match setting {
                Setting::Mode(mode) => {
                    modes.forced = Some(*mode);
                    self.unrest.add(local);
                    self.outbox.event(time, whose, "set", [("mode", json!(mode.name()))]);
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
                    self.outbox.event(time, whose, "set", [("driver", json!(name)), ("value", json!(value))]);
                }
            }
        }
        if let Some(lasts) = &action.lasts {
            let tick = self.course.clock.after(luck.draw(lasts), course.tick.0);
            self.agenda.add(tick, local, Deed::GiveBack { action: index, occurrence });
        }
    }

    fn give_back(&mut self, local: u32, index: u32, occurrence: u32) {
        let course = self.course.plan.clone();
        let Ok((machine, mut modes)) = self.machines.get_mut(self.roster.entity(local)) else { return };
        let whose = (machine.machine, machine.future);
        let time = course.time_of(i64::from(self.course.clock.tick));
        self.blackboard.patches.remove(local, By::Action { action: index, occurrence });
        for setting in &course.script.actions[index as usize].sets {
            match setting {
                Setting::Mode(mode) => {
                    if modes.forced == Some(*mode) {
                        modes.forced = None;
                        self.unrest.add(local);
                    }
                    self.outbox.event(time, whose, "set", [("mode", json!("given back"))]);
                }
                Setting::Driver(name, _) => {
                    self.outbox.event(time, whose, "set", [("driver", json!(name)), ("value", json!("given back"))]);
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
