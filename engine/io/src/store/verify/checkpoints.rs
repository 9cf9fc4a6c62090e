//! Checkpoints: that each can be unpacked, and that what it holds is a state. What a mirror's state holds only the mirror can say:
//! of those the checksums are looked at.

use super::{Ask, Verdict};
use crate::outlets::trouble::OutletTrouble;
use crate::store::checkpoints::unpack;
use crate::store::{Cell, Link};

/// Places read at once; the states themselves one by one.
const PAGE: usize = 500;

pub(super) async fn check(link: &mut Link, ask: &Ask<'_>, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    let count = link.first("SELECT count(*) FROM checkpoints", &[]).await?.unwrap_or_default().int(0).unsigned_abs();
    let mut after: [Cell; 2] = [i64::MIN.into(), i64::MIN.into()];
    let mut looked_at = 0;
    loop {
        let places = format!(
            "SELECT run_id, tick FROM checkpoints WHERE (run_id, tick) > ($1, $2) ORDER BY run_id, tick LIMIT {PAGE}"
        );
        let places = link.all(places, &after).await?;
        for place in &places {
            after = [place.int(0).into(), place.int(1).into()];
            if ask.stopped() {
                break;
            }
            (ask.tell)("checkpoints", looked_at, count);
            looked_at += 1;
            let whole = "SELECT r.name, c.snapshot, r.kind FROM checkpoints c JOIN runs r ON r.id = c.run_id \
                         WHERE c.run_id = $1 AND c.tick = $2";
            // One that is gone by now was pruned.
            let Some(row) = link.first(whole, &after).await? else { continue };
            let is_live = row.text(2) == "live";
            let looked = |state: Vec<u8>| if is_live { Ok(()) } else { (ask.state)(&state) };
            if let Err(why) = unpack(row.bytes(1)).and_then(looked) {
                verdict.fault("checkpoints", format!("tick {} of run {}: {why}", place.int(1), row.text(0)));
            }
        }
        if places.len() < PAGE || ask.stopped() {
            break;
        }
    }
    verdict.done("checkpoints", format!("{looked_at} states"));
    Ok(())
}
