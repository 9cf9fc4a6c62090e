//! A journal read again: checkpoints, what was heard after them, and what ticks to come were still to hear.

use super::body;
use crate::outlets::trouble::OutletTrouble;
use crate::store::{Cell, Link, checkpoints};
use twinwright_model::Time;
use twinwright_model::journal::{Heard, Hearing};

/// Entries that are read at once.
const PAGE: i64 = 100;

/// A mirror's state as the store keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub tick: u32,
    pub time: Time,
    /// The entry that it came with: what follows is in the entries after it.
    pub entry: u64,
    /// 32 hexadecimal digits.
    pub state_digest: String,
    pub bytes: Vec<u8>,
}

/// The newest whole checkpoint of a live run up to an instant. A damaged one is left out, and said so.
pub async fn checkpoint_before(link: &mut Link, run: i64, until: Time) -> Result<Option<Kept>, OutletTrouble> {
    for mark in checkpoints::marks(link, run, until).await? {
        let Some(found) = checkpoints::at_tick(link, run, mark.tick).await? else { continue };
        let ask = "SELECT entry FROM checkpoints WHERE run_id = $1 AND tick = $2 AND entry IS NOT NULL";
        let entry = link.first(ask, &[run.into(), mark.tick.into()]).await?;
        match (checkpoints::unpack(&found.packed), entry) {
            (Ok(bytes), Some(entry)) => {
                let (tick, time, state_digest) = (found.tick, found.time, found.state_digest);
                return Ok(Some(Kept { tick, time, entry: entry.int(0).unsigned_abs(), state_digest, bytes }));
            }
            (Ok(_), None) => {}
            (Err(why), _) => {
                let store = link.name();
                tracing::warn!(
                    "{store}: the checkpoint of {} cannot be used: {why}; the one before is taken",
                    mark.time
                );
            }
        }
    }
    Ok(None)
}

/// What was heard up to an entry for ticks after a given one: readings that are ahead of their time, and actions.
pub async fn waiting(link: &mut Link, run: i64, entry: u64, tick: u32) -> Result<Hearing, OutletTrouble> {
    // By the index of ticks: of all entries only the last few are ahead. The plus keeps SQLite from going by number.
    let ask =
        "SELECT number, body FROM journal WHERE run_id = $1 AND last_tick > $2 AND +number <= $3 ORDER BY +number";
    let mut waiting = Hearing::default();
    for row in link.all(ask, &[run.into(), tick.into(), (entry as i64).into()]).await? {
        let heard = unpacked(link, row.int(0), row.bytes(1))?;
        waiting.readings.extend(heard.readings.into_iter().filter(|one| one.tick > tick && one.tick != Heard::LATE));
        waiting.actions.extend(heard.actions.into_iter().filter(|(at, _)| *at > tick));
    }
    Ok(waiting)
}

/// Entries of a run in order, one after the other.
#[derive(Debug)]
pub struct Reader {
    run: i64,
    /// The number of the entry that comes next.
    next: u64,
    until: u64,
    page: std::vec::IntoIter<(u64, Hearing)>,
}

impl Reader {
    /// The entries after one, up to and with another.
    pub fn new(run: i64, after: u64, until: u64) -> Reader {
        Reader { run, next: after + 1, until, page: Vec::new().into_iter() }
    }

    /// The next entry and its number; None after the last.
    pub async fn next(&mut self, link: &mut Link) -> Result<Option<(u64, Hearing)>, OutletTrouble> {
        if let Some(one) = self.page.next() {
            return Ok(Some(one));
        }
        if self.next > self.until {
            return Ok(None);
        }
        self.page = self.read(link).await?.into_iter();
        Ok(self.page.next())
    }

    async fn read(&mut self, link: &mut Link) -> Result<Vec<(u64, Hearing)>, OutletTrouble> {
        let ask = "SELECT number, body FROM journal WHERE run_id = $1 AND number >= $2 AND number <= $3 \
                   ORDER BY number LIMIT $4";
        let values: [Cell; 4] = [self.run.into(), (self.next as i64).into(), (self.until as i64).into(), PAGE.into()];
        let rows = link.all(ask, &values).await?;
        let mut page = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.int(0) != self.next as i64 {
                return Err(missing(link, self.next));
            }
            page.push((self.next, unpacked(link, row.int(0), row.bytes(1))?));
            self.next += 1;
        }
        if page.is_empty() { Err(missing(link, self.next)) } else { Ok(page) }
    }
}

fn missing(link: &Link, number: u64) -> OutletTrouble {
    OutletTrouble::lasting(format!("{}: entry {number} of the journal is missing", link.name()))
}

fn unpacked(link: &Link, number: i64, bytes: &[u8]) -> Result<Hearing, OutletTrouble> {
    body::unpack(bytes).map_err(|why| {
        OutletTrouble::lasting(format!("{}: entry {number} of the journal cannot be read: {why}", link.name()))
    })
}

/// The first entry by which a tick was over: replaying up to it shows that tick. None where no entry is that far.
pub async fn entry_of_tick(link: &mut Link, run: i64, tick: u32) -> Result<Option<u64>, OutletTrouble> {
    let ask = "SELECT coalesce(min(number), 0), coalesce(max(number), -1) FROM journal WHERE run_id = $1";
    let reach = link.first(ask, &[run.into()]).await?.unwrap_or_default();
    // Ticks close in order, so half of what is left is out with each look.
    let (mut low, mut high) = (reach.int(0), reach.int(1) + 1);
    let end = high;
    while low < high {
        let middle = low + (high - low) / 2;
        let look = "SELECT closed_tick FROM journal WHERE run_id = $1 AND number = $2";
        let closed = link.first(look, &[run.into(), middle.into()]).await?;
        if closed.and_then(|row| row.maybe_int(0)).is_some_and(|closed| closed >= i64::from(tick)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok((low < end).then_some(low.unsigned_abs()))
}

/// Looks through an entry of a journal: what is wrong with its bytes.
pub async fn look(link: &mut Link, run: i64, number: u64) -> Result<Option<String>, OutletTrouble> {
    let ask = "SELECT body, readings FROM journal WHERE run_id = $1 AND number = $2";
    let Some(row) = link.first(ask, &[run.into(), (number as i64).into()]).await? else { return Ok(None) };
    Ok(match body::unpack(row.bytes(0)) {
        Err(why) => Some(why),
        Ok(heard) if heard.readings.len() as i64 != row.int(1) => {
            Some(format!("it has {} readings, and its row says {}", heard.readings.len(), row.int(1)))
        }
        Ok(_) => None,
    })
}
