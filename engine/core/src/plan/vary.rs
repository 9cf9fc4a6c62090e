//! What varies from future to future: numbers that are drawn once a future, the same for all machines and variants.

use super::Model;
use crate::dice::{Dice, Purpose};
use crate::files::numbers::Draw;

/// A number of a model that is drawn once a future.
#[derive(Debug, Clone, PartialEq)]
pub struct Varied {
    pub what: What,
    pub draw: Draw,
    /// By the path alone, so that all models and variants draw the same number.
    pub purpose: Purpose,
}

/// Which number of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Slot(u16),
    /// Of a wear, by its place.
    Life(u8),
    StartsAt(u8),
}

/// The luck of what varies in a future: no machine's.
pub fn luck(seed: u64, future: u32) -> Dice {
    Dice::of(seed, u64::from(future), "")
}

impl Varied {
    pub fn value(&self, luck: &Dice) -> f64 {
        luck.stream(self.purpose, 0).draw(&self.draw)
    }
}

impl Model {
    /// A number of a wear, when it varies.
    pub fn varied(&self, what: What, luck: &Dice) -> Option<f64> {
        self.varied.iter().find(|varied| varied.what == what).map(|varied| varied.value(luck))
    }

    /// Lets a path vary that was compiled with its distribution: a slot or a wear's number that would be drawn once a machine.
    pub(super) fn let_vary(&mut self, path: &str) {
        let purpose = Purpose::named(&format!("vary.{path}"));
        if let Some(place) = self.drawn.iter().position(|(_, name, _)| name == path) {
            let (slot, _, draw) = self.drawn.remove(place);
            self.varied.push(Varied { what: What::Slot(slot), draw, purpose });
        }
        for (index, wear) in self.wears.iter().enumerate() {
            let numbers = [
                ("life", What::Life(index as u8), &wear.life),
                ("starts_at", What::StartsAt(index as u8), &wear.starts_at),
            ];
            for (key, what, draw) in numbers {
                if path.strip_prefix("wear.").and_then(|rest| rest.strip_suffix(key))
                    == Some(&format!("{}.", wear.name))
                {
                    self.varied.push(Varied { what, draw: draw.clone(), purpose });
                }
            }
        }
    }
}
