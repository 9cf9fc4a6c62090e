//! What was learnt from training rows: plain data that can be kept and compared. It judges nothing by itself.

use super::{JudgeSpec, SCALES};
use serde::{Deserialize, Serialize};

/// Opinions before they are fused: four members at each time scale, and the cumulative sums.
pub(super) const MEMBERS: usize = 4 * SCALES + 1;

/// What is normal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    pub spec: JudgeSpec,
    /// Rows that were learnt from.
    pub rows: u64,
    /// Rows that were heard while learning but not kept: there were too many.
    pub rows_left_out: u64,
    pub columns: Vec<ColumnBaseline>,
    pub lens: Lens,
    /// Where references stood at the end of learning, by what the lens sees.
    pub reference: Vec<f64>,
    /// What each member's opinion is divided by.
    pub usual: [f64; MEMBERS],
    /// The fused opinion that is 1.
    pub limit: f64,
    /// The step that was seldom exceeded.
    pub step_limit: f64,
}

/// What is normal in one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnBaseline {
    /// Readings that were learnt from.
    pub heard: u64,
    /// Their median.
    pub centre: f64,
    /// Their spread: from quartiles, as a standard deviation.
    pub scale: f64,
    /// The spread of its mean over the longest time scale, against what white noise would have: how much it drifts.
    pub drift: f64,
    /// It says nothing and is not judged: hardly ever read, or always the same.
    pub mute: bool,
    /// Lowest and highest reading, where they were given.
    pub bounds: Option<[f64; 2]>,
}

/// What channels look through: the columns that speak, and what is usual in each channel.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Lens {
    /// The columns that are looked at.
    pub columns: Vec<u32>,
    pub centre: Vec<f64>,
    pub scale: Vec<f64>,
    pub blocks: Vec<Block>,
    /// Mean and spread of what could not be foretold.
    pub bias: Vec<f64>,
    pub spread: Vec<f64>,
    /// Spread of levels around their reference, scale by scale.
    pub level: Vec<f64>,
    /// Mean and spread of log-variances, scale by scale.
    pub log_mean: Vec<f64>,
    pub log_spread: Vec<f64>,
    /// Spread of steps.
    pub step: Vec<f64>,
    /// The first two axes of the map, each as long as there are columns, in standard deviations.
    pub axes: [Vec<f64>; 2],
}

/// Columns that are looked at together. Up to 256 are one block; more are cut, so that memory stays in bounds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Block {
    pub first: usize,
    pub len: usize,
    /// How a row is foretold from the one before: what each column adds to all others, column after column.
    pub foretell: Vec<f64>,
    /// Inverse of the Cholesky factor of what could not be foretold, column after column.
    pub whiten: Vec<f64>,
}

impl Baseline {
    /// Whether everything in it has the size and the sort that judging relies on: a stored one may have been changed.
    pub fn check(&self) -> Result<(), String> {
        let lens = &self.lens;
        let seen = lens.columns.len();
        let wide = [&lens.level, &lens.log_mean, &lens.log_spread];
        let narrow = [&lens.centre, &lens.scale, &lens.bias, &lens.spread, &lens.step, &self.reference];
        let sizes = narrow.iter().all(|list| list.len() == seen)
            && wide.iter().all(|list| list.len() == SCALES * seen)
            && lens.axes.iter().all(|axis| axis.len() == seen)
            && lens.columns.iter().all(|column| (*column as usize) < self.columns.len());
        let mut next = 0;
        let blocks = lens.blocks.iter().all(|block| {
            let fits = block.first == next && block.len <= seen;
            next += block.len.min(seen);
            let square = block.len.saturating_mul(block.len);
            fits && block.foretell.len() == square && block.whiten.len() == square
        });
        let all = narrow.into_iter().chain(wide).chain(&lens.axes);
        let finite = all.flatten().chain(&self.usual).all(|value| value.abs() < 1e200)
            && lens.blocks.iter().flat_map(|block| block.foretell.iter().chain(&block.whiten)).all(|v| v.abs() < 1e100);
        let spreads = [&lens.scale, &lens.spread, &lens.level, &lens.log_spread, &lens.step];
        let positive = spreads.into_iter().flatten().chain(&self.usual).all(|value| *value > 0.0);
        let limits = [self.limit, self.step_limit].iter().all(|value| value.is_finite() && *value > 0.0);
        if !(sizes && blocks && next == seen) {
            return Err("its lists do not fit together".to_owned());
        }
        if !(finite && positive && limits && self.spec.scales.iter().all(|scale| *scale >= 1.0 && scale.is_finite())) {
            return Err("it holds numbers that no learning gives".to_owned());
        }
        Ok(())
    }
}
