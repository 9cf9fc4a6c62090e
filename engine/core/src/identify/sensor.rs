//! One sensor: its lag by search, its gains on white rows, what is left as noise, and how well that holds on rows to come.

use super::course::{Between, Inputs};
use super::squares::{Squares, fit, rest_of};
use super::whiten::{Whitener, highest, memory_of};
use super::{Doubt, FEWEST_ROWS, Found, Series, span_of, step_of};

/// A lag must make the rows this much likelier (twice the log) than none.
const BELIEVED: f64 = 12.0;
/// A gain must be this many of its standard errors.
const SURE: f64 = 4.0;
/// Lags that are tried before the best one is made finer.
const LAGS: usize = 18;
const FINER: usize = 10;
/// How often gains and noise are found again from each other.
const ROUNDS: usize = 2;
/// Rows that lags are judged on, in blocks over the whole record.
const JUDGED_ROWS: usize = 20_000;
const BLOCKS: usize = 20;
/// Rounding above this share of what is left hides the noise.
const HIDES: f64 = 0.7;
/// A memory above this share of the record is no noise.
const WANDERS: f64 = 0.1;

/// A sensor's readings, without the missing ones.
#[derive(Debug, Clone)]
struct Rows {
    at: Vec<usize>,
    times: Vec<f64>,
    values: Vec<f64>,
}

#[derive(Debug, Clone)]
struct Fit {
    lag: Option<(f64, Between)>,
    too_long: bool,
    /// Which of the inputs have a gain.
    kept: Vec<usize>,
    /// Of the kept inputs, in standard deviations of theirs; then the base, then the start.
    squares: Squares,
    noise: Noise,
}

#[derive(Debug, Clone, Copy)]
struct Noise {
    variance: f64,
    whitener: Whitener,
    likely: f64,
}

impl Rows {
    fn of(series: &Series, seconds: &[f64]) -> Rows {
        let at: Vec<usize> = (0..seconds.len()).filter(|row| series.values[*row].is_finite()).collect();
        Rows::at(at, &series.values, seconds)
    }

    fn at(at: Vec<usize>, values: &[f64], seconds: &[f64]) -> Rows {
        let (times, values) = at.iter().map(|row| (seconds[*row], values[*row])).unzip();
        Rows { at, times, values }
    }

    fn part(&self, range: std::ops::Range<usize>) -> Rows {
        Rows {
            at: self.at[range.clone()].to_vec(),
            times: self.times[range.clone()].to_vec(),
            values: self.values[range].to_vec(),
        }
    }

    /// Blocks of neighbours, spread over the whole: enough to judge a lag by.
    fn some(&self) -> Rows {
        if self.at.len() <= JUDGED_ROWS {
            return self.clone();
        }
        let length = JUDGED_ROWS / BLOCKS;
        let last = self.at.len() - length;
        let chosen = (0..BLOCKS).map(|block| block * last / (BLOCKS - 1));
        let mut some = Rows { at: Vec::new(), times: Vec::new(), values: Vec::new() };
        for from in chosen {
            let block = self.part(from..from + length);
            some.at.extend(block.at);
            some.times.extend(block.times);
            some.values.extend(block.values);
        }
        some
    }

    fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len().max(1) as f64
    }

    fn variance(&self) -> f64 {
        let mean = self.mean();
        self.values.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / self.values.len().max(1) as f64
    }

    fn span(&self) -> f64 {
        self.times.last().unwrap_or(&0.0) - self.times.first().unwrap_or(&0.0)
    }
}

