//! The chained logs: rows that were changed, dropped, added or moved.

use super::{Ask, Verdict};
use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use crate::store::ledger::{Log, faults};

pub(super) async fn check(link: &mut Link, ask: &Ask<'_>, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    for (log, at) in Log::BOTH.into_iter().zip(0..) {
        (ask.tell)("logs", at, 2);
        link.hold_still().await?;
        let found = faults(link, log).await;
        link.roll_back().await?;
        let found = found?;
        found.found.iter().for_each(|fault| verdict.fault(log.table(), fault.to_string()));
        verdict.faults += found.count.saturating_sub(found.found.len() as u64);
        verdict.done(log.table(), format!("{} rows", found.rows));
    }
    Ok(())
}
