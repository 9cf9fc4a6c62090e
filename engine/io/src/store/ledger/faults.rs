//! What is wrong with a log: rows that were changed, dropped, added or moved, each by its id.
//!
//! A chain shows what was done to it by somebody who cannot write it anew from there to its end. Who can, is found by a
//! digest that was noted down elsewhere.

use super::chain::{Entry, START};
use super::{Log, PRUNED};
use crate::outlets::trouble::OutletTrouble;
use crate::store::link::Link;
use std::collections::BTreeMap;
use std::fmt;

/// Rows read at once.
const PAGE: i64 = 2_000;
/// Faults that are kept; more are counted.
const KEPT: usize = 1_000;

/// What is wrong with a row, or with a stretch of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It does not give its digest.
    Edited,
    /// It gives its digest at another id: it was moved from there.
    Moved { from: i64 },
    /// From this row to another one they are gone.
    Missing { to: i64 },
    /// It is whole, but was not written after the row that stands before it.
    Relinked,
    /// It was not written by the program: it stands beyond the last row, or before the first.
    Added,
    /// The last row is not the one that `chain_heads` knows.
    OtherHead,
    /// `chain_heads` does not know this log.
    NoHead,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub log: Log,
    pub id: i64,
    pub wrong: Wrong,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.id;
        match &self.wrong {
            Wrong::Edited => write!(f, "row {id} was changed after it was written"),
            Wrong::Moved { from } => write!(f, "row {id} was row {from} when it was written"),
            Wrong::Missing { to } if *to == id => write!(f, "row {id} is missing"),
            Wrong::Missing { to } => write!(f, "rows {id} to {to} are missing"),
            Wrong::Relinked => write!(f, "row {id} was written after another row than the one that stands before it"),
            Wrong::Added => write!(f, "row {id} was not written by the program"),
            Wrong::OtherHead => write!(f, "row {id}, the last one, is not the one that chain_heads knows"),
            Wrong::NoHead => write!(f, "chain_heads has no row of this log"),
        }
    }
}

/// All that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    /// Rows that were read.
    pub rows: u64,
    /// The first thousand.
    pub found: Vec<Fault>,
    pub count: u64,
}

/// Reads a log from its first to its last row.
pub async fn faults(link: &mut Link, log: Log) -> Result<Faults, OutletTrouble> {
    let head = super::head(link, log).await?;
    let pruned = pruned_through(link, log).await?;
    let head_id = head.as_ref().map_or(i64::MAX, |head| head.id);
    let mut walk = Walk::new(log, head_id, pruned);
    let ask = format!("SELECT {} FROM {} WHERE id > $1 ORDER BY id LIMIT {PAGE}", Entry::columns(log), log.table());
    let mut after = i64::MIN;
    loop {
        let mut count = 0;
        link.each(ask.as_str(), &[after.into()], |record| {
            let entry = Entry::of(&record);
            after = entry.id;
            count += 1;
            walk.take(&entry);
        })
        .await?;
        if count < PAGE {
            break;
        }
    }
    match &head {
        Some(head) => walk.end(&head.digest),
        None => walk.tell(0, Wrong::NoHead),
    }
    Ok(walk.finish())
}

/// Up to which row the log was pruned, and that row's digest.
async fn pruned_through(link: &mut Link, log: Log) -> Result<Option<(i64, String)>, OutletTrouble> {
    let (column, name) = match log {
        Log::Audit => ("after", "action"),
        Log::System => ("detail", "event"),
    };
    let ask = format!("SELECT {column} FROM {} WHERE {name} = $1 ORDER BY id DESC LIMIT 1", log.table());
    let Some(row) = link.first(ask, &[PRUNED.into()]).await? else { return Ok(None) };
    let said = row.json(0);
    Ok(said["through"].as_i64().zip(said["digest"].as_str().map(str::to_owned)))
}

struct Walk {
    log: Log,
    head: i64,
    rows: u64,
    /// The id and digest of the row before, and whether it was whole.
    before: (i64, String),
    sound: bool,
    found: Vec<Fault>,
    count: u64,
    /// Rows that do not give their digest, to be looked for at other ids.
    edited: BTreeMap<i64, Entry>,
    gaps: Vec<(i64, i64)>,
}

impl Walk {
    fn new(log: Log, head: i64, pruned: Option<(i64, String)>) -> Walk {
        let before = pruned.unwrap_or((0, START.to_owned()));
        Walk {
            log,
            head,
            rows: 0,
            before,
            sound: true,
            found: Vec::new(),
            count: 0,
            edited: BTreeMap::new(),
            gaps: Vec::new(),
        }
    }

    fn tell(&mut self, id: i64, wrong: Wrong) {
        self.count += 1;
        if self.found.len() < KEPT {
            self.found.push(Fault { log: self.log, id, wrong });
        }
    }

    fn take(&mut self, entry: &Entry) {
        self.rows += 1;
        let id = entry.id;
        if id <= self.before.0 || id > self.head {
            return self.tell(id, Wrong::Added);
        }
        let gap = id > self.before.0 + 1;
        if gap {
            self.missing(self.before.0 + 1, id - 1);
        }
        let whole = entry.digest == entry.digest_at(self.log, id);
        if !whole {
            self.tell(id, Wrong::Edited);
            if self.edited.len() < KEPT {
                self.edited.insert(id, entry.clone());
            }
        } else if !gap && self.sound && entry.previous != self.before.1 {
            self.tell(id, Wrong::Relinked);
        }
        self.before = (id, entry.digest.clone());
        self.sound = whole;
    }

    fn missing(&mut self, from: i64, to: i64) {
        self.tell(from, Wrong::Missing { to });
        if self.gaps.len() < KEPT {
            self.gaps.push((from, to));
        }
    }

    fn end(&mut self, digest: &str) {
        if self.before.0 < self.head {
            self.missing(self.before.0 + 1, self.head);
        } else if self.before.1 != digest {
            self.tell(self.head, Wrong::OtherHead);
        }
    }

    /// Says of rows that do not give their digest at which id they would.
    fn finish(mut self) -> Faults {
        let gaps = self.gaps.iter().flat_map(|(from, to)| (*from..=*to).take(KEPT)).take(KEPT);
        let places: Vec<i64> = self.edited.keys().copied().chain(gaps).collect();
        for fault in &mut self.found {
            let Some(entry) = self.edited.get(&fault.id).filter(|_| fault.wrong == Wrong::Edited) else { continue };
            let fits = |from: &&i64| **from != entry.id && entry.digest_at(self.log, **from) == entry.digest;
            if let Some(from) = places.iter().find(fits) {
                fault.wrong = Wrong::Moved { from: *from };
            }
        }
        Faults { rows: self.rows, found: self.found, count: self.count }
    }
}
