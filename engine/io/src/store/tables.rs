//! What tables a store has: how their stretch of time is found without a look at every row, and which of them are the
//! store's own.

/// How the first and the last time of a table are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Its rows have no time.
    None,
    /// A column that has an index, or a table of few rows.
    Column(&'static str),
    /// By the key (owner, time), an owner after the other: the owner's table, and how the key calls it.
    Each(&'static str, &'static str),
}

/// A table that people know.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table {
    pub name: &'static str,
    pub reach: Reach,
}

const fn table(name: &'static str, reach: Reach) -> Table {
    Table { name, reach }
}

const BY_SENSOR: Reach = Reach::Each("sensors", "sensor_id");
const BY_MACHINE: Reach = Reach::Each("equipment", "equipment_id");

/// All tables with rows of a plant, in the order in which they are told.
pub(super) const TABLES: [Table; 34] = [
    table("equipment", Reach::None),
    table("sensors", Reach::None),
    table("equipment_links", Reach::None),
    table("machine_configurations", Reach::Column("created_at")),
    table("sensor_readings", BY_SENSOR),
    table("sensor_readings_1m", BY_SENSOR),
    table("sensor_readings_1h", BY_SENSOR),
    table("latest_readings", Reach::None),
    table("runs", Reach::Column("start_time")),
    table("run_configurations", Reach::None),
    table("run_measures", Reach::None),
    table("status_events", BY_MACHINE),
    table("state_snapshots", BY_MACHINE),
    table("performance_metrics", BY_MACHINE),
    table("checkpoints", Reach::Each("runs", "run_id")),
    table("inputs", Reach::None),
    table("mirrors", Reach::None),
    table("channels", Reach::None),
    table("journal", Reach::Column("written_at")),
    table("quarantine", Reach::Column("arrived")),
    table("anomaly_records", BY_MACHINE),
    table("alert_rules", Reach::None),
    table("alerts", Reach::Column("raised_at")),
    table("alert_transitions", Reach::None),
    table("actions", Reach::Column("asked_at")),
    table("out_of_service", Reach::None),
    table("outbox", Reach::None),
    table("notification_logs", Reach::None),
    table("predictions", Reach::None),
    table("maintenance_tasks", Reach::None),
    table("maintenance_logs", BY_MACHINE),
    table("maintenance_reports", Reach::None),
    table("audit_log", Reach::Column("time")),
    table("system_events", Reach::Column("time")),
];

/// Tables that keep the store itself; the last two are PostgreSQL's and the migrator's.
pub(super) const INNER: [&str; 8] = [
    "retention",
    "archives",
    "rollups_due",
    "rollups_state",
    "store_state",
    "chain_heads",
    "history_partitions",
    "_sqlx_migrations",
];

/// The functions of a store in PostgreSQL.
pub(super) const FUNCTIONS: [&str; 5] =
    ["readings_have_sensors", "sensors_with_readings_stay", "make_partition", "drop_partition", "only_grows"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::migrations;
    use std::collections::BTreeSet;

    #[test]
    fn every_table_is_known() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let made = runtime.block_on(migrations::fresh_sqlite("fresh")).unwrap();
        let mut made: BTreeSet<String> =
            made.into_iter().filter(|(kind, _, _)| kind == "table").map(|(_, name, _)| name).collect();
        made.insert("history_partitions".to_owned());
        let known = TABLES.iter().map(|table| table.name).chain(INNER).map(str::to_owned);
        assert_eq!(made, known.collect());
    }
}
