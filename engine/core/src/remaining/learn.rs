//! Learning from lives, and the check by units that were held out.
//!
//! A fold's model never sees its units, not even to scale a sensor. The band is learnt from those errors; how many rows
//! it covers is told from bands that did not see the fold.

use super::course::{Course, Scales};
use super::interval::{Band, Errors};
use super::judge::{Judged, Verdict, judge};
use super::lives::{Life, Lives, LivesError};
use super::model::{Model, Training};
use super::regimes::Regimes;
use super::solve::Solved;
use crate::dice::{Dice, Purpose};

/// Fewer units than this say nothing of the next one.
const FEWEST_UNITS: usize = 3;
const FEWEST_ROWS: usize = 20;
const FOLDS: usize = 5;
/// Rows that the matrix is made of, at most; of longer tables every second, third ... row of each unit.
const MOST_ROWS: usize = 7_000;
/// Draws of one row from each unit that was held out.
const DRAWS: usize = 100;
/// Rows that are drawn have between these shares of the cap left: neither at their end nor long before it counts.
const DRAWN: [f64; 2] = [0.05, 1.16];

/// What is asked of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Lives left beyond this are all taught as this.
    pub cap: Option<f64>,
    /// The share of rows that the band shall cover.
    pub coverage: f64,
}

/// A model and how it did on units that it had not seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Learnt {
    pub model: Model,
    pub checked: CrossChecked,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CrossChecked {
    pub folds: usize,
    /// Over all rows.
    pub all: Verdict,
    /// One row of each unit, drawn again and again: mean and standard deviation over the draws.
    pub rmse: (f64, f64),
    /// NASA's score, as if there were a hundred units.
    pub nasa: (f64, f64),
}

/// Learns a model from units that ran to their failure; the rows must have been settled.
pub fn learn(table: &Lives, settings: Settings) -> Result<Learnt, LivesError> {
    let units = table.lives.len();
    if units < FEWEST_UNITS {
        return Err(LivesError::TooFew { what: "units", found: units, needed: FEWEST_UNITS });
    }
    if table.rows() < FEWEST_ROWS {
        return Err(LivesError::TooFew { what: "rows", found: table.rows(), needed: FEWEST_ROWS });
    }
    let folds = FOLDS.min(units);
    let mut rows = Vec::new();
    for fold in 0..folds {
        let (held, taught): (Vec<usize>, Vec<usize>) = (0..units).partition(|unit| unit % folds == fold);
        let model = model_of(table, &taught, settings)?;
        for unit in held {
            rows.extend(answers(&model, unit, &table.lives[unit]));
        }
    }
    rows.sort_by_key(|row| row.unit);
    let mut model = model_of(table, &(0..units).collect::<Vec<_>>(), settings)?;
    model.band = Band::learn(&errors_of(&rows, |_| true), settings.coverage);
    let checked = cross_check(rows, folds, settings, model.trained.median);
    model.trained.checked_rmse = checked.rmse.0;
    Ok(Learnt { model, checked })
}

fn errors_of(rows: &[Judged], keep: impl Fn(usize) -> bool) -> Errors {
    let mut errors = Errors::default();
    rows.iter().filter(|row| keep(row.unit)).for_each(|row| errors.push(row.unit, row.predicted, row.truth));
    errors
}

fn answers(model: &Model, unit: usize, life: &Life) -> Vec<Judged> {
    let end = life.last_cycle();
    let rows = life.cycles.iter().zip(model.predict(life));
    rows.map(|(cycle, said)| Judged {
        unit,
        cycle: *cycle,
        truth: end - cycle,
        predicted: said.rul,
        low: said.low,
        high: said.high,
    })
    .collect()
}

