//! A parabola in all directions through the points around an optimum: where it turns, and what it is worth there.
//!
//! Its numbers are sums of the values with fixed weights, so it is laid through each future's values alone and the
//! spread over the futures says how sure it is. All points share their futures, and what they share falls out.

use crate::whatif::statistics::Moments;

/// A parabola is believed in when its curvature is this many standard errors from flat, in every direction.
const SURE: f64 = 3.0;

/// Where a parabola turns.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Steps from the middle, in half widths of the neighbourhood.
    pub at: Vec<f64>,
    pub value: f64,
    /// Of the value.
    pub error: f64,
}

/// Standard error of a mean.
pub fn error(moments: &Moments) -> f64 {
    moments.deviation / (moments.n as f64).sqrt()
}

/// The places around a middle, in half widths: seven in line, or the middle, the faces and the edges of a box.
pub fn pattern(directions: usize) -> Vec<Vec<f64>> {
    if directions == 1 {
        return [0.0, -1.0, 1.0, -2.0 / 3.0, 2.0 / 3.0, -1.0 / 3.0, 1.0 / 3.0].iter().map(|x| vec![*x]).collect();
    }
    let at = |set: &[(usize, f64)]| {
        let mut place = vec![0.0; directions];
        set.iter().for_each(|(i, x)| place[*i] = *x);
        place
    };
    let mut places = vec![at(&[])];
    for i in 0..directions {
        places.extend([at(&[(i, -1.0)]), at(&[(i, 1.0)])]);
        for j in 0..i {
            let corners = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0), (1.0, 1.0)];
            places.extend(corners.iter().map(|(x, y)| at(&[(i, *x), (j, *y)])));
        }
    }
    places
}

/// The turn of the parabola through points; `values[p][f]` is point p in future f. None when it does not surely turn.
pub fn turn(points: &[Vec<f64>], values: &[&[Option<f64>]]) -> Option<Turn> {
    let directions = points.first()?.len();
    let rows: Vec<Vec<f64>> = points.iter().map(|point| terms(point)).collect();
    let weights = solve_least_squares(&rows)?;
    let futures = values.iter().map(|of_point| of_point.len()).min()?;
    let whole: Vec<Vec<f64>> =
        (0..futures).filter_map(|future| values.iter().map(|of_point| of_point[future]).collect()).collect();
    let coefficient = |k: usize| {
        let of_future = |future: &Vec<f64>| weights[k].iter().zip(future).map(|(w, y)| w * y).sum();
        Moments::of(&whole.iter().map(of_future).collect::<Vec<f64>>())
    };
    let mut means = Vec::with_capacity(weights.len());
    for k in 0..weights.len() {
        let moments = coefficient(k)?;
        let is_curvature = (1 + directions..1 + 2 * directions).contains(&k);
        let floor = f64::EPSILON * 64.0 * means.first().copied().unwrap_or(0.0f64).abs();
        if is_curvature && moments.mean <= (SURE * error(&moments)).max(floor) {
            return None;
        }
        means.push(moments.mean);
    }
    let at = bottom(&means, directions)?;
    let there = terms(&at);
    let of_future = |future: &Vec<f64>| {
        weights.iter().zip(&there).map(|(row, t)| t * row.iter().zip(future).map(|(w, y)| w * y).sum::<f64>()).sum()
    };
    let value = Moments::of(&whole.iter().map(of_future).collect::<Vec<f64>>())?;
    Some(Turn { at, value: value.mean, error: error(&value) })
}

/// 1, every x, every x squared, every product of two.
fn terms(x: &[f64]) -> Vec<f64> {
    let mut terms = vec![1.0];
    terms.extend_from_slice(x);
    terms.extend(x.iter().map(|x| x * x));
    for i in 0..x.len() {
        terms.extend((0..i).map(|j| x[i] * x[j]));
    }
    terms
}

/// Where the gradient is zero, when the parabola opens upwards in every direction.
fn bottom(coefficients: &[f64], directions: usize) -> Option<Vec<f64>> {
    let mut hessian = vec![vec![0.0; directions]; directions];
    let mut product = 1 + 2 * directions;
    for i in 0..directions {
        hessian[i][i] = 2.0 * coefficients[1 + directions + i];
        for (j, mixed) in coefficients[product..product + i].iter().enumerate() {
            hessian[i][j] = *mixed;
            hessian[j][i] = *mixed;
        }
        product += i;
    }
    let slope: Vec<f64> = (0..directions).map(|i| -coefficients[1 + i]).collect();
    solve(&factor(&hessian)?, &slope)
}

