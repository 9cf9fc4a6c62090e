//! Goes through a machine's rows and its faults together, and says at each row what began, ended and holds.
//!
//! A fault holds from its start to before its end. One that lies between two rows shows in none of them.

use twinwright_model::{Label, Time};

#[derive(Debug)]
pub(super) struct Sweep<'a> {
    /// By their start.
    ahead: std::slice::Iter<'a, &'a Label>,
    next: Option<&'a Label>,
    active: Vec<Option<Time>>,
}

/// What changes with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// At least one fault holds in this row for the first time.
    pub(super) began: bool,
    /// At least one fault holds no more.
    pub(super) ended: bool,
    /// Of the faults of the row before, at least one still holds.
    pub(super) goes_on: bool,
}

impl Step {
    pub(super) fn is_faulty(self) -> bool {
        self.began || self.goes_on
    }
}

impl<'a> Sweep<'a> {
    pub(super) fn new(faults: &'a [&'a Label]) -> Sweep<'a> {
        let mut ahead = faults.iter();
        let next = ahead.next().copied();
        Sweep { ahead, next, active: Vec::new() }
    }

    /// The next row; times must not fall.
    pub(super) fn step(&mut self, time: Time) -> Step {
        let held = self.active.len();
        self.active.retain(|end| end.is_none_or(|end| end > time));
        let left = self.active.len();
        while let Some(label) = self.next.filter(|label| label.start <= time) {
            if label.end.is_none_or(|end| end > time) {
                self.active.push(label.end);
            }
            self.next = self.ahead.next().copied();
        }
        Step { began: self.active.len() > left, ended: left < held, goes_on: left > 0 }
    }
}
