//! Drivers: the numbers that act on a machine, worked out afresh each tick in the order of who needs whom.

pub mod drive;
pub mod spec;

use crate::dice::Purpose;
use twinwright_model::Mode;

/// A driver of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverPlan {
    pub name: String,
    pub unit: String,
    /// Where its value stands.
    pub slot: u16,
    pub source: Source,
    /// Smoothing: the state's slot and the part of the way gone in a tick.
    pub lag: Option<Lag>,
    /// In live mode its value is a channel: `{ feed = ... }`.
    pub is_fed: bool,
}

/// A first-order lag of a driver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    pub slot: u16,
    pub alpha: f64,
}

/// Where the value comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// Held in a slot of its own: a constant, a draw of this machine, or the last word of a feed.
    Held {
        slot: u16,
    },
    Duty {
        duty: usize,
        column: usize,
    },
    Swing {
        mean: Operand,
        swing: Operand,
        period: f64,
        phase: f64,
    },
    /// A random walk: its state's slot; `rho` and `push` are exact for the tick. The first value is drawn from the
    /// stationary distribution.
    Walk {
        slot: u16,
        mean: Operand,
        sd: Operand,
        rho: f64,
        push: f64,
        walk: u8,
        purpose: Purpose,
    },
    /// A push of the model's tape.
    Tape {
        push: usize,
    },
}

/// A number that is the same for all machines of a model, or one of the machine's slots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operand {
    Number(f64),
    Slot(u16),
}

impl Operand {
    #[inline]
    pub fn of(self, slots: &[f64]) -> f64 {
        match self {
            Operand::Number(number) => number,
            Operand::Slot(slot) => slots[slot as usize],
        }
    }
}

/// A duty cycle in nanoseconds from the start.
#[derive(Debug, Clone, PartialEq)]
pub struct DutyPlan {
    pub name: String,
    /// End of each phase within the cycle.
    pub ends: Vec<i64>,
    pub modes: Vec<Mode>,
    /// Names of columns, and `values[column][phase]`.
    pub columns: Vec<String>,
    pub values: Vec<Vec<f64>>,
}

impl DutyPlan {
    /// The phase that holds at `nanos` after the start.
    pub fn phase_at(&self, nanos: i64) -> usize {
        let within = nanos.rem_euclid(self.cycle());
        self.ends.partition_point(|&end| end <= within).min(self.ends.len() - 1)
    }

    /// When the phase that holds at `nanos` ends.
    pub fn phase_end(&self, nanos: i64) -> i64 {
        let within = nanos.rem_euclid(self.cycle());
        nanos - within + self.ends[self.phase_at(nanos)]
    }

    fn cycle(&self) -> i64 {
        self.ends.last().copied().unwrap_or(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duty_cycle_begins_again_at_its_end() {
        let duty = DutyPlan {
            name: "shift".into(),
            ends: vec![16, 24],
            modes: vec![Mode::Running, Mode::Idle],
            columns: vec!["load".into()],
            values: vec![vec![0.85, 0.1]],
        };
        let phases: Vec<usize> = [0, 15, 16, 23, 24, 40].map(|nanos| duty.phase_at(nanos)).to_vec();
        assert_eq!(phases, [0, 0, 1, 1, 0, 1]);
        assert_eq!((duty.phase_end(0), duty.phase_end(16), duty.phase_end(25)), (16, 24, 40));
    }
}
