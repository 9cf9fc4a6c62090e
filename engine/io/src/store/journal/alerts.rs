//! An entry's alerts: each row as it stands after it, each step once, and what outlets have to be told.
//!
//! Whatever an alert says of itself, its row keeps the rules of the table: a mirror must not stop because of one.

use super::names::{key, or_else, plain};
use super::notice;
use super::roster::Roster;
use crate::outlets::trouble::OutletTrouble;
use crate::store::chronicle::Insert;
use crate::store::{Cell, Link};
use std::collections::{BTreeMap, BTreeSet};
use twinwright_model::Time;
use twinwright_model::live::{Alert, AlertChange, AlertStatus, Hidden};

/// Uids asked for in one statement.
const UIDS: usize = 500;
const COLUMNS: [&str; 24] = [
    "uid",
    "run_id",
    "equipment_id",
    "sensor_id",
    "rule",
    "alert_group",
    "first_up",
    "escalated",
    "severity",
    "priority",
    "status",
    "message",
    "trigger_value",
    "threshold_value",
    "raised_at",
    "returned_at",
    "acknowledged_at",
    "acknowledged_by",
    "resolved_at",
    "resolved_by",
    "suppressed_by",
    "shelved_until",
    "shelved_by",
    "shelve_reason",
];
/// What an alert is from its beginning on.
const FIXED: usize = 5;

/// Whose alerts they are, and who is told.
pub(super) struct Desk<'a> {
    pub run: i64,
    pub site: &'a str,
    pub path: &'a str,
    pub outlets: &'a [String],
    pub roster: &'a Roster,
    /// When the entry was put together.
    pub written: Time,
    /// Actions that the entry hears: steps that one of them made before, while no engine was there, are there already.
    pub actions: Vec<String>,
}

impl Desk<'_> {
    /// Writes the changes of an entry within the caller's transaction.
    pub async fn write(&self, link: &mut Link, changes: &[AlertChange]) -> Result<(), OutletTrouble> {
        if changes.is_empty() {
            return Ok(());
        }
        self.write_rows(link, changes).await?;
        self.write_steps(link, changes).await?;
        self.write_outbox(link, changes).await
    }

    async fn write_rows(&self, link: &mut Link, changes: &[AlertChange]) -> Result<(), OutletTrouble> {
        let mut last: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, change) in changes.iter().enumerate() {
            last.insert(&change.alert.uid, at);
        }
        let set: Vec<String> = COLUMNS[FIXED..].iter().map(|column| format!("{column} = excluded.{column}")).collect();
        let mut rows = Insert::into("alerts", &COLUMNS, &format!("ON CONFLICT (uid) DO UPDATE SET {}", set.join(", ")));
        let mut in_order: Vec<usize> = last.into_values().collect();
        in_order.sort_unstable();
        for at in in_order {
            rows.add(self.row(&changes[at])?);
        }
        rows.write(link).await
    }

    fn row(&self, change: &AlertChange) -> Result<[Cell; 24], OutletTrouble> {
        let alert = &change.alert;
        let machine = self.roster.machine(alert.machine)?;
        let sensor = alert.sensor.as_ref().and_then(|sensor| self.roster.sensor(alert.machine, sensor));
        let standing = Standing::of(change);
        let shelf = alert.shelved.as_ref();
        Ok([
            key(&alert.uid).into(),
            self.run.into(),
            machine.into(),
            sensor.into(),
            or_else(&alert.rule, "-").into(),
            alert.group.as_deref().map(plain).into(),
            i64::from(alert.first_up).into(),
            alert.escalated.into(),
            alert.severity.to_string().into(),
            (alert.severity as i64 + 1).into(),
            alert.status.name().into(),
            plain(&alert.message).into(),
            alert.value.into(),
            alert.limit.into(),
            alert.raised.into(),
            alert.returned.map(|time| time.max(alert.raised)).into(),
            standing.acknowledged.as_ref().map(|(time, _)| *time).into(),
            standing.acknowledged.map(|(_, by)| by).into(),
            standing.resolved.as_ref().map(|(time, _)| *time).into(),
            standing.resolved.map(|(_, by)| by).into(),
            standing.hidden.into(),
            shelf.map(|shelf| shelf.until).into(),
            shelf.map(|shelf| or_else(&shelf.by, "engine")).into(),
            shelf.map(|shelf| plain(&shelf.reason)).into(),
        ])
    }

    async fn write_steps(&self, link: &mut Link, changes: &[AlertChange]) -> Result<(), OutletTrouble> {
        let mut done = self.done_before(link).await?;
        let uids: BTreeSet<String> = changes.iter().map(|change| key(&change.alert.uid)).collect();
        let mut numbers = last_numbers(link, &uids.into_iter().collect::<Vec<_>>()).await?;
        let columns = ["alert_id", "number", "time", "what", "status", "by_whom", "comment", "value"];
        let mut rows = Insert::into("alert_transitions", &columns, "").form(0, "(SELECT id FROM alerts WHERE uid = $)");
        for change in changes {
            let uid = key(&change.alert.uid);
            if let Some(at) = done.iter().position(|(of, what)| *of == uid && what == change.step.name()) {
                done.swap_remove(at);
                continue;
            }
            let last = numbers.entry(uid.clone()).or_insert(0);
            // Where a step was made without the engine, its own come after it.
            *last = i64::from(change.number).max(*last + 1);
            rows.add([
                uid.into(),
                (*last).into(),
                change.time.into(),
                change.step.name().into(),
                change.alert.status.name().into(),
                or_else(&change.by, "engine").into(),
                change.comment.as_deref().map(plain).into(),
                change.value.into(),
            ]);
        }
        rows.write(link).await
    }

    /// Steps that were made in the rows when these actions were asked: alert and step.
    async fn done_before(&self, link: &mut Link) -> Result<Vec<(String, String)>, OutletTrouble> {
        let mut done = Vec::new();
        for some in self.actions.chunks(UIDS) {
            let places: Vec<String> = (1..=some.len()).map(|place| format!("${place}")).collect();
            let ask = format!(
                "SELECT a.uid, t.what FROM alert_transitions t JOIN alerts a ON a.id = t.alert_id \
                 WHERE t.action IS NOT NULL AND t.action IN ({}) ORDER BY t.alert_id, t.number",
                places.join(", ")
            );
            let values: Vec<Cell> = some.iter().map(Cell::from).collect();
            link.each(ask, &values, |row| done.push((row.text(0).to_owned(), row.text(1).to_owned()))).await?;
        }
        Ok(done)
    }

    async fn write_outbox(&self, link: &mut Link, changes: &[AlertChange]) -> Result<(), OutletTrouble> {
        let columns = ["uid", "topic", "alert_id", "payload", "created_at", "next_attempt_at"];
        let mut rows = Insert::into("outbox", &columns, "ON CONFLICT (uid) DO NOTHING")
            .form(2, "(SELECT id FROM alerts WHERE uid = $)");
        for change in changes.iter().filter(|change| change.tell) {
            let machine = self.roster.machine_name(change.alert.machine);
            let payload = notice::payload(change, machine, self.site, self.path);
            for outlet in self.outlets {
                rows.add([
                    key(&format!("{}/{}/{outlet}", change.alert.uid, change.number)).into(),
                    outlet.into(),
                    key(&change.alert.uid).into(),
                    payload.clone().into(),
                    self.written.into(),
                    self.written.into(),
                ]);
            }
        }
        rows.write(link).await
    }
}

