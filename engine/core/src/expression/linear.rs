//! Splits an expression into what is linear in its slots and what is not.
//!
//! The gains are what the kernel multiplies and what diagnosis reads as signatures. Constants move, so the result
//! differs from `eval` by rounding (1e-12 of the largest term); a constant that would overflow or vanish on the way
//! stays where it is. Nothing is expanded: a product of two sums is one term.

use super::arithmetic::{Binary, Unary};
use super::bound::Bound;

/// `base + sum of gain * slot + sum of gain * derived`, each in the order of first appearance.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Linear {
    pub base: f64,
    pub gains: Vec<(u16, f64)>,
    /// Terms that are not linear, without their constant factor.
    pub derived: Vec<(Bound, f64)>,
}

/// Splits `bound`; equal slots and equal derived terms are merged.
pub fn split(bound: &Bound) -> Linear {
    let mut linear = Linear::default();
    linear.add(bound, 1.0);
    linear
}

impl Linear {
    /// The value at these slots.
    pub fn eval(&self, slots: &[f64]) -> f64 {
        let gains = self.gains.iter().map(|(slot, gain)| gain * slots[usize::from(*slot)]);
        let derived = self.derived.iter().map(|(term, gain)| gain * term.eval(slots));
        gains.chain(derived).fold(self.base, |sum, term| sum + term)
    }

    fn add(&mut self, bound: &Bound, factor: f64) {
        match bound {
            Bound::Number(number) => self.base += factor * number,
            Bound::Slot(slot) => self.add_gain(*slot, factor),
            Bound::Unary(Unary::Negate, x) => self.add(x, -factor),
            Bound::Binary(operation, sides) => self.add_binary(*operation, &sides[0], &sides[1], factor, bound),
            _ => self.add_derived(bound, factor),
        }
    }

    fn add_binary(&mut self, operation: Binary, a: &Bound, b: &Bound, factor: f64, whole: &Bound) {
        match operation {
            Binary::Add => {
                self.add(a, factor);
                self.add(b, factor);
            }
            Binary::Subtract => {
                self.add(a, factor);
                self.add(b, -factor);
            }
            Binary::Multiply => match (a, b) {
                (Bound::Number(number), x) | (x, Bound::Number(number))
                    if let Some(factor) = times(factor, *number) =>
                {
                    self.add(x, factor);
                }
                _ => self.add_derived(whole, factor),
            },
            Binary::Divide => match b {
                Bound::Number(number) if let Some(factor) = over(factor, *number) => self.add(a, factor),
                _ => self.add_derived(whole, factor),
            },
            _ => self.add_derived(whole, factor),
        }
    }

    fn add_gain(&mut self, slot: u16, gain: f64) {
        match self.gains.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, sum)) => *sum += gain,
            None => self.gains.push((slot, gain)),
        }
    }

    fn add_derived(&mut self, bound: &Bound, factor: f64) {
        let (inner, term) = without_factor(bound);
        let (gain, term) = match times(factor, inner) {
            Some(gain) => (gain, term),
            None => (factor, bound.clone()),
        };
        match self.derived.iter_mut().find(|(known, _)| *known == term) {
            Some((_, sum)) => *sum += gain,
            None => self.derived.push((term, gain)),
        }
    }
}

/// Pulls the constant factor out of products, quotients and signs: `2*load*fouling` is 2 and `load*fouling`.
fn without_factor(bound: &Bound) -> (f64, Bound) {
    match bound {
        Bound::Number(number) if *number != 0.0 => (*number, Bound::Number(1.0)),
        Bound::Unary(Unary::Negate, x) => {
            let (factor, x) = without_factor(x);
            (-factor, x)
        }
        Bound::Binary(operation @ (Binary::Multiply | Binary::Divide), sides) => {
            let ((left, a), (right, b)) = (without_factor(&sides[0]), without_factor(&sides[1]));
            let factor = if *operation == Binary::Multiply { times(left, right) } else { over(left, right) };
            match factor {
                Some(factor) => (factor, simplified(*operation, a, b)),
                None => (1.0, bound.clone()),
            }
        }
        _ => (1.0, bound.clone()),
    }
}

/// Leaves out a 1 that is multiplied with, or divided by.
fn simplified(operation: Binary, a: Bound, b: Bound) -> Bound {
    let one = Some(1.0);
    match operation {
        _ if b.as_constant() == one => a,
        Binary::Multiply if a.as_constant() == one => b,
        _ => Bound::binary(operation, a, b),
    }
}

fn times(factor: f64, number: f64) -> Option<f64> {
    kept(factor * number, factor == 0.0 || number == 0.0)
}

fn over(factor: f64, number: f64) -> Option<f64> {
    kept(factor / number, factor == 0.0)
}

/// A factor that has neither overflowed nor lost bits.
fn kept(factor: f64, exactly_zero: bool) -> Option<f64> {
    (factor.is_normal() || exactly_zero && factor == 0.0).then_some(factor)
}