/// A model of some of the units; its band is still empty.
fn model_of(table: &Lives, units: &[usize], settings: Settings) -> Result<Model, LivesError> {
    let mut spans: Vec<f64> = units.iter().map(|unit| table.lives[*unit].last_cycle()).collect();
    spans.sort_by(f64::total_cmp);
    let [shortest, median, longest] = [0, spans.len() / 2, spans.len() - 1].map(|at| spans[at]);
    let scales = Scales::of_life(median);
    let regimes = Regimes::learn(table, units).ok_or(LivesError::NothingMoves)?;
    let rows: usize = units.iter().map(|unit| table.lives[*unit].len()).sum();
    let (numbers, targets) = training_rows(table, units, &regimes, scales, settings.cap);
    let solved = Solved::learn(&numbers, &targets, Course::width(&regimes)).ok_or(LivesError::NothingMoves)?;
    Ok(Model {
        trained: Training { units: units.len(), rows, shortest, median, longest, ..Training::default() },
        unit_column: String::new(),
        cycle_column: String::new(),
        settings: table.settings.clone(),
        sensors: table.sensors.clone(),
        cap: settings.cap,
        scales,
        regimes,
        solved,
        band: Band::learn(&Errors::default(), settings.coverage),
    })
}

fn training_rows(
    table: &Lives,
    units: &[usize],
    regimes: &Regimes,
    scales: Scales,
    cap: Option<f64>,
) -> (Vec<f64>, Vec<f64>) {
    let rows: usize = units.iter().map(|unit| table.lives[*unit].len()).sum();
    let every = rows.div_ceil(MOST_ROWS).max(1);
    let (mut numbers, mut targets, mut row_numbers) = (Vec::new(), Vec::new(), Vec::new());
    for (number, &unit) in units.iter().enumerate() {
        let life = &table.lives[unit];
        let mut course = Course::new(regimes, scales);
        for row in 0..life.len() {
            let settings = life.settings_at(row, table.settings.len());
            let sensors = life.sensors_at(row, table.sensors.len());
            course.hear(life.cycles[row], settings, sensors, &mut row_numbers);
            // Units begin at different rows, so that no part of life is left out; the end never is.
            if (row + number) % every == 0 || row + 1 == life.len() {
                numbers.extend_from_slice(&row_numbers);
                targets.push((life.last_cycle() - life.cycles[row]).min(cap.unwrap_or(f64::MAX)));
            }
        }
    }
    (numbers, targets)
}

fn cross_check(mut rows: Vec<Judged>, folds: usize, settings: Settings, median: f64) -> CrossChecked {
    for fold in 0..folds {
        let band = Band::learn(&errors_of(&rows, |unit| unit % folds != fold), settings.coverage);
        for row in rows.iter_mut().filter(|row| row.unit % folds == fold) {
            (row.low, row.high) = band.around(row.predicted);
        }
    }
    let size = settings.cap.map_or(median, |cap| cap.min(median));
    let fit = |row: &&Judged| row.truth >= DRAWN[0] * size && row.truth <= DRAWN[1] * size;
    let pools: Vec<Vec<Judged>> = rows
        .chunk_by(|a, b| a.unit == b.unit)
        .map(|unit| unit.iter().filter(fit).copied().collect::<Vec<Judged>>())
        .filter(|pool| !pool.is_empty())
        .collect();
    let dice = Dice::of(1, 0, "drawn rows");
    let (mut rmse, mut nasa) = (Vec::new(), Vec::new());
    for draw in 0..DRAWS {
        let mut drawn = Vec::with_capacity(pools.len());
        for (number, pool) in pools.iter().enumerate() {
            let word = dice.words(Purpose::named("remaining.draw"), (draw * pools.len() + number) as u64)[0];
            drawn.push(pool[word as usize % pool.len()]);
        }
        let verdict = judge(&drawn);
        rmse.push(verdict.rmse);
        nasa.push(verdict.nasa * 100.0 / drawn.len().max(1) as f64);
    }
    CrossChecked { folds, all: judge(&rows), rmse: mean_and_sd(&rmse), nasa: mean_and_sd(&nasa) }
}

fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    (mean, (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count).sqrt())
}
