//! Alerts of machines that a changed site has no more: nobody can bring them to their end, so they are resolved.

use crate::outlets::trouble::OutletTrouble;
use crate::store::{Cell, Link, Place};
use twinwright_model::Time;

/// Resolves these alerts, and says so in their course. Those that are resolved already stay as they are.
pub async fn resolve(place: &Place, uids: &[String], now: Time) -> Result<(), OutletTrouble> {
    if uids.is_empty() {
        return Ok(());
    }
    let mut link = Link::open(place).await?;
    link.begin().await?;
    for uid in uids {
        let end = "UPDATE alerts SET status = 'resolved', suppressed_by = NULL, resolved_by = 'engine', \
                   resolved_at = CASE WHEN raised_at > $2 THEN raised_at ELSE $2 END \
                   WHERE uid = $1 AND status <> 'resolved' RETURNING id";
        let values: [Cell; 2] = [uid.into(), now.into()];
        let Some(row) = link.first(end, &values).await? else { continue };
        let step = "INSERT INTO alert_transitions (alert_id, number, time, what, status, comment) \
                    SELECT $1, coalesce(max(number), 0) + 1, $2, 'resolved', 'resolved', $3 FROM alert_transitions WHERE alert_id = $4";
        let id = row.int(0);
        let comment = "the site has no such machine any more";
        link.run(step, &[id.into(), now.into(), comment.into(), id.into()]).await?;
    }
    link.commit().await?;
    link.close().await;
    Ok(())
}
