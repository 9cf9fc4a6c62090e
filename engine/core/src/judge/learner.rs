//! Learning what is normal from training rows. It keeps a bounded number of rows and judges none.

use super::calibrate::{Heard, listen};
use super::fit::{self, Rows};
use super::{Baseline, JudgeSpec};

/// Fewer rows than this say nothing of how columns move together.
const FEWEST: usize = 32;
/// More are not kept, in cells and in rows.
const MOST_CELLS: usize = 8_000_000;
const MOST_ROWS: usize = 100_000;
/// Rows of a calibration stretch that only bring channels up to date.
const SETTLING: usize = 64;
/// Without such a stretch, the last of the training rows calibrate a lens fitted to those before: this share is fitted to.
const FITTED_SHARE: f64 = 0.6;
/// How much wider a limit is that was set on few rows of the training stretch itself.
const OWN_MARGIN: f64 = 1.2;

/// Hears training rows.
#[derive(Debug, Clone)]
pub struct Learner {
    spec: JudgeSpec,
    width: usize,
    bounds: Vec<Option<[f64; 2]>>,
    rows: Stretch,
    calibration: Stretch,
}

/// The first rows of a stretch.
#[derive(Debug, Clone, Default)]
struct Stretch {
    values: Vec<f64>,
    kept: usize,
    left_out: u64,
}

impl Stretch {
    fn hear(&mut self, row: &[f64], width: usize) {
        if self.kept >= MOST_ROWS || (self.kept + 1) * width > MOST_CELLS.max(FEWEST * width) {
            self.left_out += 1;
            return;
        }
        self.values.extend((0..width).map(|column| row.get(column).copied().unwrap_or(f64::NAN)));
        self.kept += 1;
    }
}

impl Learner {
    pub fn new(columns: usize, spec: &JudgeSpec) -> Learner {
        Learner {
            spec: spec.clone(),
            width: columns,
            bounds: vec![None; columns],
            rows: Stretch::default(),
            calibration: Stretch::default(),
        }
    }

    /// Gives a column a lowest and a highest reading.
    pub fn bound(&mut self, column: usize, bounds: [f64; 2]) {
        if let Some(place) = self.bounds.get_mut(column) {
            *place = Some(bounds);
        }
    }

    /// Hears a training row. A value that is no number was not read.
    pub fn hear(&mut self, _time_ns: i64, row: &[f64]) {
        self.rows.hear(row, self.width);
    }

    /// Hears a row of a second stretch, as normal as the training rows: limits are then set on it. Any time before `finish`.
    pub fn calibrate(&mut self, _time_ns: i64, row: &[f64]) {
        self.calibration.hear(row, self.width);
    }

    /// How many training rows were kept.
    pub fn rows(&self) -> usize {
        self.rows.kept
    }

    pub fn finish(self) -> Result<Baseline, String> {
        let kept = self.rows.kept;
        if kept < FEWEST {
            let s = if kept == 1 { "" } else { "s" };
            return Err(format!("{kept} row{s} to learn from: at least {FEWEST} are needed"));
        }
        let rows = Rows { values: &self.rows.values, width: self.width };
        let calibration = Rows { values: &self.calibration.values, width: self.width };
        let mut columns = fit::columns(rows);
        for (column, bounds) in columns.iter_mut().zip(&self.bounds) {
            column.bounds = *bounds;
        }
        if columns.iter().all(|column| column.mute) {
            let what = if self.width == 1 { "the column is" } else { "all columns are" };
            return Err(format!("nothing to learn from: {what} empty or always the same"));
        }
        let spec = self.spec;
        let fitted = fit::fit(rows, &columns, &spec);
        let own = listen(rows, &fitted.lens, &fitted.begin, &spec, SETTLING.min(kept / 4));
        let (usual, limit, reference) = if calibration.len() >= FEWEST {
            let settling = SETTLING.min(calibration.len() / 4);
            let heard = listen(calibration, &fitted.lens, &fitted.end, &spec, settling);
            let usual = heard.usual();
            let limit = heard.limit(&usual, &spec);
            (usual, limit, heard.reference)
        } else {
            let usual = own.usual();
            let limit = own.limit(&usual, &spec) * OWN_MARGIN;
            (between(rows, &own, &spec), limit, fitted.end)
        };
        for (column, drift) in fitted.lens.columns.iter().zip(&fitted.drifts) {
            columns[*column as usize].drift = *drift;
        }
        Ok(Baseline {
            rows: kept as u64,
            rows_left_out: self.rows.left_out + self.calibration.left_out,
            columns,
            reference,
            usual,
            limit: limit * spec.margin,
            step_limit: fitted.step_limit * spec.step,
            lens: fitted.lens,
            spec,
        })
    }
}

/// What is usual, between what rows say of a lens that was fitted to them and what the last say of one fitted to the first:
/// the one is too little because it knows them, the other too much where sensors drift.
fn between(rows: Rows<'_>, own: &Heard, spec: &JudgeSpec) -> [f64; super::baseline::MEMBERS] {
    let known = own.usual();
    let first = (rows.len() as f64 * FITTED_SHARE) as usize;
    let fitted_to = rows.first(first);
    let columns = fit::columns(fitted_to);
    if columns.iter().all(|column| column.mute) {
        return known;
    }
    let fitted = fit::fit(fitted_to, &columns, spec);
    let unknown = listen(rows, &fitted.lens, &fitted.begin, spec, first).usual();
    std::array::from_fn(|member| (known[member] * unknown[member]).sqrt())
}
