//! What expressions promise. Everything random here comes from a fixed seed, so that a failure repeats.

mod binding;
mod fuzz;
mod parsing;
mod splitting;
mod taping;

use super::{Bound, ExprFault, Meaning, Names, parse};
use std::ops::Range;

/// Names of slots 0.. in these tests; `half` is the number 0.5 and `none` the number 0.
const SLOTS: [&str; 6] = ["load", "ambient", "bearing", "heat", "running", "fouling"];

fn resolve(name: &str) -> Option<Meaning> {
    match name {
        "half" => Some(Meaning::Number(0.5)),
        "none" => Some(Meaning::Number(0.0)),
        _ => SLOTS.iter().position(|slot| *slot == name).map(|slot| Meaning::Slot(slot as u16)),
    }
}

fn try_bind(text: &str) -> Result<Bound, Vec<ExprFault>> {
    parse(text, Names::Plain)?.bind(&mut resolve, &SLOTS)
}

fn bind(text: &str) -> Bound {
    try_bind(text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"))
}

/// Faults as `code text-at-the-span`, for short expectations.
fn faults(text: &str, names: Names) -> Vec<String> {
    let found = match parse(text, names) {
        Ok(expr) => expr.bind(&mut resolve, &SLOTS).err().unwrap_or_default(),
        Err(found) => found,
    };
    found.iter().map(|fault| format!("{} {}", fault.code, &text[fault.span.clone()])).collect()
}

/// Xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled").
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, range: Range<usize>) -> usize {
        range.start + ((self.next() >> 33) as usize) % (range.end - range.start)
    }

    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(0..items.len())]
    }

    /// Between -1 and 3, now and then exactly a small whole number.
    fn number(&mut self) -> f64 {
        match self.below(0..5) {
            0 => self.below(0..4) as f64 - 1.0,
            _ => (self.next() >> 11) as f64 / (1_u64 << 53) as f64 * 4.0 - 1.0,
        }
    }
}

/// The text of a random expression over [`SLOTS`], about `depth` deep.
fn random_text(dice: &mut Dice, depth: usize) -> String {
    let leaf = depth == 0 || dice.below(0..8) == 0;
    if leaf {
        return match dice.below(0..3) {
            0 => format!("{:.3}", dice.number().abs() + 0.001),
            _ => dice.pick(&SLOTS).to_owned(),
        };
    }
    let mut part = || random_text(dice, depth - 1);
    let (a, b, c) = (part(), part(), part());
    match dice.below(0..14) {
        0..=5 => format!("({a} {} {b})", dice.pick(&["+", "-", "*", "/", "<", ">=", "==", "and", "or"])),
        6 => format!("-{a}"),
        7 => format!("(not {a})"),
        8 => format!("{}({a}, {b})", dice.pick(&["min", "max"])),
        9 => format!("if({a}, {b}, {c})"),
        10 => format!("clamp({a}, -1, {b})"),
        11 => format!("{}({a})", dice.pick(&["abs", "exp", "sin", "sqrt", "ln"])),
        12 => format!("({a})^{}", dice.pick(&["2", "3", "-1", "0.5", "1.5", "-2.5", "8", "0.3"])),
        _ => format!("({a})^({b})"),
    }
}
