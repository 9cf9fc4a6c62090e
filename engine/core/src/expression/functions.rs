//! The names of the built-in functions and how many arguments each takes.
//!
//! What they compute is in `arithmetic.rs`; here is only what a reader of a machine file sees.

use super::fault::nearest;

/// A built-in function of expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Min,
    Max,
    Abs,
    Exp,
    Ln,
    Sqrt,
    Sin,
    Clamp,
    If,
}

impl Function {
    const ALL: [Self; 9] =
        [Self::Min, Self::Max, Self::Abs, Self::Exp, Self::Ln, Self::Sqrt, Self::Sin, Self::Clamp, Self::If];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// All of them, for messages.
    pub(super) fn list() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// The one that was probably meant; the natural logarithm has other names elsewhere.
    pub(super) fn nearest(name: &str) -> Option<String> {
        if matches!(name, "log" | "loge") {
            return Some(Self::Ln.name().to_owned());
        }
        nearest(name, Self::ALL.map(Self::name))
    }

    pub(super) fn name(self) -> &'static str {
        self.usage().split('(').next().unwrap_or_default()
    }

    /// How it is written, for messages.
    pub(super) fn usage(self) -> &'static str {
        match self {
            Self::Min => "min(a, b, ...)",
            Self::Max => "max(a, b, ...)",
            Self::Abs => "abs(x)",
            Self::Exp => "exp(x)",
            Self::Ln => "ln(x)",
            Self::Sqrt => "sqrt(x)",
            Self::Sin => "sin(x)",
            Self::Clamp => "clamp(x, lowest, highest)",
            Self::If => "if(condition, then, otherwise)",
        }
    }

    /// Whether it takes this many arguments.
    pub(super) fn takes(self, count: usize) -> bool {
        match self {
            Self::Min | Self::Max => count >= 2,
            Self::Abs | Self::Exp | Self::Ln | Self::Sqrt | Self::Sin => count == 1,
            Self::Clamp | Self::If => count == 3,
        }
    }

    pub(super) fn arguments(self) -> &'static str {
        match self {
            Self::Min | Self::Max => "two arguments or more",
            Self::Abs | Self::Exp | Self::Ln | Self::Sqrt | Self::Sin => "one argument",
            Self::Clamp | Self::If => "three arguments",
        }
    }
}
