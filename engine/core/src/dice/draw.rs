//! Draws from named distributions, for what happens now and then: repairs, renewals, faults, wear increments,
//! parameters.
//!
//! A [`Stream`] reads the words of one occurrence in order. It is made where it is needed and dropped at once; it is
//! never stored. All in f64 through libm, so that a draw has the same bits everywhere; noise, drawn billions of times,
//! has its own kernel beside this file. Arguments are checked where files are compiled: nonsense here gives NaN, never
//! a hang or a panic.

use std::f64::consts::TAU;

use super::{Dice, Purpose};

/// The random words of one occurrence, in order.
#[derive(Clone, Debug)]
pub struct Stream {
    dice: Dice,
    purpose: Purpose,
    next_index: u64,
    words: [u32; 4],
    unused: usize,
}

impl Stream {
    pub(super) fn new(dice: Dice, purpose: Purpose, occurrence: u64) -> Stream {
        debug_assert!(occurrence < 1 << 48, "occurrence {occurrence} has no room for its blocks");
        Stream { dice, purpose, next_index: occurrence << 16, words: [0; 4], unused: 0 }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        if self.unused == 0 {
            self.words = self.dice.words(self.purpose, self.next_index);
            self.next_index = self.next_index.wrapping_add(1);
            self.unused = 4;
        }
        let at = 4 - self.unused;
        self.unused -= 2;
        u64::from(self.words[at]) | u64::from(self.words[at + 1]) << 32
    }

    /// Uniform in the open interval (0, 1): odd multiples of 2^-53, symmetric about 1/2, so neither end has to be
    /// handled.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) | 1) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Standard normal by Box and Muller: always two uniforms, so that what is drawn after it does not depend on its
    /// value.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(self.uniform())).sqrt();
        radius * libm::cos(TAU * self.uniform())
    }

    /// Exponential; the gaps of a Poisson process of `rate` are those of mean 1 / `rate`.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(self.uniform())
    }

    /// Weibull by its mean: `scale` is mean / Gamma(1 + 1/shape), in logarithms because Gamma overflows below shape
    /// 0.006.
    pub fn weibull(&mut self, shape: f64, mean: f64) -> f64 {
        if shape == 1.0 {
            return self.exponential(mean);
        }
        let log_over_scale = libm::log(self.exponential(1.0)) / shape;
        mean * libm::exp(log_over_scale - libm::lgamma(1.0 + 1.0 / shape))
    }

    /// Lognormal by median and geometric standard deviation: 68 % lie between `median / gsd` and `median * gsd`.
    pub fn lognormal(&mut self, median: f64, gsd: f64) -> f64 {
        median * libm::exp(libm::log(gsd) * self.normal())
    }

    /// Gamma with mean `shape * scale`. Far below shape 1 nearly all of it is too small for an f64 and reads 0.
    pub fn gamma(&mut self, shape: f64, scale: f64) -> f64 {
        if shape >= 1.0 { scale * self.gamma_of_at_least_one(shape) } else { scale * libm::exp(self.log_gamma(shape)) }
    }

    /// The natural logarithm of a Gamma(shape, 1) draw, exact also where the draw itself would underflow.
    ///
    /// Below shape 1 a Gamma(shape + 1) draw is multiplied by u^(1/shape) (Marsaglia and Tsang 2000, section 6).
    pub fn log_gamma(&mut self, shape: f64) -> f64 {
        if shape >= 1.0 {
            return libm::log(self.gamma_of_at_least_one(shape));
        }
        if shape == 0.0 {
            return f64::NEG_INFINITY;
        }
        let above = self.gamma_of_at_least_one(shape + 1.0);
        libm::log(above) + libm::log(self.uniform()) / shape
    }

    /// Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000).
    fn gamma_of_at_least_one(&mut self, shape: f64) -> f64 {
        if !(1.0..f64::INFINITY).contains(&shape) {
            return f64::NAN;
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let root = 1.0 + c * x;
            let v = root * root * root;
            if v <= 0.0 {
                continue;
            }
            if libm::log(self.uniform()) < 0.5 * x * x + d - d * v + d * libm::log(v) {
                return d * v;
            }
        }
    }

    /// One of `0..n`, each as likely (within n / 2^64); 0 where there is no choice.
    pub fn choice(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }
}

/// Student-t noise from two words of [`Dice::words`], scaled to variance 1 where it has one (`nu` > 2).
///
/// Bailey's polar form, "Polar generation of random variates with the t-distribution", Math. Comp. 62 (1994): exactly t
/// in each value, but cosine and sine of one pair would not be independent, so only the cosine is used.
pub fn student_t(nu: f64, word_u: u32, word_v: u32) -> f64 {
    let u = (f64::from(word_u) + 0.5) * (1.0 / 4_294_967_296.0);
    let v = f64::from(word_v) * (1.0 / 4_294_967_296.0);
    let over_nu = libm::expm1(libm::log(u) * -2.0 / nu);
    let scale = if nu > 2.0 { nu - 2.0 } else { nu };
    (scale * over_nu).sqrt() * libm::cos(TAU * v)
}