/// The last number of each alert's steps.
async fn last_numbers(link: &mut Link, uids: &[String]) -> Result<BTreeMap<String, i64>, OutletTrouble> {
    let mut numbers = BTreeMap::new();
    for some in uids.chunks(UIDS) {
        let places: Vec<String> = (1..=some.len()).map(|place| format!("${place}")).collect();
        let ask = format!(
            "SELECT a.uid, max(t.number) FROM alerts a JOIN alert_transitions t ON t.alert_id = a.id \
             WHERE a.uid IN ({}) GROUP BY a.uid",
            places.join(", ")
        );
        let values: Vec<Cell> = some.iter().map(Cell::from).collect();
        link.each(ask, &values, |row| {
            numbers.insert(row.text(0).to_owned(), row.int(1));
        })
        .await?;
    }
    Ok(numbers)
}

/// What must fit the status of an alert.
struct Standing {
    acknowledged: Option<(Time, String)>,
    resolved: Option<(Time, String)>,
    hidden: Option<&'static str>,
}

impl Standing {
    fn of(change: &AlertChange) -> Standing {
        let alert: &Alert = &change.alert;
        let now = || Some((change.time, change.by.clone()));
        let whole = |(time, by): (Time, String)| (time, or_else(&by, "engine"));
        let acknowledged = match alert.status {
            AlertStatus::Acknowledged => alert.acknowledged.clone().or_else(now),
            _ => alert.acknowledged.clone(),
        };
        let resolved = match alert.status {
            AlertStatus::Resolved => alert.resolved.clone().or_else(now),
            _ => None,
        };
        let hidden = match (alert.status, alert.hidden) {
            (AlertStatus::Suppressed, Some(Hidden::Shelved)) if alert.shelved.is_none() => Some(Hidden::Design),
            (AlertStatus::Suppressed, hidden) => hidden.or(Some(Hidden::Design)),
            _ => None,
        };
        let resolved = resolved.map(whole).map(|(time, by)| (time.max(alert.raised), by));
        Standing { acknowledged: acknowledged.map(whole), resolved, hidden: hidden.map(Hidden::name) }
    }
}
