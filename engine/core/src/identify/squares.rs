//! Least squares: coefficients with their standard errors, by one symmetric matrix.

use nalgebra::{DMatrix, DVector};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Squares {
    pub coefficients: Vec<f64>,
    pub errors: Vec<f64>,
}

/// Fits `right` by columns; `None` where the columns do not tell their coefficients apart.
pub(super) fn fit(columns: &[Vec<f64>], right: &[f64]) -> Option<Squares> {
    let (p, count) = (columns.len(), right.len());
    if p == 0 || count <= p {
        return None;
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let scales: Vec<f64> = columns.iter().map(|column| dot(column, column).sqrt()).collect();
    if scales.iter().any(|scale| !scale.is_finite() || *scale <= 0.0) {
        return None;
    }
    // Columns of length 1: the smallest eigenvalue then says how alike they are.
    let normal = DMatrix::from_fn(p, p, |i, j| dot(&columns[i], &columns[j]) / (scales[i] * scales[j]));
    let toward = DVector::from_fn(p, |i, _| dot(&columns[i], right) / scales[i]);
    let half = normal.cholesky()?;
    if half.l_dirty().diagonal().iter().any(|d| *d < 1e-6) {
        return None;
    }
    let solved = half.solve(&toward);
    let inverse = half.inverse();
    let left = (dot(right, right) - solved.dot(&toward)).max(0.0) / (count - p) as f64;
    Some(Squares {
        coefficients: (0..p).map(|i| solved[i] / scales[i]).collect(),
        errors: (0..p).map(|i| (left * inverse[(i, i)]).sqrt() / scales[i]).collect(),
    })
}

/// What a fit leaves of `right`.
pub(super) fn rest_of(columns: &[Vec<f64>], right: &[f64], coefficients: &[f64]) -> Vec<f64> {
    let mut rest = right.to_vec();
    for (column, coefficient) in columns.iter().zip(coefficients) {
        rest.iter_mut().zip(column).for_each(|(rest, x)| *rest -= coefficient * x);
    }
    rest
}
