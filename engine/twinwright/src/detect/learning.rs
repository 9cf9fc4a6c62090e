//! What is learnt from rows before any is judged: the baseline, and of each column what people want to see of it.

use super::sampled::Sampled;
use crate::Trouble;
use crate::recording::Instant;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use twinwright_core::judge::{Baseline, Judge, JudgeSpec, Learner};
use twinwright_model::names::nearest;

/// Rows whose places on the map are kept.
const MOST_PLACES: usize = 400;
/// Cells of rows that are kept to find those places.
const MOST_CELLS: usize = 400_000;
/// How many of the learnt rows lie within each ring of the map.
pub const RINGS: [f64; 3] = [0.5, 0.9, 0.99];

/// What was learnt, with where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Learnt {
    pub source: String,
    pub rows: u64,
    /// Rows on which limits were set, beside those.
    pub calibrated: u64,
    /// The first and the last time of those rows, as their table has them.
    pub from: String,
    pub until: String,
    pub columns: Vec<LearntColumn>,
    /// Where learnt rows lie on the map, and the radii within which `RINGS` of them do.
    pub places: Vec<[f64; 2]>,
    pub rings: [f64; 3],
    pub baseline: Arc<Baseline>,
}

/// What was learnt of one column; nothing where it was never read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LearntColumn {
    pub name: String,
    pub readings: u64,
    pub mean: f64,
    pub sd: f64,
    pub low: f64,
    pub high: f64,
}

/// Hears the rows that are learnt from.
pub(super) struct Learning {
    learner: Learner,
    learnt_rows: u64,
    calibrated: u64,
    from: String,
    until: String,
    columns: Vec<LearntColumn>,
    kept: Sampled<(i64, Vec<f64>)>,
}

impl Learning {
    pub(super) fn new(names: &[String], spec: &JudgeSpec) -> Result<Learning, Trouble> {
        let mut learner = Learner::new(names.len(), spec);
        for (name, bounds) in &spec.limits {
            let Some(column) = names.iter().position(|known| known == name) else {
                let nearest = nearest(name, names.iter().map(String::as_str));
                let nearest = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
                return Err(Trouble::Input(format!("--config: limits: there is no column `{name}`{nearest}")));
            };
            learner.bound(column, *bounds);
        }
        let column = |name: &String| LearntColumn { name: name.clone(), ..LearntColumn::default() };
        let most = (MOST_CELLS / names.len().max(1)).clamp(16, MOST_PLACES);
        Ok(Learning {
            learner,
            learnt_rows: 0,
            calibrated: 0,
            from: String::new(),
            until: String::new(),
            columns: names.iter().map(column).collect(),
            kept: Sampled::new(most),
        })
    }

    pub(super) fn hear(&mut self, instant: &Instant) {
        if self.learnt_rows == 0 {
            self.from.clone_from(&instant.stamp);
        }
        self.until.clone_from(&instant.stamp);
        self.learnt_rows += 1;
        self.learner.hear(instant.time, &instant.values);
        for (column, value) in self.columns.iter_mut().zip(&instant.values) {
            column.hear(*value);
        }
        self.kept.offer(|| (instant.time, instant.values.clone()));
    }

    pub(super) fn calibrate(&mut self, instant: &Instant) {
        self.calibrated += 1;
        self.learner.calibrate(instant.time, &instant.values);
    }

    pub(super) fn rows(&self) -> u64 {
        self.learnt_rows
    }

    pub(super) fn finish(self, source: String) -> Result<Learnt, Trouble> {
        if self.learnt_rows == 0 {
            return Err(Trouble::Input(format!("{source}: there are no rows to learn from")));
        }
        let wrong = |why| Trouble::Input(format!("{source}: {why}"));
        let baseline = Arc::new(self.learner.finish().map_err(wrong)?);
        let mut judge = Judge::new(baseline.clone());
        let places: Vec<[f64; 2]> = self
            .kept
            .into_items()
            .into_iter()
            .map(|(time, row)| judge.hear(time, &row).place)
            .filter(|place| place.iter().all(|part| part.is_finite()))
            .collect();
        let columns = self.columns.into_iter().map(LearntColumn::settled).collect();
        Ok(Learnt {
            source,
            rows: self.learnt_rows,
            calibrated: self.calibrated,
            from: self.from,
            until: self.until,
            columns,
            rings: rings(&places),
            places,
            baseline,
        })
    }
}

impl LearntColumn {
    /// Welford's sums: `sd` holds the sum of squares until it is settled.
    fn hear(&mut self, value: f64) {
        if !value.is_finite() || value.abs() > 1e150 {
            return;
        }
        self.low = if self.readings == 0 { value } else { self.low.min(value) };
        self.high = if self.readings == 0 { value } else { self.high.max(value) };
        self.readings += 1;
        let step = value - self.mean;
        self.mean += step / self.readings as f64;
        self.sd += step * (value - self.mean);
    }

    fn settled(mut self) -> LearntColumn {
        self.sd = (self.sd / self.readings.saturating_sub(1).max(1) as f64).sqrt();
        self
    }
}

/// Radii that hold `RINGS` of the places.
fn rings(places: &[[f64; 2]]) -> [f64; 3] {
    let mut far: Vec<f64> = places.iter().map(|[x, y]| x.hypot(*y)).collect();
    far.sort_by(f64::total_cmp);
    let last = far.len().saturating_sub(1);
    RINGS.map(|part| far.get((part * last as f64).round() as usize).copied().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_holds_its_part_of_the_places() {
        let places: Vec<[f64; 2]> = (0..=100).map(|k| [0.0, f64::from(k)]).collect();
        assert_eq!(rings(&places), [50.0, 90.0, 99.0]);
        assert_eq!(rings(&[]), [0.0; 3]);
    }

    #[test]
    fn a_column_knows_its_mean_and_spread() {
        let mut column = LearntColumn::default();
        [2.0, 4.0, f64::NAN, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0].into_iter().for_each(|value| column.hear(value));
        let column = column.settled();
        assert_eq!((column.readings, column.mean, column.low, column.high), (8, 5.0, 2.0, 9.0));
        assert!((column.sd - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
    }
}