pub(super) fn identify(series: &Series, inputs: &Inputs<'_>) -> Found {
    let rows = Rows::of(series, inputs.seconds);
    let mut found = Found { name: series.name.clone(), rows: rows.at.len(), ..Found::default() };
    let Some((low, high)) = span_of(rows.values.iter().copied()) else {
        found.doubts.push(Doubt::TooFewRows(0));
        return found;
    };
    (found.low, found.high, found.base) = (low, high, rows.mean());
    if low == high {
        (found.base, found.doubts) = (low, vec![Doubt::NeverMoves]);
        return found;
    }
    found.step = step_of(&rows.values);
    let rounding = found.step.map_or(0.0, |step| step * step / 12.0);
    if rows.at.len() < FEWEST_ROWS || !(rows.variance().is_finite() && rows.span() > 0.0) {
        found.doubts.push(Doubt::TooFewRows(rows.at.len()));
        found.sd = (rows.variance() - rounding).max(0.0).sqrt();
        return found;
    }
    let held = rows.at.len() * 2 / 3;
    let (first, last) = (rows.part(0..held), rows.part(held..rows.at.len()));
    let all = Fit::of(&rows, inputs, rounding);
    let earlier = Fit::of(&first, inputs, rounding);
    if !all.kept.is_empty() {
        let explained = explained(&earlier, &last, inputs);
        found.explained = Some(explained);
        if explained <= 0.0 {
            found.doubts.push(Doubt::NoBetterThanMean(explained));
            Fit::plain(&rows, rounding).tell(&mut found, &rows, inputs, rounding);
            return found;
        }
    }
    let unsure = inputs.places.iter().enumerate().filter(|(input, _)| !all.kept.contains(input));
    found.doubts.extend(unsure.map(|(_, place)| Doubt::NoGain(*place)));
    all.tell(&mut found, &rows, inputs, rounding);
    found
}

/// The share of the variance about their own mean that rows to come lose by a fit.
fn explained(fit: &Fit, rows: &Rows, inputs: &Inputs<'_>) -> f64 {
    let columns = design(&fit.kept, fit.lag, rows, inputs);
    let rest = rest_of(&columns, &rows.values, &fit.squares.coefficients);
    let left = rest.iter().map(|x| x * x).sum::<f64>() / rest.len().max(1) as f64;
    let variance = rows.variance();
    // Readings that stand still cannot be explained better than by their mean.
    if variance > 0.0 { 1.0 - left / variance } else { -1.0 }
}

/// Kept inputs behind a lag, a column of ones, and what is left of the start where it matters.
fn design(kept: &[usize], lag: Option<(f64, Between)>, rows: &Rows, inputs: &Inputs<'_>) -> Vec<Vec<f64>> {
    let (seconds, between) = (lag.map(|lag| lag.0), lag.map_or(Between::Hold, |lag| lag.1));
    let gather = |column: &[f64]| -> Vec<f64> { rows.at.iter().map(|row| column[*row]).collect() };
    let behind = inputs.behind(seconds, between);
    let mut columns: Vec<Vec<f64>> = kept.iter().map(|input| gather(&behind[*input])).collect();
    columns.push(vec![1.0; rows.at.len()]);
    if let Some(lag) = seconds {
        columns.push(gather(&inputs.start(lag)));
    }
    columns
}

impl Fit {
    fn of(rows: &Rows, inputs: &Inputs<'_>, rounding: f64) -> Fit {
        let mut kept: Vec<usize> = (0..inputs.columns.len()).collect();
        let (mut lag, too_long) = if kept.is_empty() { (None, false) } else { lag_of(rows, inputs, rounding) };
        loop {
            if kept.is_empty() {
                lag = None;
            }
            let columns = design(&kept, lag, rows, inputs);
            let Some((squares, noise)) = solve(columns, rows, rounding, ROUNDS) else {
                return Fit::plain(rows, rounding);
            };
            let sure = |input: usize| squares.coefficients[input].abs() / squares.errors[input].max(f64::MIN_POSITIVE);
            let weakest = (0..kept.len()).min_by(|a, b| sure(*a).total_cmp(&sure(*b)));
            match weakest.filter(|input| sure(*input) < SURE) {
                Some(input) => drop(kept.remove(input)),
                None => return Fit { lag, too_long, kept, squares, noise },
            }
        }
    }

    /// No gains: a mean and what is about it.
    fn plain(rows: &Rows, rounding: f64) -> Fit {
        let rest: Vec<f64> = rows.values.iter().map(|y| y - rows.mean()).collect();
        let noise = Noise::of(&rest, &rows.times, rounding);
        let squares = Squares { coefficients: vec![rows.mean()], errors: vec![0.0] };
        Fit { lag: None, too_long: false, kept: Vec::new(), squares, noise }
    }

    fn tell(&self, found: &mut Found, rows: &Rows, inputs: &Inputs<'_>, rounding: f64) {
        found.base = self.squares.coefficients[self.kept.len()];
        for (number, input) in self.kept.iter().enumerate() {
            let gain = self.squares.coefficients[number] / inputs.scales[*input];
            found.base -= gain * inputs.means[*input];
            found.gains.push((inputs.places[*input], gain, self.squares.errors[number] / inputs.scales[*input]));
        }
        found.lag = self.lag.map(|lag| lag.0);
        found.memory = self.noise.whitener.memory;
        found.sd = self.noise.variance.sqrt();
        if self.too_long && !self.kept.is_empty() {
            found.doubts.push(Doubt::LagTooLong);
        }
        if rounding > HIDES * (self.noise.variance + rounding) {
            found.doubts.push(Doubt::NoiseBelowStep);
            (found.sd, found.memory) = (0.0, None);
        }
        if let Some(memory) = found.memory.filter(|memory| *memory > WANDERS * rows.span()) {
            found.doubts.push(Doubt::Wanders(memory));
        }
    }
}

