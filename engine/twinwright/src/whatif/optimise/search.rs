//! The search for the best values: a coarse scan, a local search by argmin's solvers, then a parabola around the best.
//!
//! The budget in futures is split: 15 % scan, 15 % local search (30 % with several paths), 15 % first parabola, the rest
//! the second one around the turn of the first. All points see the same futures, so most of what is luck cancels.

use super::fit::{self, error};
use super::local::local;
use super::trials::{End, Objective, Scale, Trial, Trials};
use crate::whatif::statistics::{Moments, paired};

/// Parts of the budget.
const SCAN: f64 = 0.15;
const LOCAL: f64 = 0.15;
const LOCAL_OF_SEVERAL: f64 = 0.3;
const FIRST_FIT: f64 = 0.15;
/// Points of the scan along one path, and for each of several.
const LINE: usize = 11;
const EACH: usize = 12;
/// The part of their futures that these points get at first.
const FIRST_LOOK: u32 = 8;
/// A bent that far out of its neighbourhood is not followed further at once.
const FARTHEST: f64 = 1.5;
/// The turn of the parabola is taken unless a tried point is better by more standard errors than this.
const CLEARLY: f64 = 2.0;

/// What a search came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub trials: Vec<Trial>,
    /// The trial to take; None when not one was finished.
    pub best: Option<usize>,
    pub turn: Option<FoundTurn>,
    pub spent: u64,
    /// The objective gave up on the way.
    pub stopped: bool,
}

/// Where the parabola around the best point turns, in values.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundTurn {
    pub at: Vec<f64>,
    pub value: f64,
    pub error: f64,
}

/// Looks for the lowest (`sign` 1) or highest (-1) mean of a measure within a budget of futures.
pub fn search(scales: Vec<Scale>, sign: f64, budget: u64, objective: &mut Objective) -> Found {
    let mut trials = Trials::new(scales, sign, objective);
    let mut turn = None;
    let ended = walk(&mut trials, budget, &mut turn);
    let best = match ended {
        Ok(best) => best,
        Err(_) => best_so_far(&trials),
    };
    Found { best, turn, spent: trials.spent, stopped: ended == Err(End::Stopped), trials: trials.list }
}

fn walk(trials: &mut Trials, budget: u64, found: &mut Option<FoundTurn>) -> Result<Option<usize>, End> {
    let share = |part: f64| (budget as f64 * part) as u64;
    trials.limit = share(SCAN).max(budget.min(4));
    scan(trials, budget)?;
    let several = trials.scales.len() > 1;
    let local_part = if several { LOCAL_OF_SEVERAL } else { LOCAL };
    trials.limit = (trials.spent + share(local_part)).min(budget);
    local(trials, share(local_part))?;
    let Some(start) = best_so_far(trials) else { return Ok(None) };
    trials.limit = (trials.spent + share(FIRST_FIT)).min(budget);
    let first = near(trials, &trials.places(start), share(FIRST_FIT), 0)?;
    let middle = first.next_middle(trials).unwrap_or_else(|| trials.places(start));
    trials.limit = budget;
    // Two more points than the parabola needs: the best so far, and the turn.
    let last = near(trials, &middle, budget - trials.spent, 2)?;
    allow(trials.try_at(&trials.places(start), last.futures))?;
    let turned = last.turn.as_ref().filter(|turn| turn.at.iter().all(|x| x.abs() <= 1.0));
    let Some(turn) = turned else { return Ok(trials.best(last.futures).or(Some(start))) };
    let places = last.places(&turn.at);
    let at = trials.scales.iter().zip(&places).map(|(scale, place)| scale.value(*place)).collect();
    *found = Some(FoundTurn { at, value: trials.sign * turn.value, error: turn.error });
    let turned = allow(trials.try_at(&places, last.futures))?;
    let lowest = trials.best(last.futures);
    Ok(match (turned, lowest) {
        (Some(turned), Some(lowest)) if !is_clearly_better(trials, lowest, turned, last.futures) => Some(turned),
        _ => lowest.or(Some(start)),
    })
}

