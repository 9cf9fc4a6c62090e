//! Which tables can be archived, and which columns their files have.
//!
//! A file names machine, sensor and unit instead of ids, so that it can be read without the store that it came from.

use super::super::cell::{Cell, Record};
use twinwright_model::{Quality, Time};

/// A table of what sensors said, or of its roll-ups.
#[derive(Debug, PartialEq)]
pub struct Layout {
    pub table: &'static str,
    /// Days of a stretch that is dropped at once; a partition of PostgreSQL has as many.
    pub days: i64,
    pub(super) columns: &'static [(&'static str, Sort)],
    /// Rows of sensor $1 from $2, before $3, the first $4 of them.
    pub(super) page: &'static str,
    /// The first row's time from $1 on, of all sensors.
    pub(super) next: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sort {
    Real,
    Whole,
    /// Kept as a number, written as a word.
    Quality,
}

pub static READINGS: Layout = Layout {
    table: "sensor_readings",
    days: 7,
    columns: &[
        ("value", Sort::Real),
        ("quality", Sort::Quality),
        ("raw_value", Sort::Real),
        ("status_code", Sort::Whole),
    ],
    page: "SELECT time, value, quality, raw_value, status_code FROM sensor_readings \
           WHERE sensor_id = $1 AND time >= $2 AND time < $3 ORDER BY time LIMIT $4",
    next: "SELECT min(first) FROM (SELECT (SELECT r.time FROM sensor_readings r WHERE r.sensor_id = s.id AND r.time >= $1 \
           ORDER BY r.time LIMIT 1) AS first FROM sensors s) AS firsts",
};

const ROLLUPS: &[(&str, Sort)] = &[
    ("mean", Sort::Real),
    ("min", Sort::Real),
    ("max", Sort::Real),
    ("stddev", Sort::Real),
    ("p95", Sort::Real),
    ("count", Sort::Whole),
];

static MINUTES: Layout = Layout {
    table: "sensor_readings_1m",
    days: 28,
    columns: ROLLUPS,
    page: "SELECT time, mean, min, max, stddev, p95, count FROM sensor_readings_1m \
           WHERE sensor_id = $1 AND time >= $2 AND time < $3 ORDER BY time LIMIT $4",
    next: "SELECT min(first) FROM (SELECT (SELECT r.time FROM sensor_readings_1m r WHERE r.sensor_id = s.id AND r.time >= $1 \
           ORDER BY r.time LIMIT 1) AS first FROM sensors s) AS firsts",
};

static HOURS: Layout = Layout {
    table: "sensor_readings_1h",
    days: 364,
    columns: ROLLUPS,
    page: "SELECT time, mean, min, max, stddev, p95, count FROM sensor_readings_1h \
           WHERE sensor_id = $1 AND time >= $2 AND time < $3 ORDER BY time LIMIT $4",
    next: "SELECT min(first) FROM (SELECT (SELECT r.time FROM sensor_readings_1h r WHERE r.sensor_id = s.id AND r.time >= $1 \
           ORDER BY r.time LIMIT 1) AS first FROM sensors s) AS firsts",
};

/// All that can be archived.
pub static LAYOUTS: [&Layout; 3] = [&READINGS, &MINUTES, &HOURS];

/// The layout of a table, if it can be archived.
pub fn of(table: &str) -> Option<&'static Layout> {
    LAYOUTS.into_iter().find(|layout| layout.table == table)
}

/// From `from`, before `to`, in microseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub from: i64,
    pub to: i64,
}

const DAY: i64 = 86_400_000_000;
/// Monday 1970-01-05, from which days are counted in both databases.
const FIRST_MONDAY: i64 = 4 * DAY;

impl Stretch {
    /// The stretch of so many days that an instant falls into.
    pub fn around(time: i64, days: i64) -> Stretch {
        let width = days.max(1).saturating_mul(DAY);
        let from = time.saturating_sub((time.saturating_sub(FIRST_MONDAY)).rem_euclid(width));
        Stretch { from, to: from.saturating_add(width) }
    }

