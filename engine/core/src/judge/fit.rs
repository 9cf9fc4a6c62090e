//! Fitting a lens to training rows: centres, spreads, how rows foretell each other, and what is usual in each channel.
//! No limit is set here, and no row is judged.

use super::axes;
use super::baseline::{Block, ColumnBaseline, Lens};
use super::channels::Channels;
use super::turns::Turns;
use super::{JudgeSpec, SCALES, heard};
use nalgebra::{Cholesky, DMatrix};

/// Columns that are looked at together; above [`WHOLE`] they are cut into blocks of [`PIECE`].
const WHOLE: usize = 256;
const PIECE: usize = 64;
/// While learning, a reading further off than so many spreads counts as that far.
const FURTHEST: f64 = 10.0;
/// What is added to the diagonal where rows foretell each other, as a share of the rows.
const RIDGE: f64 = 0.005;
/// Fewer readings than this say nothing of a column.
const FEWEST: usize = 8;
/// Rows at the beginning that say where references begin.
const FIRST: usize = 64;
/// Log-variances spread at least by this share of what Gaussian noise gives.
const LEAST_LOG: f64 = 1.2;

/// Training rows, one after another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    pub values: &'a [f64],
    pub width: usize,
}

impl<'a> Rows<'a> {
    pub fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    pub fn iter(&self) -> impl Iterator<Item = &'a [f64]> {
        self.values.chunks_exact(self.width.max(1))
    }

    pub fn first(&self, rows: usize) -> Rows<'a> {
        Rows { values: &self.values[..rows.min(self.len()) * self.width], width: self.width }
    }
}

/// A lens, where its references begin and end on the rows that it was fitted to, and how large steps are.
pub(super) struct Fitted {
    pub lens: Lens,
    pub begin: Vec<f64>,
    pub end: Vec<f64>,
    pub step_limit: f64,
    /// By column of the lens: the spread of its slowest level against what white noise would have.
    pub drifts: Vec<f64>,
}

/// What is normal in each column by itself.
pub(super) fn columns(rows: Rows<'_>) -> Vec<ColumnBaseline> {
    (0..rows.width)
        .map(|column| {
            let mut values: Vec<f64> = rows.iter().filter_map(|row| heard(row.get(column))).collect();
            values.sort_by(f64::total_cmp);
            let count = values.len();
            let centre = quantile(&values, 0.5);
            let mean = values.iter().map(|value| value / count.max(1) as f64).sum::<f64>();
            let square: f64 = values.iter().map(|value| (value - mean) * ((value - mean) / count.max(1) as f64)).sum();
            let (whole, robust) = (square.sqrt(), (quantile(&values, 0.75) - quantile(&values, 0.25)) / 1.349);
            // Quartiles of a column that mostly stands still say nothing of how it moves.
            let scale = if robust > 0.3 * whole { robust } else { whole };
            let still = scale <= 1e-12 * centre.abs() || scale <= 1e-150;
            let mute = count < FEWEST || still;
            ColumnBaseline { heard: count as u64, centre, scale, drift: 1.0, mute, bounds: None }
        })
        .collect()
}

/// Between the values of a sorted list; 0 of an empty one.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = share * last as f64;
    let below = place as usize;
    let part = place - below as f64;
    sorted[below] + part * (sorted[(below + 1).min(last)] - sorted[below])
}

pub(super) fn fit(rows: Rows<'_>, columns: &[ColumnBaseline], spec: &JudgeSpec) -> Fitted {
    let mut lens = Lens::default();
    for (at, column) in (0u32..).zip(columns).filter(|(_, column)| !column.mute) {
        lens.columns.push(at);
        lens.centre.push(column.centre);
        lens.scale.push(column.scale);
    }
    let seen = lens.columns.len();
    let readings = standardise(rows, &lens);
    // A reference that does not follow stands at the centre; one that does begins where the rows begin.
    let begin = if spec.adapt > 0.0 { beginning(&readings) } else { vec![0.0; seen] };
    let mut deviations = DMatrix::zeros(rows.len(), seen);
    for (at, reading) in readings.iter().enumerate() {
        let mut reference = begin[at];
        for (row, value) in reading.iter().enumerate() {
            let off = value.unwrap_or(reference) - reference;
            deviations[(row, at)] = off;
            reference += spec.adapt * off;
        }
    }
    let size = if seen <= WHOLE { seen.max(1) } else { PIECE };
    for first in (0..seen).step_by(size) {
        let len = size.min(seen - first);
        let block = block(&mut lens, &deviations, first, len, spec.shrink);
        lens.blocks.push(block);
    }
    lens.axes = axes::of(&DMatrix::from_fn(rows.len(), seen, |row, at| readings[at][row].unwrap_or(0.0)));
    lens.level = vec![1.0; SCALES * seen];
    lens.log_mean = vec![0.0; SCALES * seen];
    lens.log_spread = vec![1.0; SCALES * seen];
    lens.step = vec![1.0; seen];
    let spreads: Vec<f64> = (0..seen).map(|at| deviations.column(at).norm_squared() / rows.len() as f64).collect();
    let mut fitted = Fitted { lens, end: begin.clone(), begin, step_limit: 1.0, drifts: vec![1.0; seen] };
    norms(rows, &mut fitted, &spreads, spec);
    fitted
}

/// Column by column: readings in spreads from the centre.
fn standardise(rows: Rows<'_>, lens: &Lens) -> Vec<Vec<Option<f64>>> {
    let column = |at: usize| {
        let standard = |v: f64| ((v - lens.centre[at]) / lens.scale[at]).clamp(-FURTHEST, FURTHEST);
        rows.iter().map(|row| heard(row.get(lens.columns[at] as usize)).map(standard)).collect()
    };
    (0..lens.columns.len()).map(column).collect()
}

