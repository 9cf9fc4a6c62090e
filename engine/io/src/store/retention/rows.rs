//! Tables whose old rows go one by one: which may go, and which stay because something still needs them.
//!
//! A row never takes others along that have a time of their own to be kept: those go first. Only the course of an alert
//! goes with it.

use super::super::archive::Watch;
use super::super::link::{Dialect, Link};
use super::{Gone, NEVER, counted, micros};
use crate::outlets::trouble::OutletTrouble;
use std::collections::BTreeMap;

/// Which rows of a table may go: `x` is the row, $1 the instant before which they are old, $2 and on those of other tables.
#[derive(Debug)]
pub(super) struct Rule {
    table: &'static str,
    time: &'static str,
    old: &'static str,
    others: &'static [&'static str],
    /// Rows of one transaction.
    batch: i64,
    /// Whether rows of a log that only grows go with it.
    guarded: bool,
}

const PLAIN: Rule = Rule { table: "", time: "x.time", old: "x.time < $1", others: &[], batch: 2_000, guarded: false };

pub(super) static RULES: [Rule; 14] = [
    // The mode that a machine was in at that instant stays known.
    Rule {
        table: "status_events",
        old: "x.time < $1 AND EXISTS (SELECT 1 FROM status_events y WHERE y.run_id = x.run_id \
              AND y.equipment_id = x.equipment_id AND y.time > x.time AND y.time <= $1)",
        ..PLAIN
    },
    // The last state of a run stays.
    Rule {
        table: "state_snapshots",
        old: "x.time < $1 AND EXISTS (SELECT 1 FROM state_snapshots y WHERE y.run_id = x.run_id \
              AND y.equipment_id = x.equipment_id AND y.time > x.time)",
        batch: 500,
        ..PLAIN
    },
    Rule {
        table: "checkpoints",
        old: "x.time < $1 AND EXISTS (SELECT 1 FROM checkpoints y WHERE y.run_id = x.run_id AND y.tick > x.tick)",
        batch: 20,
        ..PLAIN
    },
    Rule { table: "inputs", ..PLAIN },
    // What a mirror would need to start again from the last checkpoint, or from the one before if that is damaged, stays.
    Rule {
        table: "journal",
        time: "x.written_at",
        old: "x.written_at < $1 AND x.number <= (SELECT m.stored FROM mirrors m WHERE m.run_id = x.run_id) \
              AND EXISTS (SELECT 1 FROM checkpoints c WHERE c.run_id = x.run_id AND c.entry >= x.number \
              AND (x.last_tick IS NULL OR x.last_tick <= c.tick) \
              AND EXISTS (SELECT 1 FROM checkpoints y WHERE y.run_id = c.run_id AND y.tick > c.tick))",
        batch: 200,
        ..PLAIN
    },
    Rule { table: "quarantine", time: "x.arrived", old: "x.arrived < $1", batch: 500, ..PLAIN },
    Rule { table: "actions", time: "x.asked_at", old: "x.asked_at < $1 AND x.state = 'taken'", ..PLAIN },
    Rule { table: "performance_metrics", ..PLAIN },
    Rule { table: "anomaly_records", old: "coalesce(x.ended_at, x.time) < $1", ..PLAIN },
    Rule { table: "predictions", ..PLAIN },
    Rule { table: "notification_logs", ..PLAIN },
    Rule {
        table: "outbox",
        time: "x.created_at",
        old: "x.created_at < $1 AND x.state IN ('delivered', 'dead') \
              AND NOT EXISTS (SELECT 1 FROM notification_logs n WHERE n.outbox_id = x.id AND n.time >= $2)",
        others: &["notification_logs"],
        ..PLAIN
    },
    Rule {
        table: "alerts",
        time: "x.resolved_at",
        old: "x.status = 'resolved' AND x.resolved_at < $1 AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.alert_id = x.id \
              AND (o.state = 'waiting' OR o.created_at >= $2 \
                   OR EXISTS (SELECT 1 FROM notification_logs n WHERE n.outbox_id = o.id AND n.time >= $3)))",
        others: &["outbox", "notification_logs"],
        batch: 500,
        guarded: true,
    },
    Rule { table: "maintenance_reports", time: "x.to_time", old: "x.to_time < $1", batch: 500, ..PLAIN },
];

/// Drops the rows of a rule, or counts them. None when there are none.
pub(super) async fn prune(
    link: &mut Link,
    rule: &Rule,
    cutoffs: &BTreeMap<&str, i64>,
    dry_run: bool,
    watch: &Watch<'_>,
) -> Result<Option<Gone>, OutletTrouble> {
    let cutoff = |table: &str| cutoffs.get(table).copied().unwrap_or(NEVER);
    if rule.table == "inputs" {
        return prune_inputs(link, [cutoff(rule.table), cutoff("checkpoints")], dry_run, watch).await;
    }
    let mut values = vec![micros(cutoff(rule.table))];
    values.extend(rule.others.iter().map(|table| micros(cutoff(table))));
    let Rule { table, time, old, batch, .. } = rule;
    let count = format!("SELECT count(*), min({time}), max({time}) FROM {table} x WHERE {old}");
    let mut gone = counted(table, link.first(count, &values).await?.as_ref());
    if dry_run || gone.rows == 0 {
        return Ok((gone.rows > 0).then_some(gone));
    }
    let drop = drop_some(link.dialect(), table, old, *batch);
    gone.rows = 0;
    while !watch.stopped() {
        let dropped =
            if rule.guarded { guarded(link, &drop, &values).await? } else { link.run(&*drop, &values).await? };
        gone.rows += dropped;
        (watch.tell)(table, gone.rows);
        if dropped == 0 {
            break;
        }
    }
    Ok(Some(gone))
}

