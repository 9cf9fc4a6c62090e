//! Kernel ridge on landmarks: one symmetric matrix, solved once.
//!
//! Rows are compared with a few hundred of them by a Gaussian of their distance. All numbers here follow from two fixed
//! settings that hold on a broad plateau; there is nothing to search, so nothing to overfit by searching.

use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

/// Rows that others are compared with.
const LANDMARKS: usize = 500;
/// The variance of what cannot be known, as a share of that of what can.
const NOISE: f64 = 0.03;
/// Rows taken into the matrix at once.
const BLOCK: usize = 8;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Solved {
    means: Vec<f64>,
    /// Standard deviations; a Gaussian's width is the square root of how many numbers a row has.
    scales: Vec<f64>,
    base: f64,
    weights: Vec<f64>,
    /// Number by number, so that a row is compared with all landmarks in one sweep.
    landmarks: Vec<f64>,
}

impl Solved {
    /// From rows side by side and their targets; `None` where the matrix cannot be solved.
    pub(super) fn learn(rows: &[f64], targets: &[f64], width: usize) -> Option<Solved> {
        let count = targets.len();
        let (means, scales) = standards(rows, width);
        let most = LANDMARKS.min(count);
        let mut landmarks = vec![0.0; width * most];
        for m in 0..most {
            let row = &rows[m * count / most * width..][..width];
            for d in 0..width {
                landmarks[d * most + m] = (row[d] - means[d]) / scales[d];
            }
        }
        let base = targets.iter().sum::<f64>() / count as f64;
        let mut solved = Solved { means, scales, base, weights: Vec::new(), landmarks };
        let mut normal = vec![0.0; most * most];
        let mut right = vec![0.0; most];
        let mut near = vec![0.0; most * BLOCK];
        for (block, target) in rows.chunks(width * BLOCK).zip(targets.chunks(BLOCK)) {
            near.fill(0.0);
            for (row, near) in block.chunks(width).zip(near.chunks_mut(most)) {
                solved.compare(row, near, most);
            }
            for i in 0..most {
                let mine: [f64; BLOCK] = std::array::from_fn(|k| near[k * most + i]);
                target.iter().zip(mine).for_each(|(y, k)| right[i] += k * (y - base));
                let into = &mut normal[i * most..i * most + i + 1];
                for (j, sum) in into.iter_mut().enumerate() {
                    *sum += (0..BLOCK).map(|k| mine[k] * near[k * most + j]).sum::<f64>();
                }
            }
        }
        solved.weights = solved.finish(normal, right, most)?;
        Some(solved)
    }

    /// Adds what keeps weights small and solves.
    fn finish(&self, mut normal: Vec<f64>, right: Vec<f64>, most: usize) -> Option<Vec<f64>> {
        let (mut row, mut near) = (vec![0.0; self.means.len()], vec![0.0; most]);
        for i in 0..most {
            for (d, x) in row.iter_mut().enumerate() {
                *x = self.landmarks[d * most + i] * self.scales[d] + self.means[d];
            }
            near.fill(0.0);
            self.compare(&row, &mut near, most);
            (0..=i).for_each(|j| normal[i * most + j] += NOISE * near[j]);
        }
        let size = (0..most).map(|i| normal[i * most + i]).fold(0.0, f64::max);
        for jitter in [1e-10, 1e-8, 1e-6] {
            let matrix = DMatrix::from_fn(most, most, |i, j| {
                normal[i.max(j) * most + i.min(j)] + if i == j { jitter * size } else { 0.0 }
            });
            if let Some(half) = matrix.cholesky() {
                return Some(half.solve(&DVector::from_vec(right)).iter().copied().collect());
            }
        }
        None
    }

    /// How near a row is to each landmark, from 0 to 1.
    fn compare(&self, row: &[f64], near: &mut [f64], most: usize) {
        for (d, value) in row.iter().enumerate() {
            let z = (value - self.means[d]) / self.scales[d];
            for (sum, landmark) in near.iter_mut().zip(&self.landmarks[d * most..(d + 1) * most]) {
                let apart = z - landmark;
                *sum += apart * apart;
            }
        }
        let sharp = -0.5 / row.len() as f64;
        near.iter_mut().for_each(|near| *near = libm::exp(*near * sharp));
    }

    pub(super) fn answer(&self, row: &[f64], near: &mut Vec<f64>) -> f64 {
        let most = self.weights.len();
        near.clear();
        near.resize(most, 0.0);
        self.compare(row, near, most);
        self.base + near.iter().zip(&self.weights).map(|(near, weight)| near * weight).sum::<f64>()
    }

    pub(super) fn is_sound(&self, width: usize) -> bool {
        self.means.len() == width
            && self.scales.len() == width
            && self.scales.iter().all(|scale| *scale > 0.0)
            && self.landmarks.len() == width * self.weights.len()
    }
}

/// Means and standard deviations, 1 where a number never changes.
fn standards(rows: &[f64], width: usize) -> (Vec<f64>, Vec<f64>) {
    let count = (rows.len() / width).max(1) as f64;
    let (mut means, mut scales) = (vec![0.0; width], vec![0.0; width]);
    for row in rows.chunks(width) {
        means.iter_mut().zip(row).for_each(|(sum, x)| *sum += x / count);
    }
    for row in rows.chunks(width) {
        for ((sum, mean), x) in scales.iter_mut().zip(&means).zip(row) {
            *sum += (x - mean) * (x - mean) / count;
        }
    }
    let deviation = |(variance, mean): (&f64, &f64)| {
        let sd = variance.sqrt();
        if sd > 1e-9 * mean.abs().max(1e-9) { sd } else { 1.0 }
    };
    let scales = scales.iter().zip(&means).map(deviation).collect();
    (means, scales)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Solved with numpy 2: `numpy.linalg.solve(K.T @ K + 0.03 * K, K.T @ (y - y.mean()))` with
    /// `K = exp(-0.5 * (z_i - z_j)^2)`, rows 0, 1, 2, 4 standardised, answered at each of them and at 3.
    #[test]
    fn four_rows_are_solved_as_a_linear_algebra_library_solves_them() {
        let solved = Solved::learn(&[0.0, 1.0, 2.0, 4.0], &[10.0, 7.0, 5.0, 1.0], 1).unwrap();
        let wanted = [9.718742634, 7.270249776, 4.857403679, 2.681302862, 1.167347780];
        for (x, wanted) in [0.0, 1.0, 2.0, 3.0, 4.0].into_iter().zip(wanted) {
            let got = solved.answer(&[x], &mut Vec::new());
            assert!((got - wanted).abs() < 1e-6, "{x}: {got}, expected {wanted}");
        }
    }

    #[test]
    fn rows_that_are_all_the_same_answer_with_the_mean() {
        let solved = Solved::learn(&[3.0; 20], &(0..20).map(f64::from).collect::<Vec<_>>(), 1).unwrap();
        assert!((solved.answer(&[3.0], &mut Vec::new()) - 9.5).abs() < 1e-9);
        assert!((solved.answer(&[1e9], &mut Vec::new()) - 9.5).abs() < 1e-9);
    }
}
