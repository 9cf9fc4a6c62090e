//! Every operation that an expression can do to numbers, defined once.
//!
//! The tree's `eval`, constant folding and the tape's lanes all call these same functions, which is why they agree bit
//! for bit. All are `inline(always)`, so that a caller compiled for wider vectors gets them at that width. None may
//! branch on data in a way that stops vectorisation, except the four that go through libm lane by lane.

/// An operation on one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unary {
    Negate,
    Not,
    Abs,
    Sqrt,
    Exp,
    Ln,
    Sin,
}

/// An operation on two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
    Min,
    Max,
}

impl Unary {
    #[inline(always)]
    pub fn apply(self, x: f64) -> f64 {
        match self {
            Self::Negate => -x,
            Self::Not => truth(x == 0.0),
            Self::Abs => x.abs(),
            // The one root that IEEE 754 rounds exactly, the same on every platform.
            Self::Sqrt => x.sqrt(),
            Self::Exp => libm::exp(x),
            Self::Ln => libm::log(x),
            Self::Sin => libm::sin(x),
        }
    }
}

impl Binary {
    #[inline(always)]
    pub fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
            Self::Power => libm::pow(a, b),
            Self::Less => truth(a < b),
            Self::LessEqual => truth(a <= b),
            Self::Greater => truth(a > b),
            Self::GreaterEqual => truth(a >= b),
            Self::Equal => truth(a == b),
            Self::NotEqual => truth(a != b),
            Self::And => truth((a != 0.0) & (b != 0.0)),
            Self::Or => truth((a != 0.0) | (b != 0.0)),
            // Not f64::min: which zero that returns is the platform's choice, and it would hide a NaN.
            Self::Min => select((a < b) | a.is_nan(), a, b),
            Self::Max => select((a > b) | a.is_nan(), a, b),
        }
    }

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Power => "^",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::And => "and",
            Self::Or => "or",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// Anything but zero counts as true, NaN too.
#[inline(always)]
pub(super) fn choose(condition: f64, then: f64, otherwise: f64) -> f64 {
    select(condition != 0.0, then, otherwise)
}

#[inline(always)]
fn truth(condition: bool) -> f64 {
    select(condition, 1.0, 0.0)
}

#[inline(always)]
fn select(condition: bool, then: f64, otherwise: f64) -> f64 {
    if condition { then } else { otherwise }
}

/// One step in raising to a power that is a multiple of a half.
#[derive(Debug, Clone, Copy)]
pub(super) enum PowerStep<T> {
    Multiply(T, T),
    Root(T),
    Invert(T),
}

/// `x` to the power `halves / 2` by squaring, a root and an inversion: far faster than `pow`, and the order of the
/// steps is fixed here for all who evaluate. `halves` is not 0.
#[inline(always)]
pub(super) fn raise<T: Copy>(x: T, halves: i8, mut step: impl FnMut(PowerStep<T>) -> T) -> T {
    let mut rest = halves.unsigned_abs() / 2;
    let mut square = x;
    let mut product = None;
    while rest > 0 {
        if rest % 2 == 1 {
            product = Some(product.map_or(square, |p| step(PowerStep::Multiply(p, square))));
        }
        rest /= 2;
        if rest > 0 {
            square = step(PowerStep::Multiply(square, square));
        }
    }
    if halves % 2 != 0 {
        let root = step(PowerStep::Root(x));
        product = Some(product.map_or(root, |p| step(PowerStep::Multiply(p, root))));
    }
    let power = product.unwrap_or(x);
    if halves < 0 { step(PowerStep::Invert(power)) } else { power }
}

/// [`raise`] for a number.
pub(super) fn raise_number(x: f64, halves: i8) -> f64 {
    raise(x, halves, |step| match step {
        PowerStep::Multiply(a, b) => Binary::Multiply.apply(a, b),
        PowerStep::Root(a) => Unary::Sqrt.apply(a),
        PowerStep::Invert(a) => Binary::Divide.apply(1.0, a),
    })
}

/// The exponent in halves where [`raise`] serves for it: up to 8 either way, in steps of a half.
pub(super) fn halves(exponent: f64) -> Option<i8> {
    let doubled = exponent * 2.0;
    (doubled.abs() <= 16.0 && doubled.fract() == 0.0).then_some(doubled as i8)
}
