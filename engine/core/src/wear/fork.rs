//! A wear that goes on under other dice, or with another life, from where it stands.

use super::{Law, WearPlan, WearState};
use crate::dice::{Dice, Purpose};

impl WearState {
    /// The same wear with the life of another one from this tick on.
    pub fn with_life_of(&self, other: &WearState, tick: u32, tick_nanos: f64) -> WearState {
        let mut wear = self.clone();
        if other.life != self.life {
            wear.anchor_s = self.s_at(tick, tick_nanos);
            wear.anchor = tick;
            wear.life = other.life;
        }
        wear
    }

    /// Whether it can be the state of a machine at this tick.
    pub fn is_at(&self, tick: u32) -> bool {
        self.anchor.max(self.renewed).max(self.restored_after) <= tick && self.life > 0.0
    }

    /// From this tick on another future's luck holds. What was drawn ahead and has not shown is drawn again, given that
    /// it has not come yet; gridded paths draw their next node by their dice anyway.
    pub fn part_ways(&mut self, plan: &WearPlan, dice: &Dice, tick: u32, tick_nanos: f64) {
        let s = self.s_at(tick, tick_nanos);
        let purpose = Purpose::named(&format!("fork.wear.{}", plan.name));
        let mut luck = dice.stream(purpose, u64::from(self.renewal));
        match plan.law {
            Law::Weibull { shape } if self.now < 1.0 => {
                // From its base it fails after `room` of its hidden life: that this lies ahead says how long it is at least.
                let room = self.piece.room();
                let life = longer_weibull(shape, s / room, luck.exponential(1.0));
                self.piece.aim(s, self.now, life * room);
            }
            Law::Shock { rate, .. } => self.piece.wait_until(s + luck.exponential(1.0 / rate)),
            _ => {}
        }
    }
}

/// A Weibull life of mean 1, given that it is longer than `age`: P(T > t | T > age) = exp((age/scale)^k - (t/scale)^k)
/// set equal to e^-`hazard`, in logarithms so that no power overflows.
fn longer_weibull(shape: f64, age: f64, hazard: f64) -> f64 {
    let log_scale = -libm::lgamma(1.0 + 1.0 / shape);
    let log_hazard = libm::log(hazard);
    if age <= 0.0 {
        return libm::exp(log_scale + log_hazard / shape);
    }
    let log_age = libm::log(age);
    let more = log_hazard + shape * (log_scale - log_age);
    // ln(1 + e^more)
    let grown = if more > 30.0 { more } else { libm::log1p(libm::exp(more)) };
    libm::exp(log_age + grown / shape)
}

#[cfg(test)]
mod tests {
    use super::longer_weibull;

    #[test]
    fn a_longer_life_uses_up_the_hazard_that_it_was_given() {
        for shape in [0.7, 1.0, 2.5, 8.0] {
            let scale = libm::exp(-libm::lgamma(1.0 + 1.0 / shape));
            for age in [0.0, 0.1, 0.9, 2.0] {
                for hazard in [1e-6, 0.3, 1.0, 12.0] {
                    let life = longer_weibull(shape, age, hazard);
                    let used = libm::pow(life / scale, shape) - libm::pow(age / scale, shape);
                    assert!((used / hazard - 1.0).abs() < 1e-6, "{shape} {age} {hazard}: {used}");
                }
            }
        }
    }
}
