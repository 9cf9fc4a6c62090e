//! What is asked of a store over and over: a function a question, and its SQL nowhere else.
//!
//! Each walks an index, however long the history is; the plans are looked at by a test on both databases. Rows come back
//! the same from both: what is sorted by name is sorted here, since databases sort text each in its own way.

pub mod alerts;
pub mod board;
pub mod burden;
pub mod machines;
pub mod overview;
pub mod readings;
pub mod rollups;
pub mod states;

use super::Link;
use crate::outlets::trouble::OutletTrouble;
use twinwright_model::Time;

/// From an instant on, up to but without another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub from: Time,
    pub to: Time,
}

impl Stretch {
    /// All that can be said in a store.
    pub const ALL: Stretch = Stretch { from: Time(i64::MIN), to: Time(i64::MAX) };

    pub fn contains(self, time: Time) -> bool {
        self.from <= time && time < self.to
    }
}

/// The stretches of the archives of readings that overlap another one, in order of time.
pub async fn archived(link: &mut Link, stretch: Stretch) -> Result<Vec<Stretch>, OutletTrouble> {
    let ask = "SELECT from_time, to_time FROM archives WHERE table_name = 'sensor_readings' AND from_time < $2 \
               AND to_time > $1 ORDER BY from_time, to_time";
    let rows = link.all(ask, &[stretch.from.into(), stretch.to.into()]).await?;
    Ok(rows.iter().filter_map(|row| Some(Stretch { from: row.time(0)?, to: row.time(1)? })).collect())
}
