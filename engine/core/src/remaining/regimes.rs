//! Operating regimes: what the settings alone make of the sensors, taken out before anything is learnt.
//!
//! Settings that jump between levels split the rows into regimes; within a regime a sensor is fitted on the settings and
//! their squares. What is left is in standard deviations of that fit. Settings are never features themselves, so a model
//! cannot learn how a unit was used instead of how worn it is.

use super::lives::{Life, Lives};
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A gap in the values of a setting is one between levels from this share of its range on.
const GAP: f64 = 0.04;
/// A level needs this share of the rows; scattered values at the ends of a range are no levels.
const LEVEL_SHARE: f64 = 0.01;
/// Levels count where they explain this share of some sensor; else they are only the digits of a setting.
const MATTERS: f64 = 0.05;
/// A regime needs this many rows to have a fit of its own.
const FEWEST_ROWS: usize = 50;
/// Weight that keeps the coefficients of a setting that hardly moves near 0.
const RIDGE: f64 = 1e-3;
/// A sensor whose rest is smaller than this share of its size does not move.
const STILL: f64 = 1e-7;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Regimes {
    settings: Vec<Setting>,
    regimes: Vec<Regime>,
    /// Which sensors move, by their place in the table.
    pub(super) moving: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Setting {
    mean: f64,
    scale: f64,
    /// Between levels, ascending.
    cuts: Vec<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Regime {
    /// The level of each setting.
    levels: Vec<u16>,
    rows: usize,
    /// Of each moving sensor: base, then for each setting a slope and a bend; in standard deviations of the rest.
    fits: Vec<Fit>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Fit {
    coefficients: Vec<f64>,
    sd: f64,
}

impl Setting {
    fn of(values: &mut [f64]) -> Setting {
        values.sort_by(f64::total_cmp);
        let count = values.len();
        let mean = values.iter().sum::<f64>() / count.max(1) as f64;
        let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count.max(1) as f64;
        let scale = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        let range = values.last().unwrap_or(&0.0) - values.first().unwrap_or(&0.0);
        let fewest = ((count as f64 * LEVEL_SHARE) as usize).max(1);
        let (mut cuts, mut from) = (Vec::new(), 0);
        for at in 1..count {
            let gap = values[at] - values[at - 1];
            if gap > GAP * range && at - from >= fewest && count - at >= fewest {
                cuts.push(values[at - 1] + gap / 2.0);
                from = at;
            }
        }
        Setting { mean, scale, cuts }
    }

    /// The share of a sensor's variance that lies between the levels; places are (column, columns).
    fn explains(&self, lives: &[&Life], mine: (usize, usize), sensor: (usize, usize)) -> f64 {
        if self.cuts.is_empty() {
            return 0.0;
        }
        let cells = || {
            lives.iter().flat_map(move |life| {
                let rows = 0..life.len();
                rows.map(move |row| (life.settings_at(row, mine.1)[mine.0], life.sensors_at(row, sensor.1)[sensor.0]))
            })
        };
        let known = || cells().filter(|(setting, reading)| setting.is_finite() && reading.is_finite());
        let count = known().count().max(1) as f64;
        let mean = known().map(|(_, reading)| reading).sum::<f64>() / count;
        let mut levels = vec![(0.0, 0.0); self.cuts.len() + 1];
        let mut total = 0.0;
        for (setting, reading) in known() {
            let level = &mut levels[usize::from(self.level(setting))];
            level.0 += 1.0;
            level.1 += reading - mean;
            total += (reading - mean) * (reading - mean);
        }
        let between: f64 = levels.iter().filter(|level| level.0 > 0.0).map(|level| level.1 * level.1 / level.0).sum();
        let still = STILL * mean.abs();
        if total > still * still * count { between / total } else { 0.0 }
    }

    fn level(&self, value: f64) -> u16 {
        self.cuts.partition_point(|cut| *cut < value) as u16
    }
}

impl Regimes {
    /// Learns levels and fits; `None` where no sensor moves.
    pub(super) fn learn(table: &Lives, units: &[usize]) -> Option<Regimes> {
        let (wide, sensors) = (table.settings.len(), table.sensors.len());
        let lives: Vec<&Life> = units.iter().map(|unit| &table.lives[*unit]).collect();
        let settings: Vec<Setting> = (0..wide)
            .map(|j| {
                let column = lives.iter().flat_map(|life| life.settings.iter().skip(j).step_by(wide));
                Setting::of(&mut column.copied().filter(|v| v.is_finite()).collect::<Vec<f64>>())
            })
            .collect();
        let mut settings = settings;
        for (at, setting) in settings.iter_mut().enumerate() {
            if !(0..sensors).any(|sensor| setting.explains(&lives, (at, wide), (sensor, sensors)) > MATTERS) {
                setting.cuts.clear();
            }
        }
        let mut all = Regimes { settings, regimes: Vec::new(), moving: (0..sensors).collect() };
        let mut by_levels: BTreeMap<Vec<u16>, Vec<(usize, usize)>> = BTreeMap::new();
        let mut filled = vec![0.0; wide];
        for (number, life) in lives.iter().enumerate() {
            all.begin(&mut filled);
            for row in 0..life.len() {
                fill(&mut filled, life.settings_at(row, wide));
                by_levels.entry(all.levels(&filled)).or_default().push((number, row));
            }
        }
        let most = by_levels.values().map(Vec::len).max().unwrap_or(0);
        by_levels.retain(|_, rows| rows.len() >= FEWEST_ROWS.min(most));
        for (levels, rows) in by_levels {
            let fits = (0..sensors).map(|sensor| all.fit(&lives, &rows, sensor, sensors)).collect();
            all.regimes.push(Regime { levels, rows: rows.len(), fits });
        }
        all.moving.retain(|&sensor| all.regimes.iter().any(|regime| regime.fits[sensor].sd > 0.0));
        for regime in &mut all.regimes {
            regime.fits = all.moving.iter().map(|&sensor| regime.fits[sensor].clone()).collect();
        }
        (!all.moving.is_empty()).then_some(all)
    }

    /// The settings of a unit before its first row.
    pub(super) fn begin(&self, filled: &mut [f64]) {
        for (value, setting) in filled.iter_mut().zip(&self.settings) {
            *value = setting.mean;
        }
    }

    pub(super) fn width(&self) -> usize {
        self.settings.len()
    }

    pub(super) fn count(&self) -> usize {
        self.regimes.len()
    }

    /// Whether the parts of a model that was read fit together.
    pub(super) fn is_sound(&self, sensors: usize) -> bool {
        let wide = 1 + 2 * self.width();
        let fits = |regime: &Regime| {
            regime.levels.len() == self.width()
                && regime.fits.len() == self.moving.len()
                && regime.fits.iter().all(|fit| fit.coefficients.len() == wide)
        };
        !self.regimes.is_empty() && self.moving.iter().all(|m| *m < sensors) && self.regimes.iter().all(fits)
    }

    fn levels(&self, settings: &[f64]) -> Vec<u16> {
        settings.iter().zip(&self.settings).map(|(value, setting)| setting.level(*value)).collect()
    }

    /// 1, then each setting about its mean and its square.
    fn design(&self, settings: &[f64], into: &mut Vec<f64>) {
        into.clear();
        into.push(1.0);
        for (value, setting) in settings.iter().zip(&self.settings) {
            let z = (value - setting.mean) / setting.scale;
            into.extend([z, z * z]);
        }
    }

    fn fit(&self, lives: &[&Life], rows: &[(usize, usize)], sensor: usize, sensors: usize) -> Fit {
        let (wide, p) = (self.width(), 1 + 2 * self.width());
        let (mut normal, mut right) = (DMatrix::<f64>::zeros(p, p), DVector::<f64>::zeros(p));
        let (mut x, mut filled) = (Vec::with_capacity(p), vec![0.0; wide]);
        let read = |number: usize, row: usize| lives[number].sensors[row * sensors + sensor];
        let known = || rows.iter().filter(|(number, row)| read(*number, *row).is_finite());
        let count = known().count();
        let mean = known().map(|(number, row)| read(*number, *row)).sum::<f64>() / count.max(1) as f64;
        let mut squares = 0.0;
        for &(number, row) in known() {
            self.begin(&mut filled);
            fill(&mut filled, lives[number].settings_at(row, wide));
            self.design(&filled, &mut x);
            let y = read(number, row) - mean;
            squares += y * y;
            for i in 0..p {
                right[i] += x[i] * y;
                (0..p).for_each(|j| normal[(i, j)] += x[i] * x[j]);
            }
        }
        (1..p).for_each(|i| normal[(i, i)] += RIDGE * count as f64 + f64::MIN_POSITIVE);
        normal[(0, 0)] += f64::MIN_POSITIVE;
        let solved = normal.cholesky().map_or_else(|| DVector::zeros(p), |half| half.solve(&right));
        // The ridge makes this a little more than the rest's own variance, never less than 0.
        let variance = ((squares - solved.dot(&right)) / count.max(1) as f64).max(0.0);
        let sd = if count > 2 && variance.sqrt() > STILL * mean.abs() { variance.sqrt() } else { 0.0 };
        let mut coefficients: Vec<f64> = solved.iter().copied().collect();
        coefficients[0] += mean;
        Fit { coefficients, sd }
    }

    /// What is left of the moving sensors of a row; NaN where there is no reading, 0 where a regime has no spread.
    pub(super) fn rest(&self, settings: &[f64], sensors: &[f64], design: &mut Vec<f64>, into: &mut Vec<f64>) {
        into.clear();
        let levels = self.levels(settings);
        let far =
            |regime: &Regime| regime.levels.iter().zip(&levels).map(|(a, b)| u32::from(a.abs_diff(*b))).sum::<u32>();
        let Some(regime) = self.regimes.iter().min_by_key(|regime| (far(regime), usize::MAX - regime.rows)) else {
            into.resize(self.moving.len(), f64::NAN);
            return;
        };
        self.design(settings, design);
        for (fit, &sensor) in regime.fits.iter().zip(&self.moving) {
            let expected: f64 = fit.coefficients.iter().zip(design.iter()).map(|(c, x)| c * x).sum();
            let rest = sensors[sensor] - expected;
            let rest = if fit.sd > 0.0 { rest / fit.sd } else { rest * 0.0 };
            // Beyond this a reading says no more than "very far".
            into.push(rest.clamp(-1e3, 1e3));
        }
    }
}

/// A setting that is missing is the one before.
pub(super) fn fill(filled: &mut [f64], settings: &[f64]) {
    for (kept, value) in filled.iter_mut().zip(settings).filter(|(_, value)| value.is_finite()) {
        *kept = *value;
    }
}
