//! Partitions of PostgreSQL: those that `history_partitions` tells of are there, and reach as far as it says.

use super::Verdict;
use crate::outlets::trouble::OutletTrouble;
use crate::store::{Dialect, Link};

/// What is told beside what is attached. Bounds are read from their text, in the session's plain form of times.
const BOTH: &str = "WITH attached AS (SELECT p.relname AS parent, c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound \
     FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid \
     WHERE p.relkind = 'p' AND p.relnamespace = current_schema()::regnamespace) \
     SELECT coalesce(h.parent, a.parent)::text, coalesce(h.name, a.name)::text, (h.name IS NOT NULL)::integer, \
     (a.name IS NOT NULL)::integer, \
     coalesce((h.parent = a.parent AND h.starts = substring(a.bound FROM 'FROM \\(''([^'']*)''\\)')::timestamptz \
     AND h.ends = substring(a.bound FROM 'TO \\(''([^'']*)''\\)')::timestamptz), false)::integer, coalesce(a.bound, '') \
     FROM history_partitions h FULL JOIN attached a ON a.name = h.name ORDER BY 1, 2";

pub(super) async fn check(link: &mut Link, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    if link.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    let rows = link.all(BOTH, &[]).await?;
    for row in &rows {
        let (parent, name) = (row.text(0), row.text(1));
        match (row.int(2), row.int(3), row.int(4)) {
            (0, _, _) => verdict.fault("partitions", format!("{name} of {parent} is not in history_partitions")),
            (_, 0, _) => {
                verdict.fault("partitions", format!("{name} of {parent} is in history_partitions but not there"))
            }
            (_, _, 0) => {
                let bound = row.text(5);
                verdict.fault("partitions", format!("{name} of {parent} has other bounds than told: {bound}"));
            }
            _ => {}
        }
    }
    verdict.done("partitions", format!("{} partitions", rows.len()));
    Ok(())
}
