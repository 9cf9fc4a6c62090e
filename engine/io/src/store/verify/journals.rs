//! Journals of live runs: that what a mirror would start from is there without a gap, and that entries can be read.

use super::{Ask, Verdict};
use crate::outlets::trouble::OutletTrouble;
use crate::store::{Link, journal};

/// Entries that are read of each run, besides those of the sample.
const LOOKED_AT: u64 = 200;

pub(super) async fn check(link: &mut Link, ask: &Ask<'_>, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    // What is older than the last checkpoint but one may be pruned.
    let runs = "SELECT r.id, r.name, m.written, coalesce((SELECT c.entry FROM checkpoints c WHERE c.run_id = r.id \
                AND c.entry IS NOT NULL ORDER BY c.tick DESC LIMIT 1 OFFSET 1), 0) \
                FROM mirrors m JOIN runs r ON r.id = m.run_id ORDER BY r.id";
    let mut looked_at = 0;
    for row in link.all(runs, &[]).await? {
        let (run, name, written, from) = (row.int(0), row.text(1).to_owned(), row.int(2), row.int(3));
        let count = "SELECT count(*), coalesce(max(number), 0) FROM journal WHERE run_id = $1 AND number > $2";
        let found = link.first(count, &[run.into(), from.into()]).await?.unwrap_or_default();
        if found.int(0) != written - from || (found.int(0) > 0 && found.int(1) != written) {
            let (there, last) = (found.int(0), found.int(1));
            verdict.fault(
                "journals",
                format!("run {name}: of the entries {} to {written} there are {there}, the last is {last}", from + 1),
            );
        }
        let entries = (written - from).unsigned_abs();
        let every = (entries / LOOKED_AT).max(1);
        for number in (from.unsigned_abs() + 1..=written.unsigned_abs()).step_by(every as usize) {
            if ask.stopped() {
                return Ok(());
            }
            (ask.tell)("journals", number, written.unsigned_abs());
            looked_at += 1;
            if let Some(why) = journal::look(link, run, number).await? {
                verdict.fault("journals", format!("entry {number} of run {name}: {why}"));
            }
        }
    }
    verdict.done("journals", format!("{looked_at} entries"));
    Ok(())
}
