//! Readings and roll-ups: whole stretches go, archived first where that is asked for.

use super::super::archive::{self, Kept, Layout, Piece, READINGS, Sensor, Shelf, Stretch, Watch};
use super::super::link::{Dialect, Link};
use super::super::rollups;
use super::{Gone, Order, Pruned, counted, micros};
use crate::outlets::trouble::OutletTrouble;
use std::time::Duration;

/// Rows of one transaction in SQLite.
const BATCH: u64 = 20_000;
/// How often a stretch is archived again because more came in the meantime, and how often a lock is asked for.
const ROUNDS: usize = 3;
const PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Work<'a, 'w> {
    pub link: &'a mut Link,
    pub layout: &'static Layout,
    pub shelf: Option<&'a Shelf>,
    /// What is before it is old.
    pub cutoff: i64,
    pub order: &'a Order<'a>,
    pub watch: &'a Watch<'w>,
    pub pruned: &'a mut Pruned,
}

/// What goes at once: a partition in PostgreSQL.
struct Unit {
    name: Option<String>,
    stretch: Stretch,
}

/// How dropping went.
enum Drop {
    Done,
    /// More came since it was archived.
    Changed,
    /// It was told to stop.
    Stopped,
}

impl Work<'_, '_> {
    pub async fn prune(&mut self) -> Result<(), OutletTrouble> {
        let mut gone = Gone { table: self.layout.table.to_owned(), ..Gone::default() };
        let done = self.prune_units(&mut gone).await;
        self.pruned.gone.push(gone);
        done
    }

    async fn prune_units(&mut self, gone: &mut Gone) -> Result<(), OutletTrouble> {
        let mut sensors = None;
        for unit in self.units().await? {
            if self.watch.stopped() || self.pruned.interrupted {
                self.pruned.interrupted = true;
                return Ok(());
            }
            let inside = self.count(unit.stretch).await?;
            let bytes = self.bytes(&unit).await?;
            if !self.order.dry_run {
                if self.is_due(unit.stretch).await? {
                    continue;
                }
                if sensors.is_none() {
                    sensors = Some(archive::sensors(self.link).await?);
                }
                if !self.prune_unit(&unit, sensors.as_deref().unwrap_or_default()).await? {
                    continue;
                }
            }
            gone.rows += inside.rows;
            gone.first = gone.first.into_iter().chain(inside.first).min();
            gone.last = gone.last.into_iter().chain(inside.last).max();
            gone.bytes = bytes.map(|bytes| bytes + gone.bytes.unwrap_or(0)).or(gone.bytes);
        }
        Ok(())
    }

    /// What may go.
    async fn units(&mut self) -> Result<Vec<Unit>, OutletTrouble> {
        let mut units = Vec::new();
        if self.link.dialect() == Dialect::Postgres {
            let ask =
                "SELECT name, starts, ends FROM history_partitions WHERE parent = $1 AND ends <= $2 ORDER BY starts";
            let values = [self.layout.table.into(), micros(self.cutoff)];
            for record in self.link.all(ask, &values).await? {
                let stretch = Stretch { from: record.int(1), to: record.int(2) };
                units.push(Unit { name: Some(record.text(0).to_owned()), stretch });
            }
            return Ok(units);
        }
        let mut at = super::NEVER;
        while let Some((_, stretch)) = archive::next(self.link, self.layout, at).await? {
            if stretch.to > self.cutoff {
                break;
            }
            units.push(Unit { name: None, stretch });
            at = stretch.to;
        }
        Ok(units)
    }

    async fn count(&mut self, stretch: Stretch) -> Result<Gone, OutletTrouble> {
        let table = self.layout.table;
        // By sensor, as the key has them.
        let inside = format!("FROM {table} r WHERE r.sensor_id = s.id AND r.time >= $1 AND r.time < $2");
        let ask = format!(
            "SELECT CAST(sum(n) AS bigint), min(low), max(high) FROM (SELECT (SELECT count(*) {inside}) AS n, \
             (SELECT min(r.time) {inside}) AS low, (SELECT max(r.time) {inside}) AS high FROM sensors s) AS counts"
        );
        Ok(counted(table, self.link.first(ask, &[micros(stretch.from), micros(stretch.to)]).await?.as_ref()))
    }

    async fn bytes(&mut self, unit: &Unit) -> Result<Option<u64>, OutletTrouble> {
        let Some(name) = &unit.name else { return Ok(None) };
        let found = self.link.first("SELECT pg_total_relation_size(to_regclass($1))", &[name.into()]).await?;
        Ok(found.and_then(|record| record.maybe_int(0)).map(i64::unsigned_abs))
    }

    /// Whether roll-ups of a stretch still want its readings, even after those that are due were computed.
    async fn is_due(&mut self, stretch: Stretch) -> Result<bool, OutletTrouble> {
        if self.layout.table != READINGS.table {
            return Ok(false);
        }
        let ask = "SELECT count(*) FROM rollups_due WHERE hour >= $1 AND hour < $2";
        for repaired in [false, true] {
            let due = self.link.first(ask, &[micros(stretch.from), micros(stretch.to)]).await?;
            let due = due.map_or(0, |record| record.int(0));
            if due == 0 {
                return Ok(false);
            }
            if repaired {
                let why = format!("{due} hours of roll-ups are not computed yet");
                self.stays(stretch, &why);
            } else {
                rollups::repair(self.link, |_, _| ()).await?;
            }
        }
        Ok(true)
    }

    fn stays(&mut self, stretch: Stretch, why: &str) {
        let (table, from, to) = (self.layout.table, stretch.start(), stretch.end());
        self.pruned.notes.push(format!("{table}: from {from} to {to} stays: {why}"));
    }

