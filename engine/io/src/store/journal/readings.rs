//! Readings on their way from the journal into `sensor_readings`: a little later, many at once, and never lost between.
//!
//! The key (sensor, time) makes writing them again harmless, so after a crash all entries that are not known to be stored are
//! simply written once more.

use super::past::Reader;
use super::{Journal, stored_quality};
use crate::outlets::trouble::OutletTrouble;
use crate::store::{Link, Place, Row, Store};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use twinwright_model::live::{Channel, Measurement};

/// Rows of one batch.
const BATCH: usize = 20_000;
/// How long rows wait for more.
const WAIT: Duration = Duration::from_millis(250);

/// Readings that wait to be stored, and the connection that stores them.
#[derive(Debug)]
pub struct ReadingsShelf {
    place: Place,
    store: Option<Store>,
    rows: Vec<Row>,
    /// The last entry whose rows were put here, and when the first of those was that wait.
    entry: u64,
    since: Option<Instant>,
}

impl ReadingsShelf {
    pub async fn open(place: &Place) -> Result<ReadingsShelf, OutletTrouble> {
        let store = Some(Store::connect(place).await?);
        Ok(ReadingsShelf { place: place.clone(), store, rows: Vec::new(), entry: 0, since: None })
    }

    /// Puts down the rows of an entry that is written: [`Journal::rows_of`] makes them.
    pub fn put(&mut self, entry: u64, rows: Vec<Row>) {
        self.rows.extend(rows);
        self.entry = entry;
        self.since.get_or_insert_with(Instant::now);
    }

    /// Whether it is time to write.
    pub fn is_due(&self) -> bool {
        self.rows.len() >= BATCH || self.since.is_some_and(|since| since.elapsed() >= WAIT)
    }

    /// Rows that wait.
    pub fn waiting(&self) -> usize {
        self.rows.len()
    }

    /// Writes all that waits. Says up to which entry everything is stored then, for [`Journal::stored_through`]; None where
    /// nothing waited. After trouble the rows wait still.
    pub async fn write(&mut self) -> Result<Option<u64>, OutletTrouble> {
        if self.since.is_none() {
            return Ok(None);
        }
        // Of what came twice the first stays.
        self.rows.sort_by_key(|row| (row.sensor, row.time));
        self.rows.dedup_by_key(|row| (row.sensor, row.time));
        let mut store = match self.store.take() {
            Some(store) => store,
            None => Store::connect(&self.place).await?,
        };
        for some in self.rows.chunks(BATCH) {
            // A connection that failed is not taken again.
            store.write(some).await?;
        }
        self.store = Some(store);
        self.rows.clear();
        self.since = None;
        Ok(Some(self.entry))
    }

    /// Writes what waits, finishes roll-ups and says goodbye. Says up to which entry everything is stored.
    pub async fn close(mut self) -> Result<Option<u64>, OutletTrouble> {
        let through = self.write().await?;
        if let Some(store) = self.store.take() {
            store.close().await?;
        }
        Ok(through)
    }
}

/// The row of a reading; None where there was none to have.
pub(super) fn row(sensor: i64, reading: &Measurement) -> Option<Row> {
    let quality = stored_quality(reading.quality, reading.value)?;
    let sensor = i32::try_from(sensor).ok()?;
    Some(Row { sensor, time: reading.time.0.div_euclid(1_000), value: reading.value, quality })
}

pub(super) async fn stored_through(link: &mut Link, run: i64, entry: u64) -> Result<(), OutletTrouble> {
    let note = "UPDATE mirrors SET stored = $2 WHERE run_id = $1 AND stored < $2 AND written >= $2";
    link.run(note, &[run.into(), (entry as i64).into()]).await.map(|_| ())
}

/// Stores what a crash left between the journal and `sensor_readings`, of this run of a site and of those before. Answers
/// how many entries that were.
pub async fn mend(journal: &mut Journal, shelf: &mut ReadingsShelf) -> Result<u64, OutletTrouble> {
    let site = journal.run.site.clone();
    let mut link = journal.take_link().await?;
    let ask = "SELECT run_id, stored, written FROM mirrors WHERE site = $1 AND stored < written ORDER BY run_id";
    let mut entries = 0;
    for behind in link.all(ask, &[site.into()]).await? {
        let (run, stored, written) = (behind.int(0), behind.int(1).unsigned_abs(), behind.int(2).unsigned_abs());
        let sensors = sensors_of(&mut link, run).await?;
        // What was pruned was stored before.
        let first = "SELECT min(number) FROM journal WHERE run_id = $1 AND number > $2";
        let first = link.first(first, &[run.into(), (stored as i64).into()]).await?;
        let first = first.and_then(|row| row.maybe_int(0)).map_or(written + 1, i64::unsigned_abs);
        let mut reader = Reader::new(run, first - 1, written);
        while let Some((number, heard)) = reader.next(&mut link).await? {
            let of =
                |one: &twinwright_model::journal::Heard| row(*sensors.get(&one.measurement.channel)?, &one.measurement);
            shelf.put(number, heard.readings.iter().filter_map(of).collect());
            entries += 1;
            if shelf.rows.len() >= BATCH {
                shelf.write().await?;
            }
        }
        shelf.write().await?;
        stored_through(&mut link, run, written).await?;
    }
    journal.link = Some(link);
    Ok(entries)
}

async fn sensors_of(link: &mut Link, run: i64) -> Result<BTreeMap<Channel, i64>, OutletTrouble> {
    let mut sensors = BTreeMap::new();
    let ask = "SELECT number, sensor_id FROM channels WHERE run_id = $1 AND sensor_id IS NOT NULL";
    link.each(ask, &[run.into()], |row| {
        sensors.insert(row.int(0) as Channel, row.int(1));
    })
    .await?;
    Ok(sensors)
}
