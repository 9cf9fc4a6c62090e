//! Puts the rows of a stretch into an archive, those that none has yet, and reads back what was written.

use super::book::Book;
use super::layout::{Layout, Lines, Stretch, at};
use super::reading::lines_of;
use super::writing::{Done, Writing};
use super::{Archive, Shelf, Watch, open, within};
use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use std::collections::BTreeSet;
use twinwright_model::Time;

/// Rows that are read, and dropped, at once.
pub const PAGE: u64 = 20_000;

/// A sensor whose rows are archived.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sensor {
    pub machine: String,
    pub name: String,
    pub unit: String,
    pub id: i64,
}

/// What the archives hold of a stretch now.
#[derive(Debug, Default)]
pub struct Kept {
    /// Rows that the table had, all of which are in archives.
    pub rows: u64,
    /// The same in parts, so that they can be dropped in parts.
    pub pieces: Vec<Piece>,
    /// What was written for it just now.
    pub files: Vec<Archive>,
}

/// Rows of one sensor from `from`, before `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    pub sensor: i64,
    pub from: i64,
    pub to: i64,
    pub rows: u64,
}

/// All sensors, in the order of the files.
pub async fn sensors(link: &mut Link) -> Result<Vec<Sensor>, OutletTrouble> {
    let ask = "SELECT e.name, s.name, s.unit, s.id FROM sensors s JOIN equipment e ON e.id = s.equipment_id";
    let found = link.all(ask, &[]).await?;
    let text = |record: &crate::store::Record, place| record.text(place).to_owned();
    let mut sensors: Vec<Sensor> = found
        .iter()
        .map(|record| Sensor {
            machine: text(record, 0),
            name: text(record, 1),
            unit: text(record, 2),
            id: record.int(3),
        })
        .collect();
    // Bytes decide, so that both databases make the same file.
    sensors.sort();
    Ok(sensors)
}

/// Some rows of a sensor, in order of time.
async fn page(link: &mut Link, layout: &Layout, sensor: i64, stretch: Stretch) -> Result<Lines, OutletTrouble> {
    let values = [sensor.into(), at(stretch.from), at(stretch.to), (PAGE as i64).into()];
    let mut lines = Lines::new(layout);
    link.each(layout.page, &values, |record| lines.push(&record)).await?;
    Ok(lines)
}

/// Sees to it that every row of a stretch is in an archive. None when it was told to stop.
pub async fn keep(
    link: &mut Link,
    layout: &'static Layout,
    stretch: Stretch,
    sensors: &[Sensor],
    shelf: &Shelf,
    now: Time,
    watch: &Watch<'_>,
) -> Result<Option<Kept>, OutletTrouble> {
    let mut kept = Kept::default();
    let mut books = Vec::new();
    for archive in within(link, layout.table, stretch).await? {
        books.push(open(&archive, layout).await?);
    }
    let mut work = Work { link, layout, stretch, sensors, shelf, now };
    let name = work.free_name(&mut books, &mut kept).await?;
    let mut writing = None;
    let copied = work.copy(&mut books, &mut kept, &name, &mut writing, watch).await;
    let Some(writing) = writing else { return copied.map(|done| done.then_some(kept)) };
    match copied {
        Ok(true) => (),
        stopped => {
            writing.abandon().await;
            return stopped.map(|_| None);
        }
    }
    let Some(done) = writing.finish().await? else {
        let url = shelf.url_of(&name);
        return Err(OutletTrouble::passing(format!("archive {url}: another program made it just now; try again")));
    };
    let archive = work.read_back(&name, &done).await?;
    kept.files.push(archive);
    Ok(Some(kept))
}

/// Those lines that no book has.
async fn only_new(books: &mut [Book], sensor: &Sensor, piece: Stretch, lines: Lines) -> Result<Lines, OutletTrouble> {
    let mut known = BTreeSet::new();
    for book in books {
        for group in book.groups_of(&sensor.machine, &sensor.name, piece) {
            known.extend(lines_of(book, group, (&sensor.machine, &sensor.name), piece).await?.times);
        }
    }
    if known.is_empty() {
        return Ok(lines);
    }
    let mut fresh = lines.none();
    for (row, _) in lines.times.iter().enumerate().filter(|(_, time)| !known.contains(time)) {
        fresh.copy(&lines, row);
    }
    Ok(fresh)
}

struct Work<'a> {
    link: &'a mut Link,
    layout: &'static Layout,
    stretch: Stretch,
    sensors: &'a [Sensor],
    shelf: &'a Shelf,
    now: Time,
}

