//! Alerts of a run as rows: each alert as it stands, and its course.
//!
//! In a simulated run nobody acknowledges: an alert whose condition returned is resolved by the engine. One that was raised
//! in maintenance is suppressed by design until it returns or outlasts the maintenance.

use std::collections::BTreeMap;
use twinwright_core::Plan;
use twinwright_io::store::chronicle::{AlertRow, TurnRow, Unit};
use twinwright_model::{AlertRecord, AlertState, Time};

/// The alerts that are open, and how many there were.
#[derive(Debug)]
pub struct Alarms {
    /// By machine and rule, with how many steps its course has.
    open: BTreeMap<(u32, String), (AlertRow, u32)>,
    pub count: u64,
    /// Where the run begins: an alert that returns unheard was open then.
    first: Time,
}

impl Alarms {
    pub fn new(first: Time) -> Alarms {
        Alarms { open: BTreeMap::new(), count: 0, first }
    }

    /// Adds what an alert did to a piece of history.
    pub fn hear(&mut self, plan: &Plan, alert: &AlertRecord, unit: &mut Unit) {
        let key = (alert.machine, alert.rule.clone());
        let known = self.open.remove(&key);
        let is_known = known.is_some();
        let (mut row, turns) = known.unwrap_or_else(|| {
            self.count += 1;
            (new_row(plan, alert, self.count, self.first), 0)
        });
        let (what, status) = match alert.state {
            AlertState::Cleared => ("resolved", "resolved"),
            AlertState::Raised if alert.suppressed => ("suppressed", "suppressed"),
            AlertState::Raised if is_known => ("unsuppressed", "active"),
            AlertState::Raised => ("raised", "active"),
        };
        row.status = status;
        row.returned = (alert.state == AlertState::Cleared).then_some(alert.time);
        let turns = turns + 1;
        let value = f64::from(alert.value);
        unit.turns.push(TurnRow { alert: row.number, number: turns, time: alert.time, what, status, value });
        unit.alerts.insert(row.number, row.clone());
        if alert.state == AlertState::Raised {
            self.open.insert(key, (row, turns));
        }
    }
}

fn new_row(plan: &Plan, alert: &AlertRecord, number: u64, first: Time) -> AlertRow {
    let sensors = &plan.model_of(alert.machine).sensors;
    let sensor = sensors.iter().position(|sensor| sensor.name == alert.sensor).unwrap_or(0);
    let unit = sensors.get(sensor).map_or("", |sensor| &sensor.unit);
    let raised = if alert.state == AlertState::Raised { alert.time } else { first };
    let beyond = if alert.rule.contains(".low") { "below" } else { "above" };
    AlertRow {
        number,
        machine: alert.machine,
        sensor: sensor as u16,
        rule: alert.rule.clone(),
        severity: alert.severity,
        status: "active",
        message: format!("{} is {} {unit}, {beyond} {} {unit}", alert.sensor, alert.value, alert.limit)
            .replace(" ,", ","),
        value: f64::from(alert.value),
        limit: alert.limit,
        raised,
        returned: None,
    }
}