/// The matrix that turns values at the points into coefficients; None when the points do not fix a parabola.
fn solve_least_squares(rows: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let count = rows.first()?.len();
    let normal: Vec<Vec<f64>> =
        (0..count).map(|i| (0..count).map(|j| rows.iter().map(|row| row[i] * row[j]).sum()).collect()).collect();
    let lower = factor(&normal)?;
    let columns: Option<Vec<Vec<f64>>> = rows.iter().map(|row| solve(&lower, row)).collect();
    let columns = columns?;
    Some((0..count).map(|k| columns.iter().map(|column| column[k]).collect()).collect())
}

/// Cholesky's factor of a matrix; None when it is not positive definite.
fn factor(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let n = matrix.len();
    let mut lower = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            let left = matrix[i][j] - known;
            if i == j && left <= 1e-12 * matrix[i][i] {
                return None;
            }
            lower[i][j] = if i == j { left.sqrt() } else { left / lower[j][j] };
        }
    }
    Some(lower)
}

fn solve(lower: &[Vec<f64>], right: &[f64]) -> Option<Vec<f64>> {
    let n = lower.len();
    let mut x = right.to_vec();
    for i in 0..n {
        let known: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
        x[i] = (x[i] - known) / lower[i][i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| lower[k][i] * x[k]).sum();
        x[i] = (x[i] - known) / lower[i][i];
    }
    x.iter().all(|value| value.is_finite()).then_some(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values_of(points: &[Vec<f64>], f: impl Fn(&[f64], usize) -> f64) -> Vec<Vec<Option<f64>>> {
        points.iter().map(|point| (0..50).map(|future| Some(f(point, future))).collect()).collect()
    }

    fn turn_of(directions: usize, f: impl Fn(&[f64], usize) -> f64) -> Option<Turn> {
        let points = pattern(directions);
        let values = values_of(&points, f);
        turn(&points, &values.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn a_parabola_is_found_as_it_is() {
        let found = turn_of(1, |x, _| 3.0 + 2.0 * (x[0] - 0.4).powi(2)).unwrap();
        assert!((found.at[0] - 0.4).abs() < 1e-9 && (found.value - 3.0).abs() < 1e-9);
        // f = (x - 0.2)^2 + 2 (y + 0.3)^2 + (x - 0.2)(y + 0.3): convex, its bottom at (0.2, -0.3).
        let skewed = |x: &[f64], _: usize| {
            let (u, v) = (x[0] - 0.2, x[1] + 0.3);
            u * u + 2.0 * v * v + u * v + 1.0
        };
        let found = turn_of(2, skewed).unwrap();
        assert!((found.at[0] - 0.2).abs() < 1e-9 && (found.at[1] + 0.3).abs() < 1e-9);
    }

    #[test]
    fn what_all_points_share_in_a_future_does_not_blur_the_turn() {
        let found = turn_of(1, |x, future| 1e3 * (future as f64).sin() + (x[0] - 0.25).powi(2)).unwrap();
        assert!((found.at[0] - 0.25).abs() < 1e-6);
    }

    #[test]
    fn what_does_not_turn_has_no_turn() {
        assert_eq!(turn_of(1, |_, _| 7.0), None, "flat");
        assert_eq!(turn_of(1, |x, _| 5.0 - x[0] * x[0]), None, "a hill");
        assert_eq!(turn_of(2, |x, _| x[0] * x[0] - x[1] * x[1]), None, "a saddle");
        assert_eq!(turn_of(2, |x, _| x[0] * x[0] + x[1] * x[1] + 3.0 * x[0] * x[1]), None, "a saddle between the axes");
        let noisy = |x: &[f64], future: usize| 0.01 * x[0] * x[0] + (future as f64 * 7.7 + 31.0 * x[0]).sin();
        assert_eq!(turn_of(1, noisy), None, "a curvature that may be luck");
    }
}
