//! The system that judges limits: delays and deadbands between a reading beyond a limit and an alert.

use super::Level;
use crate::economy::Meters;
use crate::world::{Blackboard, Course, Machine, Modes, Outbox, Panels, Roster};
use bevy_ecs::prelude::{Query, Res, ResMut, Resource};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use twinwright_model::{AlertRecord, AlertState, Mode, Quality, Time};

/// A limit that is passed, or an alert that is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct LimitWatch {
    /// The alert was raised.
    pub raised: bool,
    pub suppressed: bool,
    /// Since when the reading is beyond the limit (not raised) or back (raised), in nanoseconds.
    pub since: Option<i64>,
}

/// Watches by machine, sensor and level. A map and no entities: a sensor that is sampled several times a tick may open
/// and close one within a single run of the system.
#[derive(Debug, Clone, Default, Resource)]
pub struct Watches(pub BTreeMap<(u32, u16, Level), LimitWatch>);

/// Nanoseconds.
const HOUR: f64 = 3.6e12;

/// What happens to a watch at a reading.
#[derive(Debug, PartialEq)]
enum Turn {
    Wait,
    Raise,
    Clear,
    Forget,
}

/// Looks at panels with a lane beyond a limit or with an open watch.
#[allow(clippy::too_many_arguments)]
pub fn judge_limits(
    course: Res<Course>,
    roster: Res<Roster>,
    mut blackboard: ResMut<Blackboard>,
    mut watches: ResMut<Watches>,
    mut outbox: ResMut<Outbox>,
    mut machines: Query<(&Machine, &Modes, &mut Panels, &mut Meters)>,
) {
    let plan = &*course.plan;
    for hot in std::mem::take(&mut blackboard.hot) {
        let Ok((machine, modes, mut panels, mut meters)) = machines.get_mut(roster.entity(hot.local)) else { continue };
        let model = &plan.models[machine.model as usize];
        let mut watched = 0u16;
        for (number, sensor) in model.sensors.iter().enumerate().filter(|(_, sensor)| sensor.panel == hot.panel) {
            let Some(limits) = &sensor.limits else { continue };
            let reading = hot.measured[sensor.lane as usize];
            let has_value = Quality::from_code(hot.quality[sensor.lane as usize]).has_value() && !reading.is_nan();
            let now = i64::from(course.clock.tick) * plan.tick.0 + hot.after;
            for level in Level::ALL {
                let key = (hot.local, number as u16, level);
                // A lane that is not watched has nothing to look up: most lanes of a hot panel are fine.
                let known =
                    panels.0[hot.panel as usize].watched & (1 << sensor.lane) != 0 && watches.0.contains_key(&key);
                let passed = has_value && limits.beyond(level, reading);
                if !known && !passed {
                    continue;
                }
                let watch = watches.0.entry(key).or_default();
                let mut turn = if has_value { watch.judge(limits, level, reading, now) } else { Turn::Wait };
                if turn == Turn::Wait && watch.raised && watch.suppressed && modes.mode != Mode::Maintenance {
                    // What outlasts the maintenance that hid it is shown now.
                    turn = Turn::Raise;
                }
                if turn == Turn::Raise {
                    watch.suppressed = modes.mode == Mode::Maintenance;
                    if !watch.suppressed {
                        meters.alerts += 1;
                        let is_beyond = limits.beyond(level, hot.truth[sensor.lane as usize] as f32);
                        meters.detection.alert(now as f64 / HOUR, plan.tick.hours(), is_beyond);
                    }
                }
                if matches!(turn, Turn::Raise | Turn::Clear) && !outbox.muted {
                    let limit = limits.at[level as usize].unwrap_or(f64::NAN);
                    let alert = AlertRecord {
                        time: Time(plan.start.0 + now),
                        machine: machine.machine,
                        future: machine.future,
                        sensor: sensor.name.clone(),
                        rule: format!("{}.{}", sensor.name, level.name()),
                        severity: level.severity(),
                        state: if turn == Turn::Raise { AlertState::Raised } else { AlertState::Cleared },
                        value: reading,
                        limit,
                        suppressed: watch.suppressed,
                    };
                    say(alert, &mut outbox);
                }
                if matches!(turn, Turn::Clear | Turn::Forget) {
                    watches.0.remove(&key);
                } else {
                    watched |= 1 << sensor.lane;
                }
            }
        }
        panels.0[hot.panel as usize].watched = watched;
    }
}

impl LimitWatch {
    fn judge(&mut self, limits: &super::LimitsPlan, level: Level, reading: f32, now: i64) -> Turn {
        if !self.raised {
            if !limits.beyond(level, reading) {
                return Turn::Forget;
            }
            let since = *self.since.get_or_insert(now);
            if now - since < limits.on_delay {
                return Turn::Wait;
            }
            (self.raised, self.since) = (true, None);
            return Turn::Raise;
        }
        if !limits.back(level, reading) {
            self.since = None;
            return Turn::Wait;
        }
        let since = *self.since.get_or_insert(now);
        if now - since < limits.off_delay { Turn::Wait } else { Turn::Clear }
    }
}

fn say(alert: AlertRecord, outbox: &mut Outbox) {
    outbox.event(alert.time, (alert.machine, alert.future), "alert", || {
        [
            ("rule", json!(alert.rule)),
            ("severity", json!(alert.severity)),
            ("state", json!(alert.state)),
            ("suppressed", json!(alert.suppressed)),
        ]
    });
    outbox.alerts.push(alert);
}