/// Rows are named by where they lie: no table here has a key that is the same in all.
fn drop_some(dialect: Dialect, table: &str, old: &str, batch: i64) -> String {
    match dialect {
        Dialect::Postgres => format!(
            "DELETE FROM {table} WHERE ctid = ANY (ARRAY (SELECT x.ctid FROM {table} x WHERE {old} LIMIT {batch}))"
        ),
        Dialect::Sqlite => {
            format!("DELETE FROM {table} WHERE rowid IN (SELECT x.rowid FROM {table} x WHERE {old} LIMIT {batch})")
        }
    }
}

/// A delete that takes rows of a log along which only grows else.
async fn guarded(link: &mut Link, drop: &str, values: &[super::Cell]) -> Result<u64, OutletTrouble> {
    link.begin().await?;
    let done = within(link, drop, values).await;
    match done {
        Ok(dropped) => link.commit().await.map(|()| dropped),
        Err(trouble) => {
            // What went wrong first is what is told.
            let _ = link.roll_back().await;
            Err(trouble)
        }
    }
}

async fn within(link: &mut Link, drop: &str, values: &[super::Cell]) -> Result<u64, OutletTrouble> {
    link.run("UPDATE store_state SET pruning = 1", &[]).await?;
    let dropped = link.run(drop, values).await?;
    link.run("UPDATE store_state SET pruning = 0", &[]).await?;
    Ok(dropped)
}

/// The log of what feeds told has ticks instead of times. What no checkpoint needs any more goes: without one, a run
/// begins at its start and needs all of it.
async fn prune_inputs(
    link: &mut Link,
    [cutoff, checkpoints]: [i64; 2],
    dry_run: bool,
    watch: &Watch<'_>,
) -> Result<Option<Gone>, OutletTrouble> {
    // The first checkpoint of those that stay, whether the others are gone yet or not.
    let ask = "SELECT r.id, r.start_time, r.tick_ns, (SELECT min(c.tick) FROM checkpoints c WHERE c.run_id = r.id \
               AND (c.time >= $1 OR NOT EXISTS (SELECT 1 FROM checkpoints y WHERE y.run_id = c.run_id AND y.tick > c.tick))) \
               FROM runs r WHERE EXISTS (SELECT 1 FROM inputs i WHERE i.run_id = r.id) ORDER BY r.id";
    let mut gone = Gone { table: "inputs".to_owned(), ..Gone::default() };
    for run in link.all(ask, &[micros(checkpoints)]).await? {
        let (start, step) = (i128::from(run.int(1)) * 1_000, i128::from(run.int(2).max(1)));
        let Some(needed) = run.maybe_int(3) else { continue };
        // The first tick that is not before the cutoff.
        let old = -(start - i128::from(cutoff) * 1_000).div_euclid(step);
        let before = i64::try_from(old.min(i128::from(needed))).unwrap_or(0).max(0);
        let values = [run.int(0).into(), before.into()];
        let count = "SELECT count(*), min(tick), max(tick) FROM inputs WHERE run_id = $1 AND tick < $2";
        let found = link.first(count, &values).await?;
        let rows = found.as_ref().map_or(0, |found| found.int(0)).unsigned_abs();
        if rows == 0 {
            continue;
        }
        let at = |place| found.as_ref().map(|found| i128::from(found.int(place)) * step + start);
        let time = |place| at(place).and_then(|nanos| i64::try_from(nanos).ok()).map(twinwright_model::Time);
        gone.first = gone.first.into_iter().chain(time(1)).min();
        gone.last = gone.last.into_iter().chain(time(2)).max();
        if dry_run {
            gone.rows += rows;
            continue;
        }
        let drop = drop_some(link.dialect(), "inputs", "x.run_id = $1 AND x.tick < $2", PLAIN.batch);
        while !watch.stopped() {
            let dropped = link.run(&*drop, &values).await?;
            gone.rows += dropped;
            if dropped == 0 {
                break;
            }
        }
    }
    Ok((gone.rows > 0).then_some(gone))
}

/// What may go of a log that only grows: up to the first row that is not old.
pub(super) async fn of_log(link: &mut Link, table: &str, before: i64) -> Result<Gone, OutletTrouble> {
    let count = format!(
        "SELECT count(*), min(time), max(time) FROM {table} WHERE id < coalesce((SELECT min(id) FROM {table} WHERE time >= $1), \
         (SELECT max(id) + 1 FROM {table}))"
    );
    Ok(counted(table, link.first(count, &[micros(before)]).await?.as_ref()))
}
