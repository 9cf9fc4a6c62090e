//! Points that were tried: their values future by future, and the budget that they are paid from.

use crate::whatif::statistics::Moments;

/// How a path goes between its bounds: 0 is low, 1 is high.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    pub whole: bool,
}

/// Beyond this ratio of high to low, equal steps are equal ratios.
const WIDE: f64 = 5.0;

impl Scale {
    pub fn is_log(&self) -> bool {
        self.low > 0.0 && self.high / self.low > WIDE
    }

    /// The value at a place, never out of bounds: five digits, as people write them, or a whole number.
    pub fn value(&self, place: f64) -> f64 {
        let place = place.clamp(0.0, 1.0);
        let exact = match self.is_log() {
            true => self.low * (self.high / self.low).powf(place),
            false => self.low + (self.high - self.low) * place,
        };
        let round = if self.whole { exact.round() } else { format!("{exact:.4e}").parse().unwrap_or(exact) };
        round.clamp(self.low, self.high)
    }

    pub fn place(&self, value: f64) -> f64 {
        let place = match self.is_log() {
            true => (value / self.low).ln() / (self.high / self.low).ln(),
            false => (value - self.low) / (self.high - self.low),
        };
        place.clamp(0.0, 1.0)
    }

    /// Half the width of the neighbourhood of a value that a parabola is laid through: 30 % of it, within reason.
    pub fn nearby(&self, value: f64) -> f64 {
        let share = match self.is_log() {
            true => 1.3f64.ln() / (self.high / self.low).ln(),
            false => 0.3 * value.abs() / (self.high - self.low),
        };
        let step = if self.whole { 2.0 / (self.high - self.low) } else { 0.0 };
        share.clamp(0.05, 0.25).max(step).min(0.5)
    }
}

/// A point with the value of each of its futures, from the first one on.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    pub at: Vec<f64>,
    /// None where the measure has no value in that future.
    pub values: Vec<Option<f64>>,
}

impl Trial {
    /// Of the first futures; None when none of them has a value.
    pub fn moments(&self, futures: usize) -> Option<Moments> {
        Moments::of(&self.values.iter().take(futures).copied().flatten().collect::<Vec<f64>>())
    }
}

/// Why no more is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The budget, or the part of it that this stage has, is used up.
    Budget,
    /// The objective gave up: somebody asked it to, or a point has no plan.
    Stopped,
}

/// Values of futures `from..to` at a point; None when asked to stop.
pub type Objective<'a> = dyn FnMut(&[f64], std::ops::Range<u32>) -> Option<Vec<Option<f64>>> + 'a;

/// Everything that was tried, in order. All points see the same futures.
pub struct Trials<'a> {
    pub scales: Vec<Scale>,
    pub list: Vec<Trial>,
    pub spent: u64,
    /// Of the stage that is on.
    pub limit: u64,
    /// 1 where the lowest value is wanted, -1 where the highest is.
    pub sign: f64,
    objective: &'a mut Objective<'a>,
}

impl<'a> Trials<'a> {
    pub fn new(scales: Vec<Scale>, sign: f64, objective: &'a mut Objective<'a>) -> Trials<'a> {
        Trials { scales, list: Vec::new(), spent: 0, limit: 0, sign, objective }
    }

    /// Tries a point, given by places, with at least so many futures. A point that is there already only gets those that it lacks.
    pub fn try_at(&mut self, places: &[f64], futures: u32) -> Result<usize, End> {
        let at: Vec<f64> = self.scales.iter().zip(places).map(|(scale, place)| scale.value(*place)).collect();
        let known = self.list.iter().position(|trial| trial.at == at);
        let done = known.map_or(0, |index| self.list[index].values.len() as u32);
        if done < futures {
            if self.spent + u64::from(futures - done) > self.limit {
                return Err(End::Budget);
            }
            let values = (self.objective)(&at, done..futures).ok_or(End::Stopped)?;
            self.spent += u64::from(futures - done);
            match known {
                Some(index) => self.list[index].values.extend(values),
                None => self.list.push(Trial { at, values }),
            }
        }
        Ok(known.unwrap_or(self.list.len() - 1))
    }

    pub fn places(&self, index: usize) -> Vec<f64> {
        self.list[index].at.iter().zip(&self.scales).map(|(value, scale)| scale.place(*value)).collect()
    }

    /// What is made small: the mean over the first futures; infinite where the measure has no value in any of them.
    pub fn cost(&self, index: usize, futures: u32) -> f64 {
        self.list[index].moments(futures as usize).map_or(f64::INFINITY, |moments| self.sign * moments.mean)
    }

    /// The best of those with at least so many futures, all seen over the same ones; of equals the first.
    pub fn best(&self, futures: u32) -> Option<usize> {
        let seen = (0..self.list.len()).filter(|index| self.list[*index].values.len() as u32 >= futures);
        seen.min_by(|a, b| self.cost(*a, futures).total_cmp(&self.cost(*b, futures)))
    }
}
