//! A trial: the whole site, as live mode has it, hears the tape; what it called people for is what counts.
//!
//! Nobody acknowledges here, and floods hold nothing back: counted is what a configuration asks of people by itself.

use super::tape::Tape;
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_core::alerts::kpi::AlertRow;
use twinwright_core::lookout::Lookout;
use twinwright_core::site::SitePlan;
use twinwright_model::Time;
use twinwright_model::live::{AlertChange, Step};

/// Somebody is called.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub time: Time,
    pub machine: u32,
    pub rule: String,
    pub sensor: Option<String>,
}

/// How a site went.
#[derive(Debug, Default)]
pub struct Course {
    pub calls: Vec<Call>,
    pub rows: Vec<AlertRow>,
}

/// The same site without flood control.
pub fn without_floods(site: SitePlan) -> Arc<SitePlan> {
    let mut site = site;
    site.alerts.flood = u32::MAX;
    Arc::new(site)
}

/// Goes through the whole tape.
pub fn run(site: &Arc<SitePlan>, tape: &Tape, progress: &mut dyn FnMut(u32)) -> Course {
    let mut lookout = Lookout::build(site, "tune");
    let (mut course, mut rows) = (Course::default(), BTreeMap::new());
    tape.play(|tick, heard| {
        lookout.tick(heard, &[]);
        for change in lookout.take_said().alerts {
            note(&mut course.calls, &mut rows, &change, lookout.mirror().machine_name(change.alert.machine));
        }
        progress(tick);
    });
    course.rows = rows.into_values().collect();
    course
}

fn note(calls: &mut Vec<Call>, rows: &mut BTreeMap<String, AlertRow>, change: &AlertChange, machine: &str) {
    let alert = &change.alert;
    let row = rows.entry(alert.uid.clone()).or_insert_with(|| AlertRow {
        machine: machine.to_owned(),
        rule: alert.rule.clone(),
        severity: alert.severity,
        raised: change.time,
        again: Vec::new(),
        returned: None,
        acknowledged: None,
        resolved: None,
        shelved: false,
        suppressed: true,
    });
    if change.tell && matches!(change.step, Step::Raised | Step::RaisedAgain) {
        let (time, machine) = (change.time, alert.machine);
        calls.push(Call { time, machine, rule: alert.rule.clone(), sensor: alert.sensor.clone() });
        if row.suppressed {
            (row.suppressed, row.raised) = (false, time);
        } else {
            row.again.push(time);
        }
    }
    row.returned = alert.returned;
    row.acknowledged = alert.acknowledged.as_ref().map(|(time, _)| *time);
    row.resolved = alert.resolved.as_ref().map(|(time, _)| *time);
}
