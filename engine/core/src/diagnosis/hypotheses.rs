//! What is held possible: nothing, each cause by itself, two of them at once, all wears at once; and how well each fits.

use super::nnls;
use super::{Cause, Suspect, Symptoms};
use nalgebra::{DMatrix, DVector};

/// Two causes at once, or all wears at once, are so much less likely beforehand than one.
const TOGETHER: f64 = 0.02;
/// No machine file is exact: so large a part of what a wear adds to a sensor may be different. And a sensor is seldom off by the
/// same all the time: it drifts, or is off by a part of its value.
const INEXACT: f64 = 0.02;
const UNSTEADY: f64 = 0.5;
/// Steps in which a fit of bent curves comes to rest.
const STEPS: usize = 12;

/// Causes that hold together, by their numbers among the suspects.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    pub suspects: Vec<usize>,
    /// How likely it is before anything was seen, beside the others.
    pub prior: f64,
}

/// How a hypothesis fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// By suspect: size and standard deviation.
    pub sizes: Vec<(f64, f64)>,
    /// Squares that are left, each by its own variance.
    pub left: f64,
    /// The logarithm of how likely what is seen is, all sizes considered.
    pub evidence: f64,
}

/// All that is weighed. Wears go on together; that two sensors go wrong at once is left to `unknown`.
pub fn hypotheses(suspects: &[Suspect]) -> Vec<Hypothesis> {
    let one = |which: Vec<usize>, prior| Hypothesis { suspects: which, prior };
    let mut all = vec![one(Vec::new(), 1.0)];
    all.extend((0..suspects.len()).map(|at| one(vec![at], 1.0)));
    let is_wear = |at: &usize| matches!(suspects[*at].cause, Cause::Wear(_));
    let wears: Vec<usize> = (0..suspects.len()).filter(is_wear).collect();
    for &wear in &wears {
        let others = (0..suspects.len()).filter(|other| !is_wear(other) || *other > wear);
        all.extend(others.map(|other| one(vec![wear, other], TOGETHER)));
    }
    if wears.len() > 2 {
        all.push(one(wears, TOGETHER));
    }
    all
}

/// Fits a hypothesis. None where what is seen cannot be weighed at all.
pub fn fit(symptoms: &Symptoms, hypothesis: &Hypothesis) -> Option<Fit> {
    let suspects: Vec<&Suspect> = hypothesis.suspects.iter().map(|&at| &symptoms.suspects[at]).collect();
    let (rows, sharp) = (symptoms.residual.len(), Whitened::of(&symptoms.covariance)?);
    let sizes = sizes(&sharp, symptoms, &suspects);
    // Once more with the doubt that what was found is not quite as the file has it.
    let mut covariance = symptoms.covariance.clone();
    for (suspect, &size) in suspects.iter().zip(&sizes) {
        let doubt = if suspect.goes_both_ways() { UNSTEADY } else { INEXACT };
        for (at, effect) in suspect.effect(size).iter().enumerate() {
            covariance[(at, at)] += (doubt * effect) * (doubt * effect);
        }
    }
    let doubted = Whitened::of(&covariance)?;
    let sizes = self::sizes(&doubted, symptoms, &suspects);
    let left = doubted.lower(&(&symptoms.residual - total(&suspects, &sizes, rows))).norm_squared();
    let slopes = doubted.lower_all(&slopes(&suspects, &sizes, rows));
    let information = slopes.tr_mul(&slopes);
    let mut evidence = -left / 2.0 - (doubted.log_det - sharp.log_det) / 2.0;
    let mut said = Vec::new();
    let mut volume = information.clone();
    for (at, suspect) in suspects.iter().enumerate() {
        let range = suspect.largest * if suspect.goes_both_ways() { 2.0 } else { 1.0 };
        // Nothing is known worse than its range is wide: also where two causes show alike, and readings cannot tell them apart.
        let least = std::f64::consts::TAU / (range * range);
        said.push((sizes[at], 1.0 / volume[(at, at)].max(least).sqrt()));
        volume[(at, at)] += least;
        evidence -= libm::log(range) - libm::log(std::f64::consts::TAU) / 2.0;
    }
    evidence -= Whitened::of(&volume).map_or(0.0, |volume| volume.log_det) / 2.0;
    evidence.is_finite().then_some(Fit { sizes: said, left, evidence })
}