impl<'a> Work<'a> {
    /// Writes what no book has into a file, which begins with the first such row. False when it was told to stop.
    async fn copy(
        &mut self,
        books: &mut [Book],
        kept: &mut Kept,
        name: &str,
        writing: &mut Option<Writing<'a>>,
        watch: &Watch<'_>,
    ) -> Result<bool, OutletTrouble> {
        for sensor in self.sensors {
            let mut from = self.stretch.from;
            loop {
                if watch.stopped() {
                    return Ok(false);
                }
                let lines = page(self.link, self.layout, sensor.id, Stretch { from, to: self.stretch.to }).await?;
                let Some(last) = lines.times.last().copied() else { break };
                let read = lines.len() as u64;
                let piece = Stretch { from, to: last.saturating_add(1) };
                kept.rows += read;
                kept.pieces.push(Piece { sensor: sensor.id, from, to: piece.to, rows: read });
                from = piece.to;
                let fresh = only_new(books, sensor, piece, lines).await?;
                if fresh.len() > 0 {
                    let writing = match writing {
                        Some(begun) => begun,
                        None => writing.insert(Writing::begin(self.shelf, name, self.layout)?),
                    };
                    writing.add([&sensor.machine, &sensor.name, &sensor.unit], &fresh).await?;
                }
                (watch.tell)(self.layout.table, kept.rows);
                if read < PAGE {
                    break;
                }
            }
        }
        Ok(true)
    }

    /// The first name that no file has. One that a program left which was killed before it could note it counts, if the
    /// table has all that is in it.
    async fn free_name(&mut self, books: &mut Vec<Book>, kept: &mut Kept) -> Result<String, OutletTrouble> {
        let (table, [from, to]) = (self.layout.table, [self.stretch.start(), self.stretch.end()].map(day));
        let year = from.split('-').next().unwrap_or_default().to_owned();
        for number in 1.. {
            let count = if number == 1 { String::new() } else { format!("_{number}") };
            let name = format!("{table}/{year}/{table}_{from}_{to}{count}.parquet");
            if self.shelf.size(&name).await?.is_none() {
                return Ok(name);
            }
            self.shelf.sweep(&name);
            let url = self.shelf.url_of(&name);
            let known = self.link.first("SELECT id FROM archives WHERE url = $1", &[(&url).into()]).await?;
            if known.is_none()
                && let Ok(mut book) = Book::open(&url, self.layout, None).await
                && self.is_ours(&mut book).await?
            {
                let (rows, content) = book.tally().await?;
                let (bytes, digest, footer_digest) = (book.bytes(), book.digest().await?, book.footer_digest.clone());
                kept.files.push(self.note(&url, &Done { bytes, digest, footer_digest, rows, content }).await?);
                books.push(book);
            }
        }
        Err(OutletTrouble::lasting(format!("archive {}: there is no name left", self.shelf.url())))
    }

    /// Whether the table has every row of a file, to the last bit.
    async fn is_ours(&mut self, book: &mut Book) -> Result<bool, OutletTrouble> {
        for number in 0..book.groups() {
            let Ok(group) = book.group(number).await else { return Ok(false) };
            for ([machine, name, _], span) in &group.spans {
                let known = self.sensors.iter().find(|sensor| sensor.machine == *machine && sensor.name == *name);
                let Some(sensor) = known else { return Ok(false) };
                let mut row = span.start;
                while row < span.end {
                    let [first, last] = [row, span.end - 1].map(|row| group.lines.times.get(row).copied());
                    let stretch = Stretch { from: first.unwrap_or(0), to: last.unwrap_or(0).saturating_add(1) };
                    let inside = self.stretch.within(stretch) == stretch;
                    let lines = page(self.link, self.layout, sensor.id, stretch).await?;
                    if !inside || lines.len() == 0 {
                        return Ok(false);
                    }
                    let begun = row;
                    for there in 0..lines.len() {
                        row += usize::from(row < span.end && group.lines.same(row, &lines, there));
                    }
                    if row == begun || (lines.len() < PAGE as usize && row < span.end) {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(true)
    }

    /// Reads a file that was just written, from where it lies now, and notes it if it is what was written.
    async fn read_back(&mut self, name: &str, done: &Done) -> Result<Archive, OutletTrouble> {
        let url = self.shelf.url_of(name);
        let told = super::Told { bytes: done.bytes, footer_digest: Some(done.footer_digest.clone()) };
        let mut book = Book::open(&url, self.layout, Some(&told)).await?;
        if book.tally().await? != (done.rows, done.content.clone()) {
            return Err(super::damaged(&url, "what is read back is not what was written".to_owned()));
        }
        self.note(&url, done).await
    }

    async fn note(&mut self, url: &str, done: &Done) -> Result<Archive, OutletTrouble> {
        let make = "INSERT INTO archives (table_name, from_time, to_time, url, row_count, bytes, digest, footer_digest, created_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id";
        let [rows, bytes] = [done.rows, done.bytes].map(|count| i64::try_from(count).unwrap_or(i64::MAX));
        let values = [
            self.layout.table.into(),
            at(self.stretch.from),
            at(self.stretch.to),
            url.into(),
            rows.into(),
            bytes.into(),
            (&done.digest).into(),
            (&done.footer_digest).into(),
            self.now.into(),
        ];
        let made = self.link.first(make, &values).await?;
        Ok(Archive {
            id: made.map_or(0, |record| record.int(0)),
            table: self.layout.table.to_owned(),
            from: self.stretch.start(),
            to: self.stretch.end(),
            url: url.to_owned(),
            rows: done.rows,
            bytes: done.bytes,
            digest: done.digest.clone(),
            footer_digest: Some(done.footer_digest.clone()),
            created: self.now,
        })
    }
}

/// The day of an instant: `2026-01-05`.
fn day(time: Time) -> String {
    time.to_string().split('T').next().unwrap_or_default().to_owned()
}
