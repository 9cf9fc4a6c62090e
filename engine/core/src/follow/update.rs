//! Hearing: what a tick's readings say of the states, one reading after another.
//!
//! The gain of a reading on a state is a difference over the width of what is believed, not a slope at a point: so a sensor
//! that follows the square of a wear speaks of it also where the wear is 0. Whatever comes in, states stay finite.

use super::estimate::Estimate;
use super::sketch::Sketch;
use super::suspicion::{Tally, cause};
use serde::{Deserialize, Serialize};
use twinwright_model::Time;
use twinwright_model::time::SECOND;

/// A reading further off than so many standard deviations is not believed by itself.
const GATE: f64 = 5.0;

/// No reading of this sensor was used yet.
pub const NEVER: i64 = i64::MIN;

/// A reading that may be believed: good, finite, within its sensor's range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    pub sensor: usize,
    pub time: Time,
    pub value: f64,
    /// It may move the estimate; else only what is to be expected of it is worked out.
    pub counts: bool,
}

/// What the model says of each sensor at the present estimate, biases left out, and how that changes with each common state.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    pub expected: Vec<f64>,
    /// By sensor: a row of as many as there are common states.
    pub gains: Vec<f64>,
    /// By sensor: variance that is not white and that no state explains.
    pub blur: Vec<f64>,
}

/// A machine that is followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Follower {
    pub estimate: Estimate,
    /// By sensor.
    pub traces: Vec<Trace>,
    /// The gains that each sensor's reading before had.
    pub gains: Vec<f64>,
    /// By wear.
    pub tallies: Vec<Tally>,
    /// Squared innovations over their variances, summed, and how many there were.
    pub consistency: (f64, u64),
}

/// What is remembered of a sensor from reading to reading.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// When the last reading that was used was taken.
    pub used: i64,
    /// That reading, less what the model said of it, as far as the states do not say it.
    pub rest: f64,
    /// What of the expectation's variance comes from the states.
    pub spread: f64,
    pub tally: Tally,
}

impl Default for Trace {
    fn default() -> Trace {
        Trace { used: NEVER, rest: 0.0, spread: 0.0, tally: Tally::default() }
    }
}

/// Room to work in, kept from machine to machine.
#[derive(Debug, Clone, Default)]
pub struct Room {
    before: Vec<f64>,
    row: Vec<f64>,
    push: Vec<f64>,
}

/// An innovation and its variance without and with the states' share.
struct Innovation {
    value: f64,
    noise: f64,
    variance: f64,
}

impl Follower {
    pub fn fresh(sketch: &Sketch) -> Follower {
        Follower {
            estimate: Estimate::fresh(sketch),
            traces: vec![Trace::default(); sketch.lanes.len()],
            gains: vec![0.0; sketch.lanes.len() * sketch.common],
            tallies: vec![Tally::default(); sketch.wears.len()],
            consistency: (0.0, 0),
        }
    }

    /// What the bias of a sensor is believed to be.
    pub fn bias(&self, sketch: &Sketch, sensor: usize) -> f64 {
        self.estimate.x[sketch.bias(sensor)]
    }

    /// Hears readings, each of another sensor. Returns the logarithm of how likely they were.
    pub fn hear(&mut self, sketch: &Sketch, sight: &Sight, readings: &[Reading], room: &mut Room) -> f64 {
        self.estimate.settle(sketch);
        room.before.clear();
        room.before.extend(self.estimate.x.iter().take(sketch.common));
        self.tallies.iter_mut().for_each(Tally::age);
        let mut likelihood = 0.0;
        for reading in readings {
            likelihood += self.hear_one(sketch, sight, reading, room);
        }
        if let Some(cause) = cause_of(sketch, self) {
            self.estimate.open(cause.state, cause.size);
            self.tallies.fill(Tally::default());
            self.traces.iter_mut().for_each(|trace| trace.tally = Tally::default());
        }
        likelihood
    }

    fn hear_one(&mut self, sketch: &Sketch, sight: &Sight, reading: &Reading, room: &mut Room) -> f64 {
        let (sensor, common) = (reading.sensor, sketch.common);
        let gains = &sight.gains[sensor * common..(sensor + 1) * common];
        if !reading.value.is_finite() || !sight.expected[sensor].is_finite() || gains.iter().any(|g| !g.is_finite()) {
            return 0.0;
        }
        let innovation = self.innovation(sketch, sight, reading, room);
        if !innovation.value.is_finite() || !innovation.variance.is_finite() {
            return 0.0;
        }
        let own = room.row[common];
        self.traces[sensor].spread = (innovation.variance - innovation.noise) / (own * own).max(0.01);
        if !reading.counts {
            return 0.0;
        }
        let sd = innovation.variance.sqrt();
        let sigmas = innovation.value / sd;
        self.suspect(sketch, sensor, sigmas, sd, room);
        if sigmas.abs() > GATE {
            return -GATE * GATE / 2.0;
        }
        self.remember(sketch, sight, reading, room);
        self.consistency.0 += sigmas * sigmas;
        self.consistency.1 += 1;
        self.correct(&innovation, room);
        -0.5 * (sigmas * sigmas + libm::log(innovation.variance))
    }