/// Sizes that explain most: least squares over the tangents of the curves, taken anew where they led to.
fn sizes(whitened: &Whitened, symptoms: &Symptoms, suspects: &[&Suspect]) -> Vec<f64> {
    let Some((first, rest)) = suspects.split_first() else { return Vec::new() };
    let residual = whitened.lower(&symptoms.residual);
    if rest.is_empty() {
        return vec![alone(whitened, &residual, first)];
    }
    let alone = suspects.iter().map(|suspect| alone(whitened, &residual, suspect));
    // From half of what each would be by itself.
    let mut sizes: Vec<f64> = alone.map(|size| size / 2.0).collect();
    for _ in 0..STEPS {
        let tangents = whitened.lower_all(&slopes(suspects, &sizes, residual.len()));
        let start = whitened.lower(&total(suspects, &sizes, residual.len()));
        let sizes_now = DVector::from_iterator(sizes.len(), sizes.iter().copied());
        let aim = &residual - start + &tangents * sizes_now;
        // A bias below zero is one above zero of the opposite signature.
        let mut signed = tangents;
        let signs: Vec<f64> = suspects
            .iter()
            .zip(&sizes)
            .map(|(suspect, size)| if suspect.goes_both_ways() && *size < 0.0 { -1.0 } else { 1.0 })
            .collect();
        for (at, sign) in signs.iter().enumerate() {
            signed.column_mut(at).scale_mut(*sign);
        }
        let found = nnls::solve(&signed, &aim);
        for (at, suspect) in suspects.iter().enumerate() {
            let low = if suspect.goes_both_ways() { -suspect.largest } else { 0.0 };
            sizes[at] = (found[at] * signs[at]).clamp(low, suspect.largest);
        }
    }
    sizes
}

/// The size of one cause by itself: the best point of its curve, piece by piece.
fn alone(whitened: &Whitened, residual: &DVector<f64>, suspect: &Suspect) -> f64 {
    let pieces = suspect.curve.len().saturating_sub(1);
    let (mut best, mut size) = (residual.norm_squared(), 0.0);
    let width = suspect.largest / pieces.max(1) as f64;
    let signs: &[f64] = if suspect.goes_both_ways() { &[1.0, -1.0] } else { &[1.0] };
    for (&sign, piece) in signs.iter().flat_map(|sign| (0..pieces).map(move |piece| (sign, piece))) {
        let from = whitened.lower(&(&suspect.curve[piece] * sign));
        let step = whitened.lower(&(&suspect.curve[piece + 1] * sign)) - &from;
        let off = residual - from;
        let length = step.norm_squared();
        let way = if length > 0.0 { (step.dot(&off) / length).clamp(0.0, 1.0) } else { 0.0 };
        let left = (&off - step * way).norm_squared();
        if left < best {
            (best, size) = (left, sign * (piece as f64 + way) * width);
        }
    }
    size
}

/// What causes of these sizes add up to.
fn total(suspects: &[&Suspect], sizes: &[f64], rows: usize) -> DVector<f64> {
    suspects.iter().zip(sizes).fold(DVector::zeros(rows), |sum, (suspect, &size)| sum + suspect.effect(size))
}

/// How what is seen changes with each size, a column a cause.
fn slopes(suspects: &[&Suspect], sizes: &[f64], rows: usize) -> DMatrix<f64> {
    let mut slopes = DMatrix::zeros(rows, suspects.len());
    for (at, (suspect, &size)) in suspects.iter().zip(sizes).enumerate() {
        slopes.set_column(at, &suspect.slope(size));
    }
    slopes
}

impl Suspect {
    /// The piece of the curve that a size lies on, and how far along it.
    fn piece(&self, size: f64) -> (usize, f64) {
        let pieces = self.curve.len().saturating_sub(1).max(1);
        let at = (size.abs() / self.largest * pieces as f64).clamp(0.0, pieces as f64);
        let piece = (at.floor() as usize).min(pieces - 1);
        (piece, at - piece as f64)
    }

    pub fn effect(&self, size: f64) -> DVector<f64> {
        let (piece, way) = self.piece(size);
        (&self.curve[piece] * (1.0 - way) + &self.curve[piece + 1] * way) * if size < 0.0 { -1.0 } else { 1.0 }
    }

    fn slope(&self, size: f64) -> DVector<f64> {
        let (piece, _) = self.piece(size);
        (&self.curve[piece + 1] - &self.curve[piece]) * ((self.curve.len() - 1) as f64 / self.largest)
    }
}

/// A covariance by which things are measured.
pub struct Whitened {
    lower: DMatrix<f64>,
    pub log_det: f64,
}

impl Whitened {
    pub fn of(covariance: &DMatrix<f64>) -> Option<Whitened> {
        let lower = covariance.clone().cholesky()?.unpack();
        let log_det = 2.0 * lower.diagonal().iter().map(|value| libm::log(*value)).sum::<f64>();
        log_det.is_finite().then_some(Whitened { lower, log_det })
    }

    /// In units in which what happens by itself is a sphere of radius 1.
    pub fn lower(&self, vector: &DVector<f64>) -> DVector<f64> {
        let mut units = vector.clone();
        self.lower.solve_lower_triangular_mut(&mut units);
        units
    }

    fn lower_all(&self, columns: &DMatrix<f64>) -> DMatrix<f64> {
        let mut units = columns.clone();
        self.lower.solve_lower_triangular_mut(&mut units);
        units
    }
}