impl Noise {
    fn of(rest: &[f64], times: &[f64], rounding: f64) -> Noise {
        let total = rest.iter().map(|x| x * x).sum::<f64>() / rest.len().max(1) as f64;
        let mut share = rounding_share(rounding, total);
        let mut noise = Noise { variance: total, whitener: Whitener { memory: None, rounding: share }, likely: 0.0 };
        // The variance says how much of it is rounding, which says what the variance is: twice is enough.
        for _ in 0..if rounding > 0.0 { 2 } else { 1 } {
            let (memory, _) = memory_of(rest, times, share);
            let whitener = Whitener { memory, rounding: share };
            let (likely, variance) = whitener.judge(rest, times);
            noise = Noise { variance, whitener, likely };
            share = rounding_share(rounding, variance * (1.0 + share));
        }
        noise
    }
}

/// The variance of rounding as a share of the noise's own, from that of both.
fn rounding_share(rounding: f64, total: f64) -> f64 {
    if rounding <= 0.0 { 0.0 } else { rounding / (total - rounding).max(0.05 * rounding) }
}

/// Gains on white rows: first plainly, then with the memory that this leaves, as often as asked.
fn solve(columns: Vec<Vec<f64>>, rows: &Rows, rounding: f64, rounds: usize) -> Option<(Squares, Noise)> {
    // A start that has died away before the first rows is no column.
    let columns: Vec<Vec<f64>> = columns.into_iter().filter(|column| column.iter().any(|x| x.abs() > 1e-6)).collect();
    let mut squares = fit(&columns, &rows.values)?;
    let mut noise = None;
    for _ in 0..rounds {
        let rest = rest_of(&columns, &rows.values, &squares.coefficients);
        let now = Noise::of(&rest, &rows.times, rounding);
        let white = |column: &[f64]| {
            let mut white = column.to_vec();
            now.whitener.apply(&rows.times, &mut white);
            white
        };
        let whites: Vec<Vec<f64>> = columns.iter().map(|column| white(column)).collect();
        squares = fit(&whites, &white(&rows.values))?;
        noise = Some(now);
    }
    let rest = rest_of(&columns, &rows.values, &squares.coefficients);
    let mut noise = noise?;
    (noise.likely, noise.variance) = noise.whitener.judge(&rest, &rows.times);
    noise.variance *= rest.len() as f64 / (rest.len() - columns.len()) as f64;
    Some((squares, noise))
}

/// The likeliest lag, none where none is likelier, and whether it would be longer than the record can tell.
fn lag_of(rows: &Rows, inputs: &Inputs<'_>, rounding: f64) -> (Option<(f64, Between)>, bool) {
    let some = rows.some();
    let kept: Vec<usize> = (0..inputs.columns.len()).collect();
    let judge = |lag: Option<(f64, Between)>| {
        solve(design(&kept, lag, &some, inputs), &some, rounding, 1).map_or(f64::MIN, |(_, noise)| noise.likely)
    };
    let step = rows.span() / (rows.at.len() - 1) as f64;
    let (low, high) = (libm::log(step / 4.0), libm::log(rows.span() / 4.0));
    let width = (high - low) / (LAGS - 1) as f64;
    let mut best = (f64::MIN, 0, Between::Hold);
    for between in [Between::Hold, Between::Ramp] {
        for number in 0..LAGS {
            let likely = judge(Some((libm::exp(low + width * number as f64), between)));
            if likely > best.0 {
                best = (likely, number, between);
            }
        }
    }
    let (_, number, between) = best;
    let middle = low + width * number as f64;
    let finer = |log: f64| judge(Some((libm::exp(log), between)));
    let (log, likely) = highest(middle - width, middle + width, FINER, finer);
    if likely - judge(None) <= BELIEVED {
        return (None, false);
    }
    if number + 1 == LAGS { (None, true) } else { (Some((libm::exp(log), between)), false) }
}