/// The best over as many futures as half of the points have seen: those of them that saw more are compared on the same ones.
fn best_so_far(trials: &Trials) -> Option<usize> {
    let mut seen: Vec<u32> = trials.list.iter().map(|trial| trial.values.len() as u32).collect();
    seen.sort_unstable();
    trials.best(*seen.get(seen.len() / 2)?)
}

/// Running out of a stage's part is no end of the walk.
fn allow(tried: Result<usize, End>) -> Result<Option<usize>, End> {
    match tried {
        Ok(index) => Ok(Some(index)),
        Err(End::Budget) => Ok(None),
        Err(End::Stopped) => Err(End::Stopped),
    }
}

/// Points all over the bounds: even steps along one path, an even spread over several.
fn scan(trials: &mut Trials, budget: u64) -> Result<(), End> {
    let directions = trials.scales.len();
    let most = if directions == 1 { LINE } else { EACH * directions + 1 };
    let count = most.min(trials.limit as usize).max(1);
    let futures = ((budget as f64 * SCAN) as u32 / count as u32).max(1);
    // All points with few futures first, so that whoever ends it early has seen all of the bounds.
    for (futures, step) in
        [futures.div_ceil(FIRST_LOOK), futures].iter().flat_map(|f| (0..count).map(move |step| (*f, step)))
    {
        let places = match directions {
            1 => vec![step as f64 / (count.max(2) - 1) as f64],
            _ => spread(step, directions),
        };
        if allow(trials.try_at(&places, futures))?.is_none() {
            break;
        }
    }
    Ok(())
}

/// A point of the additive recurrence with the generalised golden ratio, which fills a box evenly. The first is the middle.
fn spread(step: usize, directions: usize) -> Vec<f64> {
    let mut ratio: f64 = 2.0;
    for _ in 0..64 {
        ratio = (1.0 + ratio).powf(1.0 / (directions as f64 + 1.0));
    }
    (1..=directions).map(|i| (0.5 + step as f64 / ratio.powi(i as i32)).fract()).collect()
}

/// A neighbourhood with the points of a parabola in it.
struct Near {
    middle: Vec<f64>,
    half: Vec<f64>,
    futures: u32,
    tried: Vec<usize>,
    turn: Option<fit::Turn>,
}

impl Near {
    fn places(&self, at: &[f64]) -> Vec<f64> {
        self.middle.iter().zip(&self.half).zip(at).map(|((middle, half), x)| middle + half * x).collect()
    }

    /// Where to look next: towards the turn, else around the best.
    fn next_middle(&self, trials: &Trials) -> Option<Vec<f64>> {
        if let Some(turn) = &self.turn {
            let at: Vec<f64> = turn.at.iter().map(|x| x.clamp(-FARTHEST, FARTHEST)).collect();
            return Some(self.places(&at));
        }
        let cost = |index: &usize| trials.cost(*index, self.futures);
        let best = self.tried.iter().copied().min_by(|a, b| cost(a).total_cmp(&cost(b)))?;
        Some(trials.places(best))
    }
}

/// Tries the points of a parabola around a middle and lays it through them; `spare` points are left in the share.
fn near(trials: &mut Trials, around: &[f64], share: u64, spare: usize) -> Result<Near, End> {
    let half: Vec<f64> =
        trials.scales.iter().zip(around).map(|(scale, place)| scale.nearby(scale.value(*place))).collect();
    let middle = around.iter().zip(&half).map(|(place, half)| place.clamp(*half, 1.0 - half)).collect();
    let pattern = fit::pattern(around.len());
    let futures = ((share / (pattern.len() + spare) as u64) as u32).max(1);
    let mut near = Near { middle, half, futures, tried: Vec::new(), turn: None };
    for at in &pattern {
        let Some(index) = allow(trials.try_at(&near.places(at), futures))? else { break };
        if !near.tried.contains(&index) {
            near.tried.push(index);
        }
    }
    let values: Vec<Vec<Option<f64>>> = near.tried.iter().map(|index| signed(trials, *index, near.futures)).collect();
    let steps = |index: &usize| -> Vec<f64> {
        let places = trials.places(*index);
        places.iter().zip(&near.middle).zip(&near.half).map(|((place, middle), half)| (place - middle) / half).collect()
    };
    let points: Vec<Vec<f64>> = near.tried.iter().map(steps).collect();
    near.turn = fit::turn(&points, &values.iter().map(Vec::as_slice).collect::<Vec<_>>());
    Ok(near)
}