    /// What both have.
    pub fn within(self, other: Stretch) -> Stretch {
        Stretch { from: self.from.max(other.from), to: self.to.min(other.to) }
    }

    pub fn start(self) -> Time {
        instant(self.from)
    }

    pub fn end(self) -> Time {
        instant(self.to)
    }
}

pub(crate) fn instant(micros: i64) -> Time {
    Time(micros.saturating_mul(1_000))
}

/// Rows of one sensor in order of time, column by column.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Lines {
    pub times: Vec<i64>,
    pub columns: Vec<Values>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Values {
    Real(Vec<Option<f64>>),
    Whole(Vec<Option<i64>>),
}

impl Values {
    /// A column of the same sort, without rows.
    pub fn none(&self) -> Values {
        match self {
            Values::Real(_) => Values::Real(Vec::new()),
            Values::Whole(_) => Values::Whole(Vec::new()),
        }
    }
}

impl Lines {
    pub fn new(layout: &Layout) -> Lines {
        let empty = |(_, sort): &(&str, Sort)| match sort {
            Sort::Real => Values::Real(Vec::new()),
            Sort::Whole | Sort::Quality => Values::Whole(Vec::new()),
        };
        Lines { times: Vec::new(), columns: layout.columns.iter().map(empty).collect() }
    }

    /// Lines of the same columns, without rows.
    pub fn none(&self) -> Lines {
        Lines { times: Vec::new(), columns: self.columns.iter().map(Values::none).collect() }
    }

    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// A row of the layout's page.
    pub fn push(&mut self, record: &Record) {
        self.times.push(record.int(0));
        for (at, column) in self.columns.iter_mut().enumerate() {
            match column {
                Values::Real(values) => values.push(record.maybe_real(at + 1)),
                Values::Whole(values) => values.push(record.maybe_int(at + 1)),
            }
        }
    }

    /// Adds a row of other lines.
    pub fn copy(&mut self, other: &Lines, at: usize) {
        self.times.extend(other.times.get(at));
        for (mine, theirs) in self.columns.iter_mut().zip(&other.columns) {
            match (mine, theirs) {
                (Values::Real(mine), Values::Real(theirs)) => mine.extend(theirs.get(at)),
                (Values::Whole(mine), Values::Whole(theirs)) => mine.extend(theirs.get(at)),
                _ => (),
            }
        }
    }

    /// Whether two rows are the same to the last bit.
    pub fn same(&self, at: usize, other: &Lines, there: usize) -> bool {
        let equal = |(mine, theirs): (&Values, &Values)| match (mine, theirs) {
            (Values::Real(mine), Values::Real(theirs)) => bits(mine.get(at)) == bits(theirs.get(there)),
            (Values::Whole(mine), Values::Whole(theirs)) => mine.get(at) == theirs.get(there),
            _ => false,
        };
        self.times.get(at) == other.times.get(there) && self.columns.iter().zip(&other.columns).all(equal)
    }

    pub fn real(&self, column: usize, at: usize) -> Option<f64> {
        match self.columns.get(column) {
            Some(Values::Real(values)) => values.get(at).copied().flatten(),
            _ => None,
        }
    }

    pub fn whole(&self, column: usize, at: usize) -> Option<i64> {
        match self.columns.get(column) {
            Some(Values::Whole(values)) => values.get(at).copied().flatten(),
            _ => None,
        }
    }
}

pub(super) fn bits(value: Option<&Option<f64>>) -> Option<Option<u64>> {
    value.map(|value| value.map(f64::to_bits))
}

/// A quality as files have it.
pub(super) fn word(quality: Option<i64>) -> Option<&'static str> {
    quality.and_then(|code| u8::try_from(code).ok()).map(|code| Quality::from_code(code).word())
}

/// The number of a word.
pub(super) fn quality(word: &str) -> Option<i64> {
    let all = [Quality::Good, Quality::Bad, Quality::Uncertain, Quality::Substitute];
    all.into_iter().find(|quality| quality.word() == word).map(|quality| i64::from(quality.code()))
}

pub(super) fn at(micros: i64) -> Cell {
    Cell::Time(micros)
}
