//! The inner loops of a tape: one operation, N machines.
//!
//! Everything is `inline(always)` and every operation has a loop of its own, so that a caller inside a vector dispatch
//! gets each loop at the width of its CPU; there are no closures, since the compiler may leave those outside. No loop
//! may look at lane values to decide what to do next, or at an operation: that is decided once, before it.

use super::super::arithmetic::{Binary, Unary, choose};
use super::placing::{Act, Placing};

/// Runs the operations in order. Operands are copied out first: an operation may write into a column that it reads.
#[inline(always)]
pub(super) fn run<const N: usize>(operations: &[Placing], columns: &mut [[f64; N]]) {
    for placing in operations {
        let out = placing.out as usize;
        match placing.act {
            Act::Fill(number) => columns[out] = [number; N],
            Act::Copy(from) => columns[out] = columns[from as usize],
            Act::Unary(operation, x) => unary(operation, Lanes(columns[x as usize]), &mut columns[out]),
            Act::Columns(operation, a, b) => {
                let (a, b) = (Lanes(columns[a as usize]), Lanes(columns[b as usize]));
                binary(operation, a, b, &mut columns[out]);
            }
            Act::NumberRight(operation, a, b) => {
                binary(operation, Lanes(columns[a as usize]), Same(b), &mut columns[out]);
            }
            Act::NumberLeft(operation, a, b) => {
                binary(operation, Same(a), Lanes(columns[b as usize]), &mut columns[out]);
            }
            Act::Choose(condition, a, b) => {
                let (a, b) = (Lanes(columns[a as usize]), Lanes(columns[b as usize]));
                choose_each(Lanes(columns[condition as usize]), a, b, &mut columns[out]);
            }
            Act::ChooseNumberRight(condition, a, b) => {
                let (condition, a) = (Lanes(columns[condition as usize]), Lanes(columns[a as usize]));
                choose_each(condition, a, Same(b), &mut columns[out]);
            }
            Act::ChooseNumberLeft(condition, a, b) => {
                let (condition, b) = (Lanes(columns[condition as usize]), Lanes(columns[b as usize]));
                choose_each(condition, Same(a), b, &mut columns[out]);
            }
            Act::ChooseNumbers(condition, a, b) => {
                choose_each(Lanes(columns[condition as usize]), Same(a), Same(b), &mut columns[out]);
            }
        }
    }
}

/// An operand: a column, or one number for all lanes.
trait Read: Copy {
    fn lane(&self, lane: usize) -> f64;
}

#[derive(Clone, Copy)]
struct Lanes<const N: usize>([f64; N]);

#[derive(Clone, Copy)]
struct Same(f64);

impl<const N: usize> Read for Lanes<N> {
    #[inline(always)]
    fn lane(&self, lane: usize) -> f64 {
        self.0[lane]
    }
}

impl Read for Same {
    #[inline(always)]
    fn lane(&self, _: usize) -> f64 {
        self.0
    }
}

#[inline(always)]
fn choose_each<const N: usize>(condition: Lanes<N>, a: impl Read, b: impl Read, out: &mut [f64; N]) {
    for (lane, out) in out.iter_mut().enumerate() {
        *out = choose(condition.lane(lane), a.lane(lane), b.lane(lane));
    }
}

/// Writes a loop for every operation that is listed, with the operation known inside.
macro_rules! loop_for_each {
    ($operation:expr, $kind:ident [$($name:ident)*], |$known:ident, $lane:ident| $todo:expr, else $other:expr) => {
        match $operation {
            $($kind::$name => {
                let $known = $kind::$name;
                for $lane in 0..N {
                    $todo;
                }
            })*
            _ => $other,
        }
    };
}

#[inline(always)]
fn unary<const N: usize>(operation: Unary, x: Lanes<N>, out: &mut [f64; N]) {
    loop_for_each!(
        operation,
        Unary [Negate Not Abs Sqrt],
        |known, lane| out[lane] = known.apply(x.lane(lane)),
        else unary_alone(operation, x, out)
    );
}

#[inline(always)]
fn binary<const N: usize>(operation: Binary, a: impl Read, b: impl Read, out: &mut [f64; N]) {
    loop_for_each!(
        operation,
        Binary [Add Subtract Multiply Divide Less LessEqual Greater GreaterEqual Equal NotEqual And Or Min Max],
        |known, lane| out[lane] = known.apply(a.lane(lane), b.lane(lane)),
        else power_alone(a, b, out)
    );
}

/// What libm computes, one number at a time: kept out of the caller's wide code, where going to and fro between
/// vectors and calls costs half as much again as the functions do.
#[inline(never)]
fn unary_alone<const N: usize>(operation: Unary, x: Lanes<N>, out: &mut [f64; N]) {
    loop_for_each!(
        operation,
        Unary [Exp Ln Sin],
        |known, lane| out[lane] = known.apply(x.lane(lane)),
        else (0..N).for_each(|lane| out[lane] = operation.apply(x.lane(lane)))
    );
}

/// The same for powers, the only such operation on two numbers.
#[inline(never)]
fn power_alone<const N: usize>(a: impl Read, b: impl Read, out: &mut [f64; N]) {
    for (lane, out) in out.iter_mut().enumerate() {
        *out = Binary::Power.apply(a.lane(lane), b.lane(lane));
    }
}
