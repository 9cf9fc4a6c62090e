//! The local search: argmin's Brent for one path, its Nelder and Mead for several.

use super::trials::{End, Trials};
use argmin::core::{CostFunction, Error, Executor, IterState, Solver};
use argmin::solver::brent::BrentOpt;
use argmin::solver::neldermead::NelderMead;
use std::cell::{Cell, RefCell};

/// Points that Brent's method tries at most, and how near it goes, in parts of the whole way.
const BRENT: u32 = 8;
const NEAR_ENOUGH: f64 = 0.01;
/// The first simplex reaches so far; its steps for each path end it where the budget does not.
const SIMPLEX: f64 = 0.2;
const STEPS: u64 = 60;
/// What argmin sees where there is nothing to see: no infinity, since the simplex sums its costs.
const VERY_BAD: f64 = 1e300;

/// What argmin's solvers see: places in, the cost over a number of futures out.
struct Ground<'t, 'a> {
    trials: RefCell<&'t mut Trials<'a>>,
    futures: u32,
    end: &'t Cell<Option<End>>,
}

impl Ground<'_, '_> {
    /// argmin's simplex takes no error for an answer, so after the end it is shown something very bad, at no expense.
    fn cost_at(&self, places: &[f64]) -> f64 {
        let mut trials = self.trials.borrow_mut();
        if self.end.get().is_some() {
            return VERY_BAD;
        }
        match trials.try_at(places, self.futures) {
            Ok(tried) => trials.cost(tried, self.futures).min(VERY_BAD),
            Err(end) => {
                self.end.set(Some(end));
                VERY_BAD
            }
        }
    }
}

/// One path.
struct Line<'t, 'a>(Ground<'t, 'a>);
/// Several paths.
struct Space<'t, 'a>(Ground<'t, 'a>);

impl CostFunction for Line<'_, '_> {
    type Param = f64;
    type Output = f64;

    fn cost(&self, place: &f64) -> Result<f64, Error> {
        Ok(self.0.cost_at(&[*place]))
    }
}

impl CostFunction for Space<'_, '_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, places: &Vec<f64>) -> Result<f64, Error> {
        Ok(self.0.cost_at(places))
    }
}

/// Brent's method between the neighbours of the best point of the scan, or Nelder and Mead's from it.
pub fn local(trials: &mut Trials, share: u64) -> Result<(), End> {
    let scanned = trials.list.len();
    let futures = trials.list.first().map_or(1, |trial| trial.values.len() as u32);
    let Some(best) = trials.best(futures) else { return Ok(()) };
    let start = trials.places(best);
    let end = Cell::new(None);
    if let [middle] = start[..] {
        let step = 1.0 / (scanned.max(2) - 1) as f64;
        let solver = BrentOpt::new((middle - step).max(0.0), (middle + step).min(1.0));
        let futures = ((share / u64::from(BRENT)) as u32).max(1);
        let ground = Ground { trials: RefCell::new(trials), futures, end: &end };
        solve(Line(ground), solver.set_tolerance(f64::EPSILON.sqrt(), NEAR_ENOUGH), u64::from(BRENT) - 1);
    } else {
        let mut corners = vec![start.clone()];
        for i in 0..start.len() {
            let mut corner = start.clone();
            corner[i] += if corner[i] > 0.5 { -SIMPLEX } else { SIMPLEX };
            corners.push(corner);
        }
        let ground = Ground { trials: RefCell::new(trials), futures, end: &end };
        let steps = STEPS * start.len() as u64;
        solve(Space(ground), NelderMead::new(corners), steps);
    }
    match end.get() {
        Some(End::Stopped) => Err(End::Stopped),
        _ => Ok(()),
    }
}

/// Runs a solver to its end, which may be that of the budget. What it tried is in the trials; nothing else is asked of it.
fn solve<O, S, P>(problem: O, solver: S, steps: u64)
where
    O: CostFunction<Param = P, Output = f64>,
    P: Clone,
    S: Solver<O, IterState<P, (), (), (), (), f64>>,
{
    let executor = Executor::new(problem, solver).configure(|state| state.max_iters(steps)).timer(false);
    drop(executor.run());
}
