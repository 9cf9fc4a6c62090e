//! The drivers as a sensor hears them: each with its gaps filled, about its mean, behind a first-order lag.
//!
//! A recorded row tells a driver at an instant. Between two rows it either held its value (`Hold`: the engine's own rule,
//! and that of switches) or ran straight on (`Ramp`: what moves slowly, sampled now and then).

use super::squares;
use super::{Record, Series};

/// Above this share of its movement explained by others a driver has no gain of its own.
const ALIKE: f64 = 0.999;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Between {
    Hold,
    Ramp,
}

/// Drivers that can be told apart, in standard deviations about their means.
#[derive(Debug, Clone)]
pub(super) struct Inputs<'a> {
    pub seconds: &'a [f64],
    /// Places among the record's drivers.
    pub places: Vec<usize>,
    pub columns: Vec<Vec<f64>>,
    pub means: Vec<f64>,
    pub scales: Vec<f64>,
}

impl Inputs<'_> {
    pub(super) fn of<'a>(record: &'a Record, usable: &[usize]) -> Inputs<'a> {
        let mut inputs = Inputs {
            seconds: &record.seconds,
            places: usable.to_vec(),
            columns: Vec::new(),
            means: Vec::new(),
            scales: Vec::new(),
        };
        for &place in usable {
            let (column, mean, scale) = standard(&record.drivers[place]);
            inputs.columns.push(column);
            inputs.means.push(mean);
            inputs.scales.push(scale);
        }
        inputs
    }

    /// All drivers behind one lag, row by row.
    pub(super) fn behind(&self, lag: Option<f64>, between: Between) -> Vec<Vec<f64>> {
        match lag {
            None => self.columns.clone(),
            Some(lag) => self.columns.iter().map(|column| follow(column, self.seconds, lag, between)).collect(),
        }
    }

    /// What is left of a start that nobody recorded.
    pub(super) fn start(&self, lag: f64) -> Vec<f64> {
        let first = self.seconds.first().copied().unwrap_or(0.0);
        self.seconds.iter().map(|second| libm::exp(-(second - first) / lag)).collect()
    }
}

/// Gaps hold the value before them; a gap at the start has the first one.
fn standard(series: &Series) -> (Vec<f64>, f64, f64) {
    let mut value = series.values.iter().copied().find(|value| value.is_finite()).unwrap_or(0.0);
    let mut column = Vec::with_capacity(series.values.len());
    for next in &series.values {
        value = if next.is_finite() { *next } else { value };
        column.push(value);
    }
    let count = column.len().max(1) as f64;
    let mean = column.iter().sum::<f64>() / count;
    let scale = (column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count).sqrt();
    let scale = if scale > 0.0 { scale } else { 1.0 };
    column.iter_mut().for_each(|x| *x = (*x - mean) / scale);
    (column, mean, scale)
}

fn follow(column: &[f64], seconds: &[f64], lag: f64, between: Between) -> Vec<f64> {
    let mut now = column.first().copied().unwrap_or(0.0);
    let mut out = Vec::with_capacity(column.len());
    out.push(now);
    for row in 1..column.len() {
        let apart = seconds[row] - seconds[row - 1];
        let (keep, before, here) = (libm::exp(-apart / lag), column[row - 1], column[row]);
        now = match between {
            Between::Hold => before + keep * (now - before),
            Between::Ramp => {
                let behind = (here - before) / apart * lag;
                here - behind + keep * (now - before + behind)
            }
        };
        out.push(now);
    }
    out
}

/// Whether a driver is a sum of others, as far as the rows tell.
pub(super) fn moves_with(record: &Record, at: usize, others: &[usize]) -> bool {
    if others.is_empty() {
        return false;
    }
    let (mine, ..) = standard(&record.drivers[at]);
    let columns: Vec<Vec<f64>> = others.iter().map(|other| standard(&record.drivers[*other]).0).collect();
    let Some(fit) = squares::fit(&columns, &mine) else { return true };
    let rest = squares::rest_of(&columns, &mine, &fit.coefficients);
    let left = rest.iter().map(|x| x * x).sum::<f64>();
    left < (1.0 - ALIKE) * mine.iter().map(|x| x * x).sum::<f64>()
}
