//! Lives of units: rows by cycle, settings and sensors side by side, a missing cell as NaN.
//!
//! What is taken in is sorted and made sound here, once; later code may rely on ascending cycles and on numbers that
//! are finite or NaN. A unit is never guessed.

use std::fmt;

/// A number beyond this is no reading: squares of it must stay finite.
const LARGEST: f64 = 1e100;

/// One unit from its first row to its last.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    pub unit: String,
    pub cycles: Vec<f64>,
    /// Row by row, one number for each setting.
    pub settings: Vec<f64>,
    /// Row by row, one number for each sensor.
    pub sensors: Vec<f64>,
}

/// All units of a table, with the names of its columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Lives {
    pub settings: Vec<String>,
    pub sensors: Vec<String>,
    pub lives: Vec<Life>,
}

/// Why lives cannot be used.
#[derive(Debug, Clone, PartialEq)]
pub enum LivesError {
    /// The same cycle of a unit stands twice.
    TwiceTheSame { unit: String, cycle: f64 },
    /// There is not enough to learn from.
    TooFew { what: &'static str, found: usize, needed: usize },
    /// No sensor changes.
    NothingMoves,
}

impl fmt::Display for LivesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LivesError::TwiceTheSame { unit, cycle } => write!(f, "cycle {cycle} of unit `{unit}` stands twice"),
            LivesError::TooFew { what, found, needed } => {
                write!(f, "there are {found} {what}; expected at least {needed} to learn from")
            }
            LivesError::NothingMoves => write!(f, "no sensor ever changes: there is nothing to learn from"),
        }
    }
}

impl Life {
    pub fn new(unit: String) -> Life {
        Life { unit, cycles: Vec::new(), settings: Vec::new(), sensors: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.cycles.len()
    }

    pub fn is_empty(&self) -> bool {
        self.cycles.is_empty()
    }

    pub fn last_cycle(&self) -> f64 {
        self.cycles.last().copied().unwrap_or(0.0)
    }

    pub fn settings_at(&self, row: usize, width: usize) -> &[f64] {
        &self.settings[row * width..(row + 1) * width]
    }

    pub fn sensors_at(&self, row: usize, width: usize) -> &[f64] {
        &self.sensors[row * width..(row + 1) * width]
    }

    /// Sorts by cycle and makes every cell a finite number or NaN.
    fn settle(&mut self, settings: usize, sensors: usize) -> Result<(), LivesError> {
        if !self.cycles.is_sorted() {
            let mut order: Vec<usize> = (0..self.len()).collect();
            order.sort_by(|&a, &b| self.cycles[a].total_cmp(&self.cycles[b]));
            self.settings = order.iter().flat_map(|&row| self.settings_at(row, settings).to_vec()).collect();
            self.sensors = order.iter().flat_map(|&row| self.sensors_at(row, sensors).to_vec()).collect();
            self.cycles.sort_by(f64::total_cmp);
        }
        if let Some(pair) = self.cycles.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(LivesError::TwiceTheSame { unit: self.unit.clone(), cycle: pair[0] });
        }
        for cell in self.settings.iter_mut().chain(&mut self.sensors).filter(|cell| cell.abs() > LARGEST) {
            *cell = f64::NAN;
        }
        Ok(())
    }
}

impl Lives {
    /// Brings every unit into order; to be called once after all rows are in.
    pub fn settle(&mut self) -> Result<(), LivesError> {
        let (settings, sensors) = (self.settings.len(), self.sensors.len());
        self.lives.iter_mut().try_for_each(|life| life.settle(settings, sensors))
    }

    pub fn rows(&self) -> usize {
        self.lives.iter().map(Life::len).sum()
    }
}
