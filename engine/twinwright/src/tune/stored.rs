//! A live plant on tape: what its journal heard. Sensors that no file knows are left out.

use super::tape::{Recording, channel};
use crate::Trouble;
use crate::live::standing::mirrored;
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_core::Document;
use twinwright_core::site::SitePlan;
use twinwright_io::store::journal::Reader;
use twinwright_io::store::runs::RunRow;
use twinwright_io::store::{Link, checkpoints};
use twinwright_model::Time;
use twinwright_model::journal::{Heard, Hearing};
use twinwright_model::live::{ChannelName, Measurement};

/// A live run, with the files that it was mirrored by and the site that they make.
pub struct StoredRun {
    pub row: RunRow,
    pub document: Document,
    pub files: Vec<(String, String)>,
    pub site: Arc<SitePlan>,
}

/// Finds a live run, the latest where none is named.
pub async fn find(link: &mut Link, run: Option<&str>) -> Result<StoredRun, Trouble> {
    link.schema().await?.must_be_current(link)?;
    let (row, site) = mirrored(link, run).await?;
    let files = checkpoints::machine_files(link, row.id).await?;
    let document = Document { name: format!("{}.toml (stored)", row.scenario), text: row.document.clone() };
    Ok(StoredRun { row, document, files, site })
}

/// What was heard within a time, by name and tick.
pub struct Memory {
    names: Vec<ChannelName>,
    heard: Vec<Heard>,
    /// The first tick, and one after the last.
    pub ticks: (u32, u32),
}

/// Reads what the journal of a run heard within a time.
pub async fn read(
    link: &mut Link,
    StoredRun { row, site, .. }: &StoredRun,
    (from, to): (Time, Time),
) -> Result<Memory, Trouble> {
    let last = link.first("SELECT max(number) FROM journal WHERE run_id = $1", &[row.id.into()]).await?;
    let first = link.first("SELECT min(number) FROM journal WHERE run_id = $1", &[row.id.into()]).await?;
    let number =
        |row: Option<twinwright_io::store::Record>| row.and_then(|row| row.maybe_int(0)).map(i64::unsigned_abs);
    let (Some(first), Some(last)) = (number(first), number(last)) else {
        return Err(Trouble::Input(format!("{}: run `{}` has heard nothing", link.name(), row.name)));
    };
    let within = |tick: u32| {
        let time = site.plan.time_of(i64::from(tick));
        tick != Heard::LATE && time >= from && time < to
    };
    let mut memory = Memory {
        names: site.channels.iter().map(|channel| channel.name.clone()).collect(),
        heard: Vec::new(),
        ticks: (u32::MAX, 0),
    };
    let mut reader = Reader::new(row.id, first - 1, last);
    while let Some((_, hearing)) = reader.next(link).await? {
        memory.take(hearing, &within);
    }
    if memory.heard.is_empty() {
        return Err(Trouble::Input(format!("{}: run `{}` has no readings in that time", link.name(), row.name)));
    }
    Ok(memory)
}

impl Memory {
    fn take(&mut self, hearing: Hearing, within: &impl Fn(u32) -> bool) {
        self.names.extend(hearing.newcomers.into_iter().map(|newcomer| newcomer.name));
        for heard in hearing.readings.into_iter().filter(|heard| within(heard.tick)) {
            self.ticks = (self.ticks.0.min(heard.tick), self.ticks.1.max(heard.tick + 1));
            self.heard.push(heard);
        }
    }

    /// The same by the channels of another site, whose first tick is the first that is remembered.
    pub fn record(mut self, site: &SitePlan) -> Result<Recording, Trouble> {
        let mut numbers: BTreeMap<u32, Option<u32>> = BTreeMap::new();
        let names = &self.names;
        let mut known = |number: u32| {
            *numbers.entry(number).or_insert_with(|| {
                let name = names.get(number as usize)?;
                channel(site, &name.machine, &name.item)
            })
        };
        self.heard.sort_by_key(|heard| heard.tick);
        let (mut recording, mut heard) = (Recording::default(), self.heard.iter().peekable());
        for tick in self.ticks.0..self.ticks.1 {
            let mut readings: Vec<Measurement> = Vec::new();
            while let Some(one) = heard.next_if(|one| one.tick == tick) {
                readings
                    .extend(known(one.measurement.channel).map(|channel| Measurement { channel, ..one.measurement }));
            }
            readings.sort_by_key(|reading| (reading.channel, reading.time));
            // What was sent twice was heard once.
            readings.dedup_by_key(|reading| (reading.channel, reading.time));
            recording.tape.push(readings)?;
        }
        Ok(recording)
    }
}
