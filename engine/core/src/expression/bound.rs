//! An expression whose names have become numbers and slots: what the engine keeps after compiling a file.
//!
//! A plain tree without spans or names, evaluated as it stands and in this order, never rearranged. It is bound once
//! per kind; where speed counts it is split into gains or written into a tape.

use super::arithmetic::{Binary, Unary, choose, raise_number};
use std::collections::BTreeSet;
use std::fmt;

/// A bound expression. Two are equal when they are the same tree with the same bits.
#[derive(Debug, Clone)]
pub enum Bound {
    Number(f64),
    Slot(u16),
    Unary(Unary, Box<Bound>),
    /// To the power of that many halves, from -16 to 16, never 0 or 2.
    Halves(Box<Bound>, i8),
    Binary(Binary, Box<[Bound; 2]>),
    /// Condition, then, otherwise; both sides are evaluated and one is taken.
    If(Box<[Bound; 3]>),
}

impl Bound {
    pub(super) fn binary(operation: Binary, a: Bound, b: Bound) -> Self {
        Self::Binary(operation, Box::new([a, b]))
    }

    /// The value at these slots, which must be as many as [`Bound::slots`] names.
    pub fn eval(&self, slots: &[f64]) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Slot(slot) => slots[usize::from(*slot)],
            Self::Unary(operation, x) => operation.apply(x.eval(slots)),
            Self::Halves(x, halves) => raise_number(x.eval(slots), *halves),
            Self::Binary(operation, sides) => operation.apply(sides[0].eval(slots), sides[1].eval(slots)),
            Self::If(parts) => choose(parts[0].eval(slots), parts[1].eval(slots), parts[2].eval(slots)),
        }
    }

    /// Every slot that it reads.
    pub fn slots(&self) -> BTreeSet<u16> {
        let mut found = BTreeSet::new();
        self.gather_slots(&mut found);
        found
    }

    fn gather_slots(&self, found: &mut BTreeSet<u16>) {
        if let Self::Slot(slot) = self {
            found.insert(*slot);
        }
        self.parts().iter().for_each(|part| part.gather_slots(found));
    }

    /// Its number, when it reads no slot.
    pub fn as_constant(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// What it is made of, in the order of evaluation.
    fn parts(&self) -> &[Bound] {
        match self {
            Self::Number(_) | Self::Slot(_) => &[],
            Self::Unary(_, x) | Self::Halves(x, _) => std::slice::from_ref(x),
            Self::Binary(_, sides) => sides.as_slice(),
            Self::If(parts) => parts.as_slice(),
        }
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        let same_head = match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.to_bits() == b.to_bits(),
            (Self::Slot(a), Self::Slot(b)) => a == b,
            (Self::Unary(a, _), Self::Unary(b, _)) => a == b,
            (Self::Halves(_, a), Self::Halves(_, b)) => a == b,
            (Self::Binary(a, _), Self::Binary(b, _)) => a == b,
            (Self::If(_), Self::If(_)) => true,
            _ => false,
        };
        same_head && self.parts() == other.parts()
    }
}

impl Eq for Bound {}

/// Written as an expression again, slots as `s0`, `s1`: parsing it gives the same tree.
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) if number.is_sign_negative() => write!(f, "({number:?})"),
            Self::Number(number) => write!(f, "{number:?}"),
            Self::Slot(slot) => write!(f, "s{slot}"),
            Self::Unary(operation, x) => match operation {
                Unary::Negate => write!(f, "(-{x})"),
                Unary::Not => write!(f, "(not {x})"),
                Unary::Abs => write!(f, "abs({x})"),
                Unary::Sqrt => write!(f, "sqrt({x})"),
                Unary::Exp => write!(f, "exp({x})"),
                Unary::Ln => write!(f, "ln({x})"),
                Unary::Sin => write!(f, "sin({x})"),
            },
            Self::Halves(x, halves) => write!(f, "({x}^{})", f64::from(*halves) / 2.0),
            Self::Binary(operation @ (Binary::Min | Binary::Max), sides) => {
                write!(f, "{}({}, {})", operation.symbol(), sides[0], sides[1])
            }
            Self::Binary(operation, sides) => write!(f, "({} {} {})", sides[0], operation.symbol(), sides[1]),
            Self::If(parts) => write!(f, "if({}, {}, {})", parts[0], parts[1], parts[2]),
        }
    }
}
