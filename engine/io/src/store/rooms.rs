//! Partitions of PostgreSQL: made before rows want them, narrow while there are few, wider where there would be too many.

use super::cell::Cell;
use super::link::Link;
use super::rollups::hour_of;
use super::rows::Row;
use crate::outlets::trouble::OutletTrouble;
use std::collections::{BTreeMap, BTreeSet};

const DAY: i64 = 86_400_000_000;
/// The first Monday, from which partitions are counted.
const FIRST_MONDAY: i64 = 4 * DAY;

/// Tables and the days of their partitions, and from how many partitions on the next width is taken: ten years of
/// weeks, then twenty of four weeks. What speaks once a day for centuries does not make a table for each week.
const READINGS: Parent = Parent { name: "sensor_readings", days: [7, 28, 364], bounds: [520, 780] };
const MINUTES: Parent = Parent { name: "sensor_readings_1m", days: [28, 364, 3_640], bounds: [260, 360] };
const HOURS: Parent = Parent { name: "sensor_readings_1h", days: [364, 3_640, 3_640], bounds: [100, 200] };
/// Partitions that one batch may want before it gets wider ones.
const OF_BATCH: usize = 60;

#[derive(Clone, Copy)]
struct Parent {
    name: &'static str,
    days: [i64; 3],
    bounds: [usize; 2],
}

/// What is known of the partitions that there are: end by start, in microseconds, by table.
#[derive(Debug, Default)]
pub struct Rooms {
    read: bool,
    known: BTreeMap<String, BTreeMap<i64, i64>>,
}

impl Rooms {
    /// Somebody dropped one.
    pub fn forget(&mut self) {
        *self = Rooms::default();
    }

    /// Makes the partitions that these rows and their roll-ups want.
    pub async fn make(&mut self, link: &mut Link, rows: &[Row]) -> Result<(), OutletTrouble> {
        let mut homeless = BTreeSet::new();
        let mut around = (0, 0);
        for row in rows {
            if row.time < around.0 || row.time >= around.1 {
                let hour = hour_of(row.time);
                match self.around(READINGS.name, row.time) {
                    Some(found)
                        if self.around(MINUTES.name, hour).is_some() && self.around(HOURS.name, hour).is_some() =>
                    {
                        // As far as one lookup tells of all three.
                        around = (hour.max(found.0), found.1.min(hour - hour.rem_euclid(DAY) + DAY));
                    }
                    _ => {
                        homeless.insert(hour);
                    }
                }
            }
        }
        self.make_for(link, READINGS, &homeless).await?;
        self.make_for(link, MINUTES, &homeless).await?;
        self.make_for(link, HOURS, &homeless).await
    }

    /// Makes the partitions of roll-ups of one hour.
    pub async fn make_rollups(&mut self, link: &mut Link, hour: i64) -> Result<(), OutletTrouble> {
        let hours = BTreeSet::from([hour]);
        self.make_for(link, MINUTES, &hours).await?;
        self.make_for(link, HOURS, &hours).await
    }

    async fn make_for(&mut self, link: &mut Link, parent: Parent, times: &BTreeSet<i64>) -> Result<(), OutletTrouble> {
        if times.iter().all(|time| self.around(parent.name, *time).is_some()) {
            return Ok(());
        }
        if !self.read {
            self.read_all(link).await?;
        }
        let homeless: Vec<i64> =
            times.iter().filter(|time| self.around(parent.name, **time).is_none()).copied().collect();
        let there = self.known.get(parent.name).map_or(0, BTreeMap::len);
        let days = width(parent, there, &homeless);
        for time in homeless {
            if self.around(parent.name, time).is_none() {
                let make = "SELECT starts, ends FROM make_partition($1, $2, $3)";
                let values = [parent.name.into(), Cell::Int(days), Cell::Time(time)];
                let made = link.first(make, &values).await?.unwrap_or_default();
                self.known.entry(parent.name.to_owned()).or_default().insert(made.int(0), made.int(1));
            }
        }
        Ok(())
    }

    async fn read_all(&mut self, link: &mut Link) -> Result<(), OutletTrouble> {
        self.known.clear();
        link.each("SELECT parent, starts, ends FROM history_partitions", &[], |record| {
            let parent = self.known.entry(record.text(0).to_owned()).or_default();
            parent.insert(record.int(1), record.int(2));
        })
        .await?;
        self.read = true;
        Ok(())
    }

    /// The partition in which `time` is.
    fn around(&self, parent: &str, time: i64) -> Option<(i64, i64)> {
        let (starts, ends) = self.known.get(parent)?.range(..=time).next_back()?;
        (time < *ends).then_some((*starts, *ends))
    }
}

/// How many days the partitions get that these times want.
fn width(parent: Parent, there: usize, homeless: &[i64]) -> i64 {
    let wanted = |days: i64| {
        let numbers: BTreeSet<i64> = homeless.iter().map(|time| (time - FIRST_MONDAY).div_euclid(days * DAY)).collect();
        numbers.len()
    };
    let [narrow, middle, wide] = parent.days;
    match there {
        there if there < parent.bounds[0] && wanted(narrow) <= OF_BATCH => narrow,
        there if there < parent.bounds[1] && wanted(middle) <= OF_BATCH => middle,
        _ => wide,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_get_wider_where_there_would_be_too_many() {
        let each = |days: i64, count: i64| -> Vec<i64> { (0..count).map(|number| number * days * DAY).collect() };
        assert_eq!(width(READINGS, 0, &each(1, 300)), 7);
        assert_eq!(width(READINGS, 0, &each(7, 200)), 28);
        assert_eq!(width(READINGS, 0, &each(7, 5_000)), 364);
        assert_eq!(width(READINGS, 600, &each(1, 3)), 28);
        assert_eq!(width(READINGS, 900, &each(1, 3)), 364);
        // Far apart, but few.
        assert_eq!(width(READINGS, 0, &[-9_000 * DAY, 90_000 * DAY]), 7);
    }
}
