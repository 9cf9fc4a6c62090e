//! Something that people are to be told and that is no step of an alert: a report, put into the outbox once.

use crate::outlets::trouble::OutletTrouble;
use crate::store::{Link, Place};
use serde_json::Value;
use twinwright_model::Time;

/// Puts a message for each of these outlets into the outbox, unless it is there.
pub async fn tell(store: &str, uid: &str, outlets: &[String], payload: &Value, now: Time) -> Result<(), OutletTrouble> {
    let mut link = Link::open(&Place::parse(store)?).await?;
    for outlet in outlets {
        let make = "INSERT INTO outbox (uid, topic, payload, created_at, next_attempt_at) VALUES ($1, $2, $3, $4, $5) \
                    ON CONFLICT (uid) DO NOTHING";
        let (uid, payload) = (format!("{uid}/{outlet}"), super::names::clean(payload.clone()));
        link.run(make, &[uid.into(), outlet.into(), payload.into(), now.into(), now.into()]).await?;
    }
    link.close().await;
    Ok(())
}