    /// The innovation of a reading; leaves its row in the room, and the covariance times that row.
    fn innovation(&self, sketch: &Sketch, sight: &Sight, reading: &Reading, room: &mut Room) -> Innovation {
        let (sensor, common) = (reading.sensor, sketch.common);
        let (x, p) = (&self.estimate.x, &self.estimate.p);
        let (lane, trace, bias) = (&sketch.lanes[sensor], &self.traces[sensor], sketch.bias(sensor));
        let gains = &sight.gains[sensor * common..(sensor + 1) * common];
        let before = &self.gains[sensor * common..(sensor + 1) * common];
        let left = if trace.used == NEVER {
            0.0
        } else {
            lane.remembers(reading.time.0.saturating_sub(trace.used) as f64 / SECOND as f64)
        };
        let mut value = reading.value - sight.expected[sensor] - x[bias] - left * (trace.rest - x[bias]);
        room.row.clear();
        for state in 0..common {
            value -= gains[state] * (x[state] - room.before[state]) - left * before[state] * x[state];
            room.row.push(gains[state] - left * before[state]);
        }
        let noise = lane.noise * (1.0 - left * left) + lane.least() * (1.0 + left * left);
        let own = 1.0 - left;
        room.push.clear();
        room.push.resize(x.len(), 0.0);
        let columns = p.as_slice().chunks_exact(x.len());
        for (state, column) in columns.enumerate() {
            let gain = if state < common {
                room.row[state]
            } else if state == bias {
                own
            } else {
                0.0
            };
            if gain != 0.0 {
                room.push.iter_mut().zip(column).for_each(|(push, p)| *push += gain * p);
            }
        }
        let by_states = room.row.iter().zip(&room.push).map(|(gain, push)| gain * push).sum::<f64>();
        let variance = noise + (by_states + own * room.push[bias]).max(0.0);
        room.row.push(own);
        Innovation { value, noise, variance }
    }

    /// Keeps what the next reading of this sensor is compared with.
    fn remember(&mut self, sketch: &Sketch, sight: &Sight, reading: &Reading, room: &Room) {
        let (sensor, common) = (reading.sensor, sketch.common);
        let gains = &sight.gains[sensor * common..(sensor + 1) * common];
        let at_before: f64 = gains.iter().zip(&room.before).map(|(gain, x)| gain * x).sum();
        self.traces[sensor].used = reading.time.0;
        self.traces[sensor].rest = reading.value - sight.expected[sensor] + at_before;
        self.gains[sensor * common..(sensor + 1) * common].copy_from_slice(gains);
    }

    /// Adds an innovation to the sums in the directions of its own bias and of each wear.
    fn suspect(&mut self, sketch: &Sketch, sensor: usize, sigmas: f64, sd: f64, room: &Room) {
        let tally = &mut self.traces[sensor].tally;
        tally.age();
        tally.add(sigmas, sd, room.row[sketch.common]);
        for (tally, wear) in self.tallies.iter_mut().zip(&sketch.wears) {
            tally.add(sigmas, sd, room.row[wear.level]);
        }
    }

    /// Moves the states by an innovation, and takes off their covariance what it says.
    fn correct(&mut self, innovation: &Innovation, room: &Room) {
        let Estimate { x, p, .. } = &mut self.estimate;
        let size = x.len();
        let by = innovation.value / innovation.variance;
        for (state, push) in x.iter_mut().zip(&room.push) {
            *state += push * by;
        }
        // The product of two pushes is the same either way, so the covariance stays exactly symmetric.
        for (push, column) in room.push.iter().zip(p.as_mut_slice().chunks_exact_mut(size)) {
            if *push != 0.0 {
                column.iter_mut().zip(&room.push).for_each(|(p, other)| *p -= (other * push) / innovation.variance);
            }
        }
        for state in 0..size {
            // Rounding may leave a little below 0 where hardly anything is unknown.
            p[(state, state)] = p[(state, state)].max(0.0);
        }
    }
}

fn cause_of(sketch: &Sketch, follower: &Follower) -> Option<super::suspicion::Cause> {
    let mut biases: smallvec::SmallVec<[Tally; 16]> = smallvec::SmallVec::new();
    biases.extend(follower.traces.iter().map(|trace| trace.tally));
    cause(sketch, &follower.tallies, &biases)
}
