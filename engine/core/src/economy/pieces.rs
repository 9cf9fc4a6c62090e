//! Pieces that take a time each: a machine works on one after another while it runs, and keeps its piece while it does
//! not.
//!
//! Time is whole nanoseconds, so that a stretch of operating time makes the same pieces in one go and tick by tick. The
//! time of a piece is addressed by machine and number; nothing is drawn in an order.

use crate::dice::{Dice, Purpose, panel_normals};
use crate::files::numbers::Draw;

/// Operating time of one piece, in nanoseconds.
#[derive(Debug, Clone, PartialEq)]
pub enum Takes {
    Fixed(i64),
    /// Drawn sixteen at a time.
    Normal {
        mean: f64,
        sd: f64,
    },
    Drawn(Draw),
}

/// Apart from the panels of sensors, which have small numbers, and from walks, which have the numbers from 2^28.
const PANEL: u32 = 0x0800_0000;

const LUCK: Purpose = Purpose::named("piece");

/// The longest time of a piece: a draw beyond it counts as this.
const LONGEST: f64 = 4.0e18;

/// Times that were drawn: they can always be drawn again, so this is no state and makes no two machines differ.
#[derive(Debug, Clone, Default)]
pub struct Memory(Option<Box<Batch>>);

impl PartialEq for Memory {
    fn eq(&self, _: &Memory) -> bool {
        true
    }
}

/// Times of sixteen pieces in line.
#[derive(Debug, Clone, Copy)]
struct Batch {
    dice: Dice,
    number: u64,
    times: [i64; 16],
}

impl Takes {
    pub fn of(draw: &Draw) -> Takes {
        match *draw {
            Draw::Fixed(nanos) => Takes::Fixed(whole(nanos)),
            Draw::Normal(mean, sd) => Takes::Normal { mean, sd },
            ref draw => Takes::Drawn(draw.clone()),
        }
    }

    /// A time that a fair part of the pieces reach, in nanoseconds: what a distribution says of its typical value or,
    /// where a few long times would hide many short ones, its median.
    pub fn usual(draw: &Draw) -> f64 {
        match draw {
            Draw::Fixed(value) | Draw::Normal(value, _) | Draw::Lognormal(value, _) | Draw::Exponential(value) => {
                *value
            }
            Draw::Weibull(shape, mean) => {
                mean * libm::exp(libm::log(std::f64::consts::LN_2) / shape - libm::lgamma(1.0 + 1.0 / shape))
            }
            Draw::Uniform(low, high) => (low + high) / 2.0,
            Draw::Choice(values) => values.iter().map(|value| value.max(0.0)).sum::<f64>() / values.len().max(1) as f64,
        }
    }

    /// The time of one piece.
    #[inline]
    fn time(&self, dice: &Dice, piece: u64, memory: &mut Memory) -> i64 {
        match self {
            Takes::Fixed(nanos) => *nanos,
            Takes::Normal { mean, sd } => {
                let number = piece / 16;
                let times = match &memory.0 {
                    Some(batch) if batch.number == number && batch.dice == *dice => &batch.times,
                    _ => &fresh(*mean, *sd, dice, number, memory).times,
                };
                times[(piece % 16) as usize]
            }
            Takes::Drawn(draw) => whole(dice.stream(LUCK, piece).draw(draw)),
        }
    }

    /// Works for so many nanoseconds, from the piece of this number and what is `left` of it (0: not begun). Returns how
    /// many pieces were finished.
    pub fn work(&self, dice: &Dice, first: u64, left: &mut i64, nanos: i64, memory: &mut Memory) -> u64 {
        let (mut piece, mut nanos) = (first, nanos);
        if *left == 0 {
            *left = self.time(dice, piece, memory);
        }
        while *left <= nanos {
            nanos -= *left;
            piece += 1;
            *left = self.time(dice, piece, memory);
        }
        *left -= nanos;
        piece - first
    }
}

/// At least a nanosecond, so that any stretch of time has an end of pieces.
#[inline]
fn whole(nanos: f64) -> i64 {
    // `clamp` leaves NaN as it is.
    if nanos.is_nan() { 1 } else { nanos.clamp(1.0, LONGEST) as i64 }
}

fn fresh<'a>(mean: f64, sd: f64, dice: &Dice, number: u64, memory: &'a mut Memory) -> &'a Batch {
    let mut normals = [[0.0; 16]];
    panel_normals(&[*dice], [PANEL], [number], &mut normals);
    let made = Batch { dice: *dice, number, times: normals[0].map(|normal| whole(mean + sd * f64::from(normal))) };
    let kept = memory.0.get_or_insert_with(|| Box::new(made));
    **kept = made;
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_stretch_makes_what_its_parts_make() {
        let dice = Dice::of(3, 1, "M-1");
        for draw in [Draw::Normal(600e9, 120e9), Draw::Exponential(7e9), Draw::Fixed(11e9 + 3.0)] {
            let takes = Takes::of(&draw);
            let (mut whole, mut parts, mut memory) = (0, 0, Memory::default());
            let all = takes.work(&dice, 0, &mut whole, 1_000_000 * 1_000_000_000, &mut memory);
            let mut made = 0;
            for second in 0..1_000_000u64 {
                // What is remembered makes no difference.
                if second % 1000 == 0 {
                    memory = Memory::default();
                }
                made += takes.work(&dice, made, &mut parts, 1_000_000_000, &mut memory);
            }
            assert_eq!((all, whole), (made, parts), "{draw:?}");
        }
    }

    #[test]
    fn a_memory_of_another_machine_is_not_used() {
        let (a, b) = (Dice::of(3, 1, "M-1"), Dice::of(3, 1, "M-2"));
        let takes = Takes::Normal { mean: 600e9, sd: 120e9 };
        let mut memory = Memory::default();
        let own = takes.time(&a, 5, &mut memory);
        assert_ne!(own, takes.time(&b, 5, &mut memory));
        assert_eq!(own, takes.time(&a, 5, &mut memory));
    }

    #[test]
    fn many_short_pieces_are_known_by_their_median() {
        // scipy.stats.weibull_min(0.5, scale=300).median() = 144.1359041754604, mean 600; shape 1 is exponential.
        let usual = |draw| Takes::usual(&draw);
        assert!((usual(Draw::Weibull(0.5, 600.0)) - 144.135_904_175_460_4).abs() < 1e-9);
        assert!((usual(Draw::Weibull(1.0, 600.0)) - 600.0 * std::f64::consts::LN_2).abs() < 1e-9);
        assert!(usual(Draw::Weibull(0.01, 6e11)) < 1e-3);
        assert_eq!((usual(Draw::Choice(vec![3.0, -1.0, 9.0])), usual(Draw::Uniform(2.0, 4.0))), (4.0, 3.0));
    }

    #[test]
    fn nonsense_ends() {
        let dice = Dice::of(3, 1, "M-1");
        let mut left = 0;
        for draw in [Draw::Normal(0.0, 1.0), Draw::Fixed(f64::NAN), Draw::Choice(vec![-5.0]), Draw::Fixed(1e30)] {
            let made = Takes::of(&draw).work(&dice, 0, &mut left, 1000, &mut Memory::default());
            assert!(made <= 1000);
            left = 0;
        }
    }
}
