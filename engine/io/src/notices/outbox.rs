//! The table `outbox`: what waits, read a page at a time, and what became of it, written down in one transaction.
//!
//! Rows are only ever moved on here: waiting to delivered or dead, an attempt more, a later time. Nothing is deleted.

use super::Verdict;
use crate::outlets::trouble::OutletTrouble;
use crate::store::ledger;
use crate::store::{Cell, Link};
use serde_json::{Value, json};
use std::time::Duration;
use twinwright_model::{Severity, Time};

/// A row of the outbox.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    pub id: i64,
    /// The same in every attempt: who gets it twice knows it by this.
    pub uid: String,
    pub payload: Value,
    pub created: Time,
    pub next: Time,
    pub attempts: u32,
}

impl Notice {
    /// A text of the payload.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.payload.get(key)?.as_str()
    }

    pub fn is_report(&self) -> bool {
        self.payload.get("report").is_some()
    }

    /// The alert that it is about.
    pub fn alert(&self) -> Option<&str> {
        if self.is_report() { None } else { self.text("uid") }
    }

    pub fn severity(&self) -> Severity {
        super::severity(self.text("severity").unwrap_or_default())
    }

    /// As it goes out: the payload, and before it the id that is the same in every attempt.
    pub(super) fn body(&self) -> String {
        let mut body = serde_json::Map::from_iter([("id".to_owned(), Value::from(self.uid.as_str()))]);
        if let Value::Object(payload) = &self.payload {
            body.extend(
                payload.iter().filter(|(key, _)| *key != "id").map(|(key, value)| (key.clone(), value.clone())),
            );
        }
        Value::Object(body).to_string()
    }

    /// Whether the alert is over.
    pub fn is_over(&self) -> bool {
        self.text("status") == Some("resolved")
    }
}

/// What is to be written down about a notice.
#[derive(Debug)]
pub(super) enum Mark {
    /// Nobody wanted it here: it counts as delivered, with no attempt.
    Unwanted,
    /// Tried, with this end, and when it is tried again if it is.
    Tried(Verdict, Option<Time>),
}

/// The next so many waiting rows of an outlet behind an id.
pub(super) async fn page(link: &mut Link, outlet: &str, after: i64, most: usize) -> Result<Vec<Notice>, OutletTrouble> {
    let ask = "SELECT id, uid, payload, created_at, next_attempt_at, attempts FROM outbox \
               WHERE topic = $1 AND state = 'waiting' AND id > $2 ORDER BY id LIMIT $3";
    let rows = link.all(ask, &[outlet.into(), after.into(), (most as i64).into()]).await?;
    let notice = |row: crate::store::Record| Notice {
        id: row.int(0),
        uid: row.text(1).to_owned(),
        payload: row.json(2),
        created: row.time(3).unwrap_or_default(),
        next: row.time(4).unwrap_or_default(),
        attempts: u32::try_from(row.int(5)).unwrap_or(0),
    };
    Ok(rows.into_iter().map(notice).collect())
}

/// Writes down what became of these, all or nothing.
pub(super) async fn write_down(
    link: &mut Link,
    outlet: &str,
    now: Time,
    marks: &[(Notice, Mark)],
) -> Result<(), OutletTrouble> {
    link.begin().await?;
    match all_of(link, outlet, now, marks).await {
        Ok(()) => link.commit().await,
        Err(trouble) => {
            // What went wrong first is what is told.
            let _ = link.roll_back().await;
            Err(trouble)
        }
    }
}

async fn all_of(link: &mut Link, outlet: &str, now: Time, marks: &[(Notice, Mark)]) -> Result<(), OutletTrouble> {
    let mut given_up = Vec::new();
    let mut logs = Logs::default();
    for (notice, mark) in marks {
        let (state, next) = match mark {
            Mark::Unwanted | Mark::Tried(Verdict::Delivered(_), _) => ("delivered", notice.next),
            Mark::Tried(Verdict::Again(..), Some(next)) => ("waiting", *next),
            Mark::Tried(..) => ("dead", notice.next),
        };
        let attempts = notice.attempts + u32::from(!matches!(mark, Mark::Unwanted));
        // Written already, where the answer to a commit was lost: then it is not logged twice either.
        let put = "UPDATE outbox SET state = $2, attempts = $3, next_attempt_at = $4 \
                   WHERE id = $1 AND state = 'waiting' AND attempts = $5";
        let cells = [notice.id.into(), state.into(), attempts.into(), next.into(), notice.attempts.into()];
        if link.run(put, &cells).await? == 0 {
            continue;
        }
        let Mark::Tried(Verdict::Delivered(said) | Verdict::Again(said, _) | Verdict::Never(said), _) = mark else {
            continue;
        };
        let status = if state == "delivered" { "delivered" } else { "failed" };
        logs.add([notice.id.into(), outlet.into(), attempts.into(), now.into(), status.into()], said);
        if state == "dead" {
            given_up.push(json!({ "uid": notice.uid, "why": plain(said) }));
        }
    }
    logs.write(link).await?;
    if given_up.is_empty() {
        return Ok(());
    }
    let count = given_up.len();
    given_up.truncate(20);
    let detail = json!({ "outlet": outlet, "count": count, "notices": given_up });
    ledger::append_event(link, now, ledger::Severity::Warning, "notices", "notices given up", &detail).await?;
    Ok(())
}

/// A text that a store takes.
fn plain(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(LONGEST_DETAIL).collect()
}

/// Rows of `notification_logs`, many a statement.
#[derive(Default)]
struct Logs {
    cells: Vec<Cell>,
}

const LOG_COLUMNS: usize = 6;
/// Far below what a statement may hold.
const LOGS_AT_ONCE: usize = 100;
const LONGEST_DETAIL: usize = 1_000;

impl Logs {
    fn add(&mut self, cells: [Cell; LOG_COLUMNS - 1], said: &str) {
        self.cells.extend(cells);
        self.cells.push(Some(plain(said)).filter(|said| !said.is_empty()).into());
    }

    async fn write(self, link: &mut Link) -> Result<(), OutletTrouble> {
        for cells in self.cells.chunks(LOGS_AT_ONCE * LOG_COLUMNS) {
            let row = |first: usize| {
                let places: Vec<String> = (first..first + LOG_COLUMNS).map(|place| format!("${place}")).collect();
                format!("({})", places.join(", "))
            };
            let rows: Vec<String> = (1..=cells.len()).step_by(LOG_COLUMNS).map(row).collect();
            let put = "INSERT INTO notification_logs (outbox_id, route, attempt, time, status, detail) VALUES ";
            link.run(format!("{put}{}", rows.join(", ")), cells).await?;
        }
        Ok(())
    }
}

/// When a notice is tried again after so many attempts: 1 s, 2 s, 4 s ... with jitter, so that what failed together does
/// not come back together; later where the other side asked for it. None: no more.
pub(super) fn again_at(now: Time, attempts: u32, tries: Option<u32>, asked: Option<Duration>) -> Option<Time> {
    if tries.is_some_and(|tries| attempts >= tries) {
        return None;
    }
    let pause = super::due::pause(attempts).max(asked.unwrap_or_default().min(super::due::LONGEST_ASKED));
    Some(Time(now.0.saturating_add(i64::try_from(pause.as_nanos()).unwrap_or(i64::MAX))))
}
