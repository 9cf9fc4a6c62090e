//! The files of the archives: that they are there, and are what was written.

use super::{Ask, Verdict};
use crate::outlets::trouble::OutletTrouble;
use crate::store::{Link, archive};

pub(super) async fn check(link: &mut Link, ask: &Ask<'_>, verdict: &mut Verdict) -> Result<(), OutletTrouble> {
    let all = archive::list(link).await?;
    let mut looked_at = 0;
    for one in &all {
        if ask.stopped() {
            break;
        }
        (ask.tell)("archives", looked_at, all.len() as u64);
        looked_at += 1;
        match one.check().await {
            // A wire that is silent now says nothing of the file.
            Err(trouble @ OutletTrouble::Passing(_)) => return Err(trouble),
            Err(trouble) => verdict.fault("archives", trouble.to_string()),
            Ok(()) => {}
        }
    }
    verdict.done("archives", format!("{looked_at} files"));
    Ok(())
}
