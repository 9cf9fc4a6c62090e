//! Rows that name what is not there, and in SQLite pages and indexes that are damaged.

use super::{Ask, Verdict};
use crate::outlets::trouble::OutletTrouble;
use crate::store::{Dialect, Link};

/// Faults of one sort that SQLite tells at most.
const TOLD: usize = 100;

/// Every foreign key: table, column, and the table whose `id` it is. The last three are kept by triggers in PostgreSQL.
pub(super) const KEYS: [(&str, &str, &str); 42] = [
    ("sensors", "equipment_id", "equipment"),
    ("equipment_links", "from_id", "equipment"),
    ("equipment_links", "to_id", "equipment"),
    ("run_configurations", "run_id", "runs"),
    ("run_configurations", "configuration_id", "machine_configurations"),
    ("run_measures", "run_id", "runs"),
    ("status_events", "run_id", "runs"),
    ("status_events", "equipment_id", "equipment"),
    ("state_snapshots", "run_id", "runs"),
    ("state_snapshots", "equipment_id", "equipment"),
    ("performance_metrics", "run_id", "runs"),
    ("performance_metrics", "equipment_id", "equipment"),
    ("checkpoints", "run_id", "runs"),
    ("inputs", "run_id", "runs"),
    ("latest_readings", "sensor_id", "sensors"),
    ("rollups_due", "sensor_id", "sensors"),
    ("anomaly_records", "run_id", "runs"),
    ("anomaly_records", "equipment_id", "equipment"),
    ("anomaly_records", "sensor_id", "sensors"),
    ("alerts", "run_id", "runs"),
    ("alerts", "equipment_id", "equipment"),
    ("alerts", "sensor_id", "sensors"),
    ("alert_transitions", "alert_id", "alerts"),
    ("outbox", "alert_id", "alerts"),
    ("notification_logs", "outbox_id", "outbox"),
    ("predictions", "run_id", "runs"),
    ("predictions", "equipment_id", "equipment"),
    ("maintenance_tasks", "equipment_id", "equipment"),
    ("maintenance_logs", "run_id", "runs"),
    ("maintenance_logs", "equipment_id", "equipment"),
    ("maintenance_logs", "task_id", "maintenance_tasks"),
    ("maintenance_reports", "run_id", "runs"),
    ("mirrors", "run_id", "runs"),
    ("channels", "run_id", "runs"),
    ("channels", "sensor_id", "sensors"),
    ("journal", "run_id", "runs"),
    ("quarantine", "run_id", "runs"),
    ("actions", "run_id", "runs"),
    ("out_of_service", "equipment_id", "equipment"),
    ("sensor_readings", "sensor_id", "sensors"),
    ("sensor_readings_1m", "sensor_id", "sensors"),
    ("sensor_readings_1h", "sensor_id", "sensors"),
];
/// Those at the end, of tables that are too big to be read for this.
const BIG: usize = 3;

pub(super) async fn check(link: &mut Link, ask: &Ask<'_>, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    match link.dialect() {
        Dialect::Sqlite => of_file(link, ask, verdict).await,
        Dialect::Postgres => of_server(link, ask, verdict).await,
    }
}

/// SQLite looks at every page, every index and every key.
async fn of_file(link: &mut Link, ask: &Ask<'_>, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    (ask.tell)("pages and indexes", 0, 2);
    for row in link.all(format!("PRAGMA integrity_check({TOLD})"), &[]).await? {
        if row.text(0) != "ok" {
            verdict.fault("keys", row.text(0));
        }
    }
    (ask.tell)("foreign keys", 1, 2);
    let mut told = 0;
    let mut more = 0;
    let find = "SELECT \"table\", rowid, parent FROM pragma_foreign_key_check";
    link.each(find, &[], |row| {
        let place = row.maybe_int(1).map_or("a row".to_owned(), |id| format!("row {id}"));
        if told < TOLD {
            told += 1;
            verdict.fault("keys", format!("{}: {place} names what is not in {}", row.text(0), row.text(2)));
        } else {
            more += 1;
        }
    })
    .await?;
    if more > 0 {
        verdict.fault("keys", format!("{more} rows more name what is not there"));
    }
    verdict.done("keys", "all pages, indexes and foreign keys");
    Ok(())
}

async fn of_server(link: &mut Link, ask: &Ask<'_>, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    let made = link.all(FOREIGN_KEYS, &[]).await?;
    for (at, (table, column, parent)) in KEYS.into_iter().enumerate() {
        if ask.stopped() {
            return Ok(());
        }
        (ask.tell)("foreign keys", at as u64, KEYS.len() as u64);
        let big = at >= KEYS.len() - BIG;
        let is_made = made.iter().any(|row| [row.text(0), row.text(1), row.text(2)] == [table, column, parent]);
        if !big && !is_made {
            verdict.fault("keys", format!("the foreign key from {table}.{column} to {parent} is missing"));
        }
        let find = if big { lost_sensors(table) } else { orphans(table, column, parent) };
        let found = link.first(find, &[]).await?.unwrap_or_default();
        if found.int(0) > 0 {
            let (count, first) = (found.int(0), found.int(1));
            let whose = if big { "sensors that readings name" } else { "rows name what" };
            let said = match big {
                true => format!("{table}: {count} {whose} are not there, the first is sensor {first}"),
                false => format!("{table}: {count} {whose} is not in {parent}, the first {column} is {first}"),
            };
            verdict.fault("keys", said);
        }
    }
    verdict.done("keys", format!("{} foreign keys", KEYS.len()));
    Ok(())
}

const FOREIGN_KEYS: &str = "SELECT c.relname, a.attname, p.relname FROM pg_constraint k \
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid \
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1] \
    WHERE k.contype = 'f' AND c.relnamespace = current_schema()::regnamespace";

fn orphans(table: &str, column: &str, parent: &str) -> String {
    format!(
        "SELECT count(*), min(t.{column}) FROM {table} t LEFT JOIN {parent} p ON p.id = t.{column} \
         WHERE t.{column} IS NOT NULL AND p.id IS NULL"
    )
}

/// Goes from one sensor to the next by the key, so that few rows are read.
fn lost_sensors(table: &str) -> String {
    format!(
        "WITH RECURSIVE each_of (id) AS ((SELECT min(sensor_id) FROM {table}) UNION ALL \
         SELECT (SELECT min(sensor_id) FROM {table} WHERE sensor_id > each_of.id) FROM each_of WHERE each_of.id IS NOT NULL) \
         SELECT count(*), min(each_of.id) FROM each_of LEFT JOIN sensors s ON s.id = each_of.id \
         WHERE each_of.id IS NOT NULL AND s.id IS NULL"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations;
    use sqlx::{Connection, SqliteConnection};
    use std::collections::BTreeSet;

    #[test]
    fn every_foreign_key_is_looked_at() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found: BTreeSet<(String, String, String)> = runtime.block_on(async {
            let mut fresh = SqliteConnection::connect("sqlite::memory:").await.unwrap();
            migrations::sqlite(&mut fresh).await.unwrap();
            let ask = "SELECT m.name, f.\"from\", f.\"table\" FROM sqlite_master m, pragma_foreign_key_list(m.name) f";
            sqlx::query_as(ask).fetch_all(&mut fresh).await.unwrap().into_iter().collect()
        });
        let looked_at = KEYS.map(|(table, column, parent)| (table.to_owned(), column.to_owned(), parent.to_owned()));
        assert_eq!(found, looked_at.into_iter().collect());
    }
}
