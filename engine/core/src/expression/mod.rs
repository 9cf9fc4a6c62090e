//! The arithmetic that people write into machine and scenario files: `"ambient + 28*heat + 35*bearing^1.5"`.
//!
//! A text is parsed into an [`Expr`] that remembers where everything stood, bound to numbers and slots as a
//! [`Bound`], and from there either split into gains ([`linear`]) or written into a [`Tape`] that advances many
//! machines at once. All three evaluate with the same few operations of `arithmetic.rs`, so they agree bit for bit.
//!
//! It must never panic or overflow the stack on any text, never stop at the first fault when it can name more, and
//! never use a function whose bits depend on the platform: no std exp, ln, sin, pow and no fused multiply-add.
//! (Only which NaN a NaN is may differ, as hardware is free there.)

mod arithmetic;
mod bind;
mod bound;
mod fault;
mod functions;
mod lexer;
pub mod linear;
mod parser;
mod tape;
#[cfg(test)]
mod tests;
mod tree;

pub use arithmetic::{Binary, Unary};
pub use bind::Meaning;
pub use bound::Bound;
pub use fault::ExprFault;
pub use linear::Linear;
pub use parser::parse;
pub use tape::Tape;
pub use tree::Expr;

/// Longest text, in bytes.
pub const MAX_TEXT: usize = 4096;
/// Deepest nesting of parentheses, calls, signs and powers.
pub const MAX_NESTING: usize = 64;
/// Most numbers, names, operators and calls in one expression.
pub const MAX_NODES: usize = 1000;
/// Faults reported for one expression; more would bury the first.
pub const MAX_FAULTS: usize = 20;

/// Which names an expression may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Letters, digits and underscores: machine files, where a minus is always a minus.
    Plain,
    /// Also `vibration.high` as one name: a limit of a sensor, in conditions about each machine of its kind.
    Dotted,
    /// Also `P-101.vibration` and `availability(P-101)` as one name each: conditions and measures of scenarios.
    /// After the start of such a name a hyphen belongs to it, so `a - P-1.x` needs its spaces and `5-P-1.x` does not.
    Qualified,
}