fn signed(trials: &Trials, index: usize, futures: u32) -> Vec<Option<f64>> {
    let values = trials.list[index].values.iter().take(futures as usize);
    values.map(|value| value.map(|value| trials.sign * value)).collect()
}

/// Whether the paired differences of two points say that the first is better, beyond what luck does.
fn is_clearly_better(trials: &Trials, a: usize, b: usize, futures: u32) -> bool {
    let less = paired(&signed(trials, b, futures), &signed(trials, a, futures));
    Moments::of(&less).is_none_or(|moments| moments.mean > CLEARLY * error(&moments))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn scale(low: f64, high: f64) -> Scale {
        Scale { low, high, whole: false }
    }

    /// Even luck in -1..1 from two numbers (splitmix64).
    fn luck(a: u64, b: u64) -> f64 {
        let mut z = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_mul(0xd1b5_4a32_d192_ed03);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64 * 2.0 - 1.0
    }

    /// Searches the mean of `truth` under luck that points share and luck of their own, and counts what was asked for.
    fn find(scales: &[Scale], sign: f64, budget: u64, truth: impl Fn(&[f64]) -> f64, noise: f64) -> Found {
        let mut asked = 0;
        let mut objective = |at: &[f64], futures: std::ops::Range<u32>| {
            asked += futures.len() as u64;
            let of_point = at.iter().fold(7u64, |sum, x| sum.rotate_left(9) ^ x.to_bits());
            let one = |future: u32| {
                let (shared, own) = (luck(future.into(), 1), luck(future.into(), of_point));
                Some(truth(at) + noise * (3.0 * shared + own))
            };
            Some(futures.map(one).collect())
        };
        let found = search(scales.to_vec(), sign, budget, &mut objective);
        assert_eq!(found.spent, asked);
        assert!(asked <= budget, "{asked} of {budget}");
        for (value, scale) in found.trials.iter().flat_map(|trial| trial.at.iter().zip(scales)) {
            assert!((scale.low..=scale.high).contains(value), "{value} is out of bounds");
        }
        found
    }

    fn best(found: &Found) -> &[f64] {
        &found.trials[found.best.unwrap()].at
    }

    /// The window of the last parabola spans 0.6 in ln x; with 1,280 futures a point the turn is sure to
    /// s / (sqrt(1280) * sqrt(sum u^2)) / 2 = 0.3 / sqrt(3) / 36 / 0.52 / 2 = 0.5 % in ln x for luck of 0.3 at a point.
    #[test]
    fn a_noisy_parabola_is_found_as_close_as_its_luck_allows() {
        for target in [13.0, 40.0, 55.5, 110.0] {
            let found = find(&[scale(10.0, 120.0)], 1.0, 20_000, |x| (x[0] / target).ln().powi(2), 0.3);
            let turn = found.turn.as_ref().expect("it turns");
            assert!((turn.at[0] / target).ln().abs() < 0.025, "{target}: {turn:?}");
            assert!((best(&found)[0] / target).ln().abs() < 0.06, "{target}: {:?}", best(&found));
        }
    }

    #[test]
    fn a_hill_is_climbed() {
        let found = find(&[scale(0.0, 1.0)], -1.0, 2_000, |x| 5.0 - (x[0] - 0.3).powi(2), 0.0);
        assert!((best(&found)[0] - 0.3).abs() < 1e-3);
        assert!((found.turn.unwrap().value - 5.0).abs() < 1e-6);
    }

    #[test]
    fn a_bent_valley_is_walked_down() {
        let valley = |x: &[f64]| (1.0 - x[0]).powi(2) + 5.0 * (x[1] - x[0] * x[0]).powi(2);
        let found = find(&[scale(-2.0, 2.0), scale(-1.0, 3.0)], 1.0, 20_000, valley, 0.0);
        assert!(valley(best(&found)) < 2e-3, "{:?} {}", best(&found), valley(best(&found)));
        let bowl = |x: &[f64]| {
            (x[0] - 0.4).powi(2) + 2.0 * (x[1] - 30.0).powi(2) / 900.0 + 0.3 * (x[0] - 0.4) * (x[1] - 30.0) / 30.0
        };
        let found = find(&[scale(0.0, 1.0), scale(10.0, 45.0)], 1.0, 20_000, bowl, 0.01);
        let turn = found.turn.expect("it turns");
        assert!((turn.at[0] - 0.4).abs() < 0.02 && (turn.at[1] - 30.0).abs() < 1.0, "{turn:?}");
    }

    #[test]
    fn what_falls_to_the_bound_ends_at_the_bound() {
        for (sign, bound) in [(1.0, 0.5), (-1.0, 100.0)] {
            let found = find(&[scale(0.5, 100.0)], sign, 3_000, |x| x[0].sqrt(), 0.01);
            assert_eq!(best(&found), [bound]);
            assert_eq!(found.turn, None);
        }
        let slope = |x: &[f64]| x[0] - x[1];
        assert_eq!(best(&find(&[scale(0.0, 1.0), scale(2.0, 3.0)], 1.0, 3_000, slope, 0.01)), [0.0, 3.0]);
    }

    #[test]
    fn a_plateau_has_no_turn_and_costs_no_more_than_the_budget() {
        let found = find(&[scale(1.0, 9.0)], 1.0, 1_000, |_| 4.0, 0.0);
        assert_eq!((found.turn.as_ref(), found.stopped), (None, false));
        assert!(found.best.is_some());
        assert_eq!(find(&[scale(1.0, 9.0), scale(0.0, 1.0)], 1.0, 1_000, |_| 4.0, 0.0).turn, None);
    }

    #[test]
    fn whole_numbers_stay_whole_and_are_tried_once() {
        let crew = Scale { low: 1.0, high: 8.0, whole: true };
        let found = find(&[crew], 1.0, 2_000, |x| (x[0] - 3.2).powi(2), 0.1);
        assert_eq!(best(&found), [3.0]);
        let mut tried: Vec<f64> = found.trials.iter().map(|trial| trial.at[0]).collect();
        let count = tried.len();
        tried.sort_by(f64::total_cmp);
        tried.dedup();
        assert_eq!(tried.len(), count);
        assert!(tried.iter().all(|x| x.fract() == 0.0));
    }

    #[test]
    fn any_budget_is_kept_and_stopping_keeps_what_there_is() {
        for budget in [0, 1, 2, 3, 7, 20, 100, 333] {
            let found = find(&[scale(0.0, 1.0)], 1.0, budget, |x| x[0] * x[0], 0.1);
            assert_eq!(found.best.is_some(), budget > 0);
            find(&[scale(0.0, 1.0), scale(1.0, 2.0), scale(1.0, 100.0)], 1.0, budget, |x| x[0] * x[1] + x[2], 0.1);
        }
        let mut left = 3;
        let found = search(vec![scale(0.0, 1.0)], 1.0, 10_000, &mut |at, futures| {
            left -= 1;
            (left >= 0).then(|| futures.map(|_| Some(at[0])).collect())
        });
        assert!(found.stopped && found.trials.len() == 3 && found.best == Some(0));
    }

    #[test]
    fn points_where_the_measure_has_no_value_are_passed_over() {
        let found = search(vec![scale(0.0, 1.0)], 1.0, 2_000, &mut |at, futures| {
            Some(futures.map(|_| (at[0] > 0.55).then_some((at[0] - 0.7).powi(2))).collect())
        });
        assert!((best(&found)[0] - 0.7).abs() < 0.02, "{:?}", best(&found));
    }
}
