//! `twinwright store verify`: whether a store is what it says; each fault with its place.

use super::arguments::{Form, VerifyStoreArgs};
use super::progress::Progress;
use super::{Answer, look};
use crate::Trouble;
use std::fmt::Write;
use std::sync::atomic::AtomicBool;
use twinwright_core::snapshot::{RestoreError, Snapshot};
use twinwright_io::store::verify::{Ask, Verdict, verify as through};
use twinwright_model::Time;

pub fn verify(args: &VerifyStoreArgs, now: Time, stop: &AtomicBool) -> Result<Answer, Trouble> {
    let progress = Progress::new();
    let tell = |part: &str, done: u64, of: u64| progress.tell(part, done, of);
    let (state, seed) = (&is_state, now.0.unsigned_abs());
    let ask = Ask { sample: args.sample, seed, now, state, stop, tell: &tell };
    let (name, verdict) = look(&args.which.url(), async |link| {
        let verdict = through(link, &ask).await?;
        Ok((link.name().to_owned(), verdict))
    })?;
    drop(progress);
    let text = match args.format {
        Form::Text => page(&name, &verdict),
        Form::Json => {
            let text = serde_json::to_string_pretty(&verdict);
            text.map_err(|error| Trouble::World(format!("the findings cannot be written as JSON: {error}")))? + "\n"
        }
    };
    Ok(Answer { text, fine: verdict.faults == 0 && !verdict.interrupted })
}

/// A state that an older engine wrote is whole as far as its checksum tells.
fn is_state(bytes: &[u8]) -> Result<(), String> {
    match Snapshot::unseal(bytes) {
        Ok(_) | Err(RestoreError::Version(_)) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

fn page(name: &str, verdict: &Verdict) -> String {
    let mut page = format!("{name}\n");
    for part in &verdict.parts {
        let faults = verdict.findings.iter().filter(|finding| finding.part == part.part).count();
        let said = if faults == 0 { "fine".to_owned() } else { format!("{faults} faults") };
        let _ = writeln!(page, "{:<16}{:<12}{}", part.part, said, part.looked_at);
    }
    if verdict.faults > 0 {
        page.push('\n');
    }
    for finding in &verdict.findings {
        let _ = writeln!(page, "{}: {}", finding.part, finding.what);
    }
    let more = verdict.faults.saturating_sub(verdict.findings.len() as u64);
    if more > 0 {
        let _ = writeln!(page, "and {more} more");
    }
    let _ = match (verdict.interrupted, verdict.faults) {
        (true, faults) => writeln!(page, "interrupted: {faults} faults up to there"),
        (false, 0) => writeln!(page, "no faults"),
        (false, 1) => writeln!(page, "1 fault"),
        (false, faults) => writeln!(page, "{faults} faults"),
    };
    page
}
