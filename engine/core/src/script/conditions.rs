//! The system that watches conditions: `P-101.vibration > 6 for 10 min` calls its action at the next tick.

use crate::world::agenda::Deed;
use crate::world::{Agenda, Course, Panels, Roster, Slots, Wears};
use bevy_ecs::prelude::{Query, Res, ResMut, Resource};
use serde::{Deserialize, Serialize};

/// How one condition stands in one future.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Since which tick it holds without a break.
    pub since: Option<u32>,
    /// It has called its action in this spell.
    pub called: bool,
    /// How often it has called.
    pub times: u32,
}

/// Conditions of this world: by future, then in file order.
#[derive(Debug, Clone, Default, Resource)]
pub struct Standings(pub Vec<Vec<Standing>>);

/// Judges every condition on this tick's readings.
pub fn watch_conditions(
    course: Res<Course>,
    roster: Res<Roster>,
    mut agenda: ResMut<Agenda>,
    mut standings: ResMut<Standings>,
    machines: Query<(&Slots, &Wears, &Panels)>,
) {
    let plan = &*course.plan;
    let mut values: Vec<f64> = Vec::new();
    for (row, standings) in standings.0.iter_mut().enumerate() {
        let future = roster.first_future + row as u32;
        for (condition, standing) in plan.script.conditions.iter().zip(standings) {
            values.clear();
            values.extend(condition.reads.iter().filter_map(|(machine, source)| {
                let local = roster.local(future, *machine)?;
                let (slots, wears, panels) = machines.get(roster.entity(local)).ok()?;
                Some(source.of(slots, wears, panels))
            }));
            if values.len() < condition.reads.len() {
                continue;
            }
            let value = condition.bound.eval(&values);
            if value == 0.0 || value.is_nan() {
                *standing = Standing { since: None, called: false, times: standing.times };
                continue;
            }
            let since = *standing.since.get_or_insert(course.clock.tick);
            let held = i64::from(course.clock.tick - since) * plan.tick.0;
            let spent = standing.called || (condition.once && standing.times > 0);
            if held >= condition.holds && !spent {
                let deed = Deed::Act { action: condition.action as u32, occurrence: standing.times };
                standing.called = true;
                standing.times += 1;
                for &machine in &plan.script.actions[condition.action].machines {
                    if let Some(local) = roster.local(future, machine) {
                        agenda.add(course.clock.tick + 1, local, deed);
                    }
                }
            }
        }
    }
}
