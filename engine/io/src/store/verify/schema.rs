//! The schema itself: tables, indexes and guards that were dropped, changed or turned off.

use super::{Ask, Verdict};
use crate::outlets::trouble::OutletTrouble;
use crate::store::{Dialect, Link, migrations};
use std::collections::BTreeMap;

/// What PostgreSQL's tables are guarded by: table and trigger.
const GUARDS: [(&str, &str); 14] = [
    ("sensor_readings", "inserted_readings_have_sensors"),
    ("sensor_readings", "updated_readings_have_sensors"),
    ("sensor_readings_1m", "inserted_minutes_have_sensors"),
    ("sensor_readings_1h", "inserted_hours_have_sensors"),
    ("sensors", "sensors_with_readings_stay"),
    ("sensors", "truncated_sensors_have_no_readings"),
    ("audit_log", "only_grows"),
    ("system_events", "only_grows"),
    ("alert_transitions", "only_grows"),
    ("maintenance_logs", "only_grows"),
    ("audit_log", "never_emptied"),
    ("system_events", "never_emptied"),
    ("alert_transitions", "never_emptied"),
    ("maintenance_logs", "never_emptied"),
];

pub(super) async fn check(link: &mut Link, ask: &Ask<'_>, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    (ask.tell)("schema", 0, 1);
    match link.dialect() {
        Dialect::Sqlite => of_file(link, verdict).await,
        Dialect::Postgres => of_server(link, verdict).await,
    }
}

/// Everything that the migrations make must be there as they make it: they are done once more, in memory.
async fn of_file(link: &mut Link, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    let wanted = migrations::fresh_sqlite(link.name()).await?;
    let ask = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL";
    let there = link.all(ask, &[]).await?;
    let there: BTreeMap<&str, &str> = there.iter().map(|row| (row.text(1), row.text(2))).collect();
    for (kind, name, text) in &wanted {
        match there.get(name.as_str()) {
            None => verdict.fault("schema", format!("{kind} {name} is missing")),
            Some(found) if found != text => {
                verdict.fault("schema", format!("{kind} {name} is not as the migrations make it"));
            }
            Some(_) => {}
        }
    }
    verdict.done("schema", format!("{} tables, indexes and guards", wanted.len()));
    Ok(())
}

async fn of_server(link: &mut Link, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    let ask = "SELECT c.relname, t.tgname, t.tgenabled::text, t.tgisinternal::integer FROM pg_trigger t \
               JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = current_schema()::regnamespace";
    let there = link.all(ask, &[]).await?;
    for (table, guard) in GUARDS {
        match there.iter().find(|row| (row.text(0), row.text(1)) == (table, guard)) {
            None => verdict.fault("schema", format!("guard {guard} of {table} is missing")),
            Some(row) if !matches!(row.text(2), "O" | "A") => {
                verdict.fault("schema", format!("guard {guard} of {table} is turned off"));
            }
            Some(_) => {}
        }
    }
    let mut off: Vec<&str> = there
        .iter()
        .filter(|row| row.int(3) == 1 && !matches!(row.text(2), "O" | "A"))
        .map(|row| row.text(0))
        .collect();
    off.dedup();
    off.iter().for_each(|table| verdict.fault("schema", format!("the foreign keys of {table} are turned off")));
    let ask = "SELECT c.relname, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid \
               WHERE c.relnamespace = current_schema()::regnamespace AND NOT k.convalidated ORDER BY 1, 2";
    for row in link.all(ask, &[]).await? {
        verdict.fault("schema", format!("constraint {} of {} was never checked", row.text(1), row.text(0)));
    }
    verdict.done("schema", format!("{} guards", GUARDS.len()));
    Ok(())
}
