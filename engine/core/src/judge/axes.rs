//! The two axes of the map: the directions in which a baseline spreads most. They judge nothing.

use nalgebra::{DMatrix, DVector};

/// Rounds of power iteration: the map needs no more than a good look.
const ROUNDS: usize = 30;

/// Two directions, each scaled so that the baseline has a standard deviation of 1 along it.
pub(super) fn of(readings: &DMatrix<f64>) -> [Vec<f64>; 2] {
    let (rows, seen) = readings.shape();
    let mut found: Vec<DVector<f64>> = Vec::new();
    let mut axes = [vec![0.0; seen], vec![0.0; seen]];
    for axis in axes.iter_mut().take(seen) {
        // Any start will do that is not square to the axis: a slope with a kink.
        let mut vector =
            DVector::from_fn(seen, |at, _| 1.0 + (at % 7) as f64 * 0.1 + found.len() as f64 * (at % 2) as f64);
        for _ in 0..ROUNDS {
            for other in &found {
                let along = vector.dot(other);
                vector.axpy(-along, other, 1.0);
            }
            let length = vector.norm();
            if length.is_nan() || length <= 0.0 {
                break;
            }
            vector /= length;
            vector = readings.tr_mul(&(readings * &vector));
        }
        for other in &found {
            let along = vector.dot(other);
            vector.axpy(-along, other, 1.0);
        }
        let length = vector.norm();
        if length.is_nan() || length <= 0.0 {
            break;
        }
        vector /= length;
        let spread = (readings * &vector).norm() / (rows.max(1) as f64).sqrt();
        let sign = if vector.iter().fold(0.0f64, |most, v| if v.abs() > most.abs() { *v } else { most }) < 0.0 {
            -1.0
        } else {
            1.0
        };
        if spread > 1e-9 {
            *axis = vector.iter().map(|value| sign * value / spread).collect();
        }
        found.push(vector);
    }
    axes
}
