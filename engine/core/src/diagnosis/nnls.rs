//! Least squares with no coefficient below zero, after Lawson and Hanson: wear adds to what a sensor shows, and never takes itself
//! away. It solves small dense problems, always ends, and never answers with a number that is not finite.

use nalgebra::{DMatrix, DVector};

/// What is below so small a part of the largest pull counts as none.
const LEAST: f64 = 1e-10;

/// The `x` with no element below 0 that makes `|a x - b|` least.
pub fn solve(a: &DMatrix<f64>, b: &DVector<f64>) -> DVector<f64> {
    let columns = a.ncols();
    let mut x = DVector::zeros(columns);
    if a.iter().chain(b.iter()).any(|value| !value.is_finite()) {
        return x;
    }
    let mut free = vec![false; columns];
    let enough = LEAST * a.tr_mul(b).amax();
    // Each round frees one column; so many rounds are more than any problem needs.
    for _ in 0..3 * columns.max(1) {
        let pull = a.tr_mul(&(b - a * &x));
        let next = (0..columns).filter(|&at| !free[at] && pull[at] > enough);
        let Some(next) = next.max_by(|&i, &j| pull[i].total_cmp(&pull[j])) else { break };
        free[next] = true;
        settle(a, b, &mut free, &mut x);
    }
    x
}

/// Solves for the free columns alone; those that would fall below 0 are stopped there and are free no more.
fn settle(a: &DMatrix<f64>, b: &DVector<f64>, free: &mut [bool], x: &mut DVector<f64>) {
    loop {
        let chosen: Vec<usize> = (0..free.len()).filter(|&at| free[at]).collect();
        let Some(wanted) = unbounded(a, b, &chosen) else {
            // Two columns that say the same: the later one is not needed.
            if let Some(last) = chosen.iter().copied().find(|&at| x[at] == 0.0) {
                free[last] = false;
            }
            return;
        };
        let mut way = 1.0;
        for (&at, &want) in chosen.iter().zip(wanted.iter()) {
            if want <= 0.0 {
                way = f64::min(way, x[at] / (x[at] - want).max(f64::MIN_POSITIVE));
            }
        }
        for (&at, &want) in chosen.iter().zip(wanted.iter()) {
            x[at] += way * (want - x[at]);
            if want <= 0.0 && x[at] <= 1e-14 * want.abs().max(1e-300) {
                (x[at], free[at]) = (0.0, false);
            }
        }
        if way >= 1.0 {
            return;
        }
    }
}

/// Plain least squares over some columns; None where they do not tell each other apart.
fn unbounded(a: &DMatrix<f64>, b: &DVector<f64>, columns: &[usize]) -> Option<DVector<f64>> {
    let part = a.select_columns(columns);
    let solved = part.tr_mul(&part).cholesky()?.solve(&part.tr_mul(b));
    solved.iter().all(|value| value.is_finite()).then_some(solved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::{Dice, Purpose};

    #[test]
    fn the_answer_is_the_best_of_all_choices_of_columns() {
        // The oracle tries every subset of columns.
        for case in 0..200 {
            let mut luck = Dice::of(case, 0, "nnls").stream(Purpose::named("problem"), 0);
            let (rows, columns) = (7, 5);
            let a = DMatrix::from_fn(rows, columns, |_, _| luck.normal());
            let b = DVector::from_fn(rows, |_, _| luck.normal());
            let found = solve(&a, &b);
            assert!(found.iter().all(|value| *value >= 0.0), "{found}");
            let mut best = b.norm();
            for subset in 1u32..1 << columns {
                let chosen: Vec<usize> = (0..columns).filter(|at| subset >> at & 1 == 1).collect();
                let Some(x) = unbounded(&a, &b, &chosen) else { continue };
                if x.iter().all(|value| *value >= 0.0) {
                    best = best.min((a.select_columns(&chosen) * x - &b).norm());
                }
            }
            assert!(((&a * &found - &b).norm() - best).abs() < 1e-9, "case {case}");
        }
    }

    #[test]
    fn what_cannot_be_solved_still_ends() {
        for a in [DMatrix::zeros(4, 3), DMatrix::from_element(4, 3, 1.0), DMatrix::from_element(4, 3, f64::NAN)] {
            for b in [DVector::zeros(4), DVector::from_element(4, 1.0), DVector::from_element(4, f64::INFINITY)] {
                assert!(solve(&a, &b).iter().all(|value| value.is_finite() && *value >= 0.0));
            }
        }
    }
}