fn beginning(readings: &[Vec<Option<f64>>]) -> Vec<f64> {
    let median = |reading: &Vec<Option<f64>>| {
        let mut first: Vec<f64> = reading.iter().take(FIRST).flatten().copied().collect();
        first.sort_by(f64::total_cmp);
        quantile(&first, 0.5)
    };
    readings.iter().map(median).collect()
}

/// How some columns foretell each other, and the covariance of what they cannot foretell.
fn block(lens: &mut Lens, deviations: &DMatrix<f64>, first: usize, len: usize, shrink: f64) -> Block {
    let rows = deviations.nrows();
    let (before, after) = (deviations.view((0, first), (rows - 1, len)), deviations.view((1, first), (rows - 1, len)));
    let mut square = before.tr_mul(&before);
    for at in 0..len {
        square[(at, at)] += RIDGE * rows as f64;
    }
    let none = DMatrix::zeros(len, len);
    let foretell = Cholesky::new(square).map_or(none, |factor| factor.solve(&before.tr_mul(&after)));
    let mut rest = after - before * &foretell;
    for mut column in rest.column_iter_mut() {
        let mean = column.mean();
        column.add_scalar_mut(-mean);
        let spread = (column.norm_squared() / (rows - 1) as f64).sqrt() + 1e-3;
        column.scale_mut(1.0 / spread);
        lens.bias.push(mean);
        lens.spread.push(spread);
    }
    let mut together = rest.tr_mul(&rest) * ((1.0 - shrink) / (rows - 1) as f64);
    for at in 0..len {
        together[(at, at)] = 1.0;
    }
    let apart = || DMatrix::identity(len, len);
    let factor = Cholesky::new(together).map_or_else(apart, |factor| factor.unpack());
    let whiten = factor.solve_lower_triangular(&apart()).unwrap_or_else(apart);
    // A row of `foretell` is what one column before adds to all: nalgebra keeps columns, so it is turned over.
    Block { first, len, foretell: foretell.transpose().as_slice().to_vec(), whiten: whiten.as_slice().to_vec() }
}

/// Sums over rows of what channels show.
struct Sums {
    level: Vec<f64>,
    log: Vec<f64>,
    log_square: Vec<f64>,
    /// Row after row: how far each column stepped.
    steps: Vec<f64>,
}

/// What is usual in each channel on these rows, where references end, and how large steps are.
fn norms(rows: Rows<'_>, fitted: &mut Fitted, spreads: &[f64], spec: &JudgeSpec) {
    let seen = spreads.len();
    let skipped = spec.scales.map(|scale| ((2.0 * scale) as usize).min(rows.len() / 4));
    let mut channels = Channels::new(&fitted.lens, spec.scales, &spec.parts, &fitted.begin);
    let sums = sum(rows, &fitted.lens, &mut channels, &skipped, spec);
    fitted.end = channels.reference;
    for (scale, skipped) in skipped.iter().enumerate() {
        let count = (rows.len() - skipped) as f64;
        let memory = 2.0 * spec.scales[scale] - 1.0;
        for (at, spread) in spreads.iter().enumerate() {
            let place = scale * seen + at;
            // White noise would leave this much; what drifts leaves more, and is believed the less.
            let white = (spread / memory).max(1e-9);
            let drift = (sums.level[place] / count / white).max(1.0);
            fitted.drifts[at] = drift.sqrt();
            fitted.lens.level[place] = (white * drift * drift.sqrt()).sqrt();
            let mean = sums.log[place] / count;
            let spread = (sums.log_square[place] / count - mean * mean).max(0.0).sqrt();
            fitted.lens.log_mean[place] = mean;
            fitted.lens.log_spread[place] = spread.max(LEAST_LOG * (2.0 / memory).sqrt());
        }
    }
    let count = (sums.steps.len() / seen).max(1) as f64;
    for (at, usual) in fitted.lens.step.iter_mut().enumerate() {
        let square: f64 = sums.steps.iter().skip(at).step_by(seen).map(|step| step * step).sum();
        *usual = (square / count).sqrt() + 1e-3;
    }
    let furthest = |row: &[f64]| {
        row.iter().zip(&fitted.lens.step).fold(0.0f64, |most, (step, usual)| most.max((step / usual).abs()))
    };
    let mut furthest: Vec<f64> = sums.steps.chunks_exact(seen).map(furthest).collect();
    furthest.sort_by(f64::total_cmp);
    fitted.step_limit = quantile(&furthest, 0.99).max(1.0);
}

fn sum(rows: Rows<'_>, lens: &Lens, channels: &mut Channels, skipped: &[usize; SCALES], spec: &JudgeSpec) -> Sums {
    let seen = lens.columns.len();
    let empty = || vec![0.0; SCALES * seen];
    let mut sums = Sums { level: empty(), log: empty(), log_square: empty(), steps: Vec::new() };
    let mut turns = Turns::new(&channels.reference, spec);
    for (number, row) in rows.iter().enumerate() {
        channels.advance(lens, row);
        for place in 0..SCALES * seen {
            if number >= skipped[place / seen] {
                let off = channels.level[place] - channels.reference[place % seen];
                let log = channels.log_power(place);
                sums.level[place] += off * off;
                sums.log[place] += log;
                sums.log_square[place] += log * log;
            }
        }
        let steps = turns.steps(&channels.level);
        if number >= rows.len() / 8 {
            sums.steps.extend(steps);
        } else {
            steps.for_each(drop);
        }
        channels.follow(spec.adapt);
    }
    sums
}