    /// Archives what has to be and drops. Whether it is gone.
    async fn prune_unit(&mut self, unit: &Unit, sensors: &[Sensor]) -> Result<bool, OutletTrouble> {
        for _ in 0..ROUNDS {
            let kept = match self.shelf {
                Some(shelf) => match self.archive(unit.stretch, sensors, shelf).await? {
                    Some(kept) => Some(kept),
                    None => {
                        self.pruned.interrupted = true;
                        return Ok(false);
                    }
                },
                None => None,
            };
            let dropped = match &unit.name {
                Some(name) => self.drop_partition(name, kept.as_ref()).await?,
                None => self.drop_rows(unit.stretch, sensors, kept).await?,
            };
            match dropped {
                Drop::Done => return Ok(true),
                Drop::Changed => (),
                Drop::Stopped => {
                    self.pruned.interrupted = true;
                    return Ok(false);
                }
            }
        }
        self.stays(unit.stretch, "readings for it are still arriving, or others hold it; try again later");
        Ok(false)
    }

    /// Sees to it that all of a stretch is in archives, a file at a time.
    async fn archive(
        &mut self,
        stretch: Stretch,
        sensors: &[Sensor],
        shelf: &Shelf,
    ) -> Result<Option<Kept>, OutletTrouble> {
        let mut all = Kept::default();
        let mut at = stretch.from;
        while at < stretch.to {
            let part = Stretch::around(at, self.layout.days).within(stretch);
            let kept = archive::keep(self.link, self.layout, part, sensors, shelf, self.order.now, self.watch).await?;
            let Some(kept) = kept else { return Ok(None) };
            self.pruned.files.extend(kept.files.iter().cloned());
            all.rows += kept.rows;
            all.pieces.extend(kept.pieces);
            at = part.to;
        }
        Ok(Some(all))
    }

    /// A partition that got no rows since they were archived.
    async fn drop_partition(&mut self, name: &str, kept: Option<&Kept>) -> Result<Drop, OutletTrouble> {
        let counted = kept.map(|kept| i64::try_from(kept.rows).unwrap_or(i64::MAX));
        for _ in 0..ROUNDS {
            let drop = "SELECT drop_partition($1, $2)";
            let done = self.link.first(drop, &[name.into(), counted.into()]).await;
            match done {
                Ok(record) if record.as_ref().is_some_and(|record| record.int(0) == 1) => return Ok(Drop::Done),
                Ok(_) => return Ok(Drop::Changed),
                // Others use it, or wait for it while it waits for them.
                Err(OutletTrouble::Passing(_)) => tokio::time::sleep(PAUSE).await,
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(Drop::Changed)
    }

    /// Rows of a stretch, some at a time; of archived ones just those.
    async fn drop_rows(
        &mut self,
        stretch: Stretch,
        sensors: &[Sensor],
        kept: Option<Kept>,
    ) -> Result<Drop, OutletTrouble> {
        let pieces = match kept {
            Some(kept) => kept.pieces,
            None => self.pieces(stretch, sensors).await?,
        };
        let mut rest = pieces.as_slice();
        while !rest.is_empty() {
            if self.watch.stopped() {
                return Ok(Drop::Stopped);
            }
            let mut rows = 0;
            let fits = |piece: &&Piece| {
                rows += piece.rows;
                rows <= BATCH
            };
            let count = rest.iter().take_while(fits).count().max(1);
            let (some, more) = rest.split_at(count);
            rest = more;
            self.link.begin().await?;
            match self.drop_pieces(some).await {
                Ok(true) => self.link.commit().await?,
                Ok(false) => {
                    self.link.roll_back().await?;
                    return Ok(Drop::Changed);
                }
                Err(trouble) => {
                    // What went wrong first is what is told.
                    let _ = self.link.roll_back().await;
                    return Err(trouble);
                }
            }
        }
        Ok(Drop::Done)
    }

    async fn drop_pieces(&mut self, pieces: &[Piece]) -> Result<bool, OutletTrouble> {
        let table = self.layout.table;
        let drop = format!("DELETE FROM {table} WHERE sensor_id = $1 AND time >= $2 AND time < $3");
        for piece in pieces {
            let values = [piece.sensor.into(), micros(piece.from), micros(piece.to)];
            let dropped = self.link.run(drop.as_str(), &values).await?;
            if dropped != piece.rows && self.shelf.is_some() {
                return Ok(false);
            }
            (self.watch.tell)(table, dropped);
        }
        Ok(true)
    }

    /// The rows of a stretch in parts, without reading them.
    async fn pieces(&mut self, stretch: Stretch, sensors: &[Sensor]) -> Result<Vec<Piece>, OutletTrouble> {
        let table = self.layout.table;
        let ask = format!(
            "SELECT time FROM {table} WHERE sensor_id = $1 AND time >= $2 AND time < $3 ORDER BY time LIMIT 1 OFFSET {BATCH}"
        );
        let mut pieces = Vec::new();
        for sensor in sensors {
            let mut from = stretch.from;
            while from < stretch.to {
                let found =
                    self.link.first(ask.as_str(), &[sensor.id.into(), micros(from), micros(stretch.to)]).await?;
                let to = found.map_or(stretch.to, |record| record.int(0));
                pieces.push(Piece {
                    sensor: sensor.id,
                    from,
                    to,
                    rows: if to < stretch.to { BATCH } else { BATCH / 10 },
                });
                from = to;
            }
        }
        Ok(pieces)
    }
}
