//! What one sensor said in a stretch that was archived, in order of time.

use super::book::Book;
use super::layout::{Lines, READINGS, Stretch};
use super::{Archive, open, within};
use crate::outlets::trouble::OutletTrouble;
use crate::store::Link;
use std::collections::VecDeque;
use twinwright_model::Time;

/// An archived reading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub time: Time,
    pub value: Option<f64>,
    /// As in the table: 0 good, 1 bad, 2 uncertain, 3 substitute.
    pub quality: u8,
    pub raw_value: Option<f64>,
    pub status_code: Option<i64>,
}

/// Hands on the archived readings of one sensor (machine and name) from `from`, before `to`, in order of time, each once.
/// Where two files have the same instant, the one that was written first counts. Says how many files were read.
pub async fn read(
    link: &mut Link,
    sensor: (&str, &str),
    from: Time,
    to: Time,
    mut take: impl FnMut(Reading),
) -> Result<usize, OutletTrouble> {
    // Readings lie on whole microseconds.
    let up = |time: Time| time.0.div_euclid(1_000) + i64::from(time.0.rem_euclid(1_000) != 0);
    let stretch = Stretch { from: up(from), to: up(to) };
    let files = within(link, READINGS.table, stretch).await?;
    let read = files.len();
    // Files that overlap are read side by side, the others one after the other.
    let mut rest = files.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut end = first.to;
        let mut together = vec![first];
        while let Some(next) = rest.next_if(|next| next.from < end) {
            end = end.max(next.to);
            together.push(next);
        }
        merge(&together, sensor, stretch, &mut take).await?;
    }
    Ok(read)
}

async fn merge(
    files: &[Archive],
    sensor: (&str, &str),
    stretch: Stretch,
    take: &mut impl FnMut(Reading),
) -> Result<(), OutletTrouble> {
    let mut cursors = Vec::new();
    for file in files {
        cursors.push((file.id, Cursor::begin(open(file, &READINGS).await?, sensor, stretch).await?));
    }
    cursors.sort_by_key(|(id, _)| *id);
    while let Some(time) = cursors.iter().filter_map(|(_, cursor)| cursor.time()).min() {
        let mut given = false;
        for (_, cursor) in cursors.iter_mut().filter(|(_, cursor)| cursor.time() == Some(time)) {
            if !given {
                take(cursor.reading(time));
            }
            given = true;
            cursor.step().await?;
        }
    }
    Ok(())
}

/// A place in a file, among the rows of one sensor.
struct Cursor {
    book: Book,
    sensor: (String, String),
    stretch: Stretch,
    groups: VecDeque<usize>,
    lines: Lines,
    at: usize,
}

impl Cursor {
    async fn begin(book: Book, (machine, sensor): (&str, &str), stretch: Stretch) -> Result<Cursor, OutletTrouble> {
        let groups = book.groups_of(machine, sensor, stretch).into();
        let sensor = (machine.to_owned(), sensor.to_owned());
        let mut cursor = Cursor { book, sensor, stretch, groups, lines: Lines::new(&READINGS), at: 0 };
        cursor.fill().await?;
        Ok(cursor)
    }

    fn time(&self) -> Option<i64> {
        self.lines.times.get(self.at).copied()
    }

    fn reading(&self, time: i64) -> Reading {
        Reading {
            time: super::layout::instant(time),
            value: self.lines.real(0, self.at),
            quality: self.lines.whole(1, self.at).and_then(|code| u8::try_from(code).ok()).unwrap_or_default(),
            raw_value: self.lines.real(2, self.at),
            status_code: self.lines.whole(3, self.at),
        }
    }

    async fn step(&mut self) -> Result<(), OutletTrouble> {
        self.at += 1;
        self.fill().await
    }

    /// Goes on to the next group while this one has no more.
    async fn fill(&mut self) -> Result<(), OutletTrouble> {
        while self.at >= self.lines.len() {
            let Some(next) = self.groups.pop_front() else { return Ok(()) };
            self.lines = lines_of(&mut self.book, next, (&self.sensor.0, &self.sensor.1), self.stretch).await?;
            self.at = 0;
        }
        Ok(())
    }
}

/// The rows of a group that are a sensor's and in a stretch.
pub(super) async fn lines_of(
    book: &mut Book,
    group: usize,
    (machine, sensor): (&str, &str),
    stretch: Stretch,
) -> Result<Lines, OutletTrouble> {
    let group = book.group(group).await?;
    let mut lines = group.lines.none();
    for (_, span) in group.spans.iter().filter(|(names, _)| names[0] == machine && names[1] == sensor) {
        for at in span.clone() {
            if group.lines.times.get(at).is_some_and(|time| (stretch.from..stretch.to).contains(time)) {
                lines.copy(&group.lines, at);
            }
        }
    }
    Ok(lines)
}
