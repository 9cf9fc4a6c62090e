//! Numbers as text: the shortest that reads back the same f32 or f64, `22.0` for a whole one.
//!
//! Sensors have a resolution, so most readings are a few digits with one to three decimals. Those are found by
//! scaling, rounding and looking back, and cost a third of the general way (zmij), which takes all others.
//! Why that is the shortest: at most six digits stand for one f32 only, so a decimal k / 10^d with k < 10^6 that
//! reads back to the value is the only one so short, and stripped of its zeros it is what the general way finds.
//! Not a number and the infinities are for the caller: formats differ about them.

use crate::textbuffer::ROOM;

const SCALE: [f64; 4] = [1.0, 10.0, 100.0, 1000.0];
const INVERSE: [f64; 4] = [1.0, 0.1, 0.01, 0.001];
/// Adding and taking away 1.5 * 2^52 rounds to a whole number, without a call on any processor.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// Writes the numbers of one column, and remembers how many decimals they have.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Numerals {
    decimals: usize,
}

impl Numerals {
    /// Writes a finite number and says how long it is.
    #[inline]
    pub(crate) fn single(&mut self, value: f32, out: &mut [u8; ROOM]) -> usize {
        let d = self.decimals & 3;
        let scaled = (f64::from(value) * SCALE[d] + ROUNDER) - ROUNDER;
        // The product errs by 2^-52 of itself, a decimal of six digits stays 2^-45 away from where f32 rounds.
        if scaled.abs() < 1e6 && (scaled * INVERSE[d]) as f32 == value {
            return fixed(value.is_sign_negative(), scaled.abs() as u32, d, out);
        }
        self.general(value, out)
    }

    #[cold]
    #[inline(never)]
    fn general(&mut self, value: f32, out: &mut [u8; ROOM]) -> usize {
        let mut buffer = zmij::Buffer::new();
        let text = buffer.format_finite(value).as_bytes();
        out[..text.len()].copy_from_slice(text);
        let after_point = text.iter().position(|&c| c == b'.').map_or(9, |point| text.len() - point - 1);
        if after_point <= 3 && text.len() <= 8 {
            self.decimals = after_point;
        }
        text.len()
    }
}

/// The f64 of the shortest decimal text of an f32: 21.7, where a cast gives 21.700000762939453. So that a wire that
/// carries f64 says the same number as one that carries text.
#[inline]
pub(crate) fn decimal(value: f32) -> f64 {
    for (scale, inverse) in SCALE.iter().zip(INVERSE) {
        let scaled = (f64::from(value) * scale + ROUNDER) - ROUNDER;
        if scaled.abs() < 1e6 && (scaled * inverse) as f32 == value {
            return if scaled == 0.0 { f64::from(value) } else { scaled / scale };
        }
    }
    if !value.is_finite() {
        return f64::from(value);
    }
    zmij::Buffer::new().format_finite(value).parse().unwrap_or_else(|_| f64::from(value))
}

/// Writes a finite f64 and says how long it is.
#[inline]
pub(crate) fn double(value: f64, out: &mut [u8; ROOM]) -> usize {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    out[..text.len()].copy_from_slice(text);
    text.len()
}

/// Writes a whole number and says how long it is.
#[inline]
pub(crate) fn whole<I: itoa::Integer>(value: I, out: &mut [u8; ROOM]) -> usize {
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(value).as_bytes();
    out[..text.len()].copy_from_slice(text);
    text.len()
}

/// k / 10^d, at least one decimal, no zero at the end beyond that.
#[inline]
fn fixed(negative: bool, k: u32, d: usize, out: &mut [u8; ROOM]) -> usize {
    let mut at = 0;
    if negative {
        out[0] = b'-';
        at = 1;
    }
    let (before, after) = match d {
        0 => (k, 0),
        1 => (k / 10, k % 10 * 100),
        2 => (k / 100, k % 100 * 10),
        _ => (k / 1000, k % 1000),
    };
    at += digits(before, at, out);
    let (tenths, rest) = (after / 100, after % 100);
    out[at] = b'.';
    out[at + 1] = b'0' + tenths as u8;
    out[at + 2] = b'0' + (rest / 10) as u8;
    out[at + 3] = b'0' + (rest % 10) as u8;
    at + if rest == 0 {
        2
    } else if rest % 10 == 0 {
        3
    } else {
        4
    }
}

/// A number below a million.
#[inline]
fn digits(n: u32, at: usize, out: &mut [u8; ROOM]) -> usize {
    let length = match n {
        0..10 => 1,
        10..100 => 2,
        100..1000 => 3,
        1000..10_000 => 4,
        10_000..100_000 => 5,
        _ => 6,
    };
    let mut n = n;
    for place in out[at..at + length].iter_mut().rev() {
        *place = b'0' + (n % 10) as u8;
        n /= 10;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(numerals: &mut Numerals, value: f32) -> String {
        let mut out = [0; ROOM];
        let length = numerals.single(value, &mut out);
        String::from_utf8(out[..length].to_vec()).unwrap()
    }

    #[test]
    fn every_number_is_the_shortest_that_reads_back_at_any_remembered_decimals() {
        let mut values = vec![0.0, -0.0, 1.0, -22.0, 0.1, 1e-7, 1e16, 3.4e38, f32::MIN_POSITIVE, 999_999.9, 1e6, 0.001];
        values.extend((0..200_000).map(|i| (i * 7) as f32 * 0.1));
        values.extend((0..20_000).map(|i| -((i as f64) * 0.037) as f32));
        values.extend((0..200_000u32).map(|i| f32::from_bits(i.wrapping_mul(2_654_435_761))).filter(|v| v.is_finite()));
        for value in values {
            let wanted = zmij::Buffer::new().format_finite(value).to_owned();
            for decimals in 0..4 {
                assert_eq!(text(&mut Numerals { decimals }, value), wanted);
            }
        }
    }

    #[test]
    fn a_reading_is_the_same_decimal_on_a_wire_of_f64_as_in_text() {
        let mut values =
            vec![0.0, -0.0, 1.0, -22.0, 0.1, 1e-7, 1e16, 3.4e38, f32::MIN_POSITIVE, 999_999.9, 21.7, 0.0015];
        values.extend((0..200_000).map(|i| (i * 7) as f32 * 0.1));
        values.extend((0..200_000u32).map(|i| f32::from_bits(i.wrapping_mul(2_654_435_761))).filter(|v| v.is_finite()));
        for value in values {
            // Between two decimals that are as short and as near, std and we may choose differently: ours is what text says.
            let ours = text(&mut Numerals::default(), value);
            let exact: f64 = ours.parse().unwrap();
            assert_eq!(decimal(value).to_bits(), exact.to_bits(), "{value}");
            assert_eq!((decimal(value) as f32).to_bits(), value.to_bits(), "{value}");
            assert!(
                ours.trim_end_matches(".0").len() <= format!("{value}").len().max(format!("{value:e}").len()),
                "{ours}"
            );
        }
        assert!(decimal(f32::NAN).is_nan() && decimal(f32::INFINITY).is_infinite());
    }

    #[test]
    fn a_column_learns_its_decimals() {
        let mut numerals = Numerals::default();
        assert_eq!(text(&mut numerals, 21.25), "21.25");
        assert_eq!(numerals.decimals, 2);
        assert_eq!(text(&mut numerals, 21.5), "21.5");
        assert_eq!(text(&mut numerals, 21.0), "21.0");
        assert_eq!(numerals.decimals, 2);
    }

    #[test]
    fn the_sign_of_zero_is_kept_in_every_width() {
        let mut out = [0; ROOM];
        assert_eq!(text(&mut Numerals::default(), -0.0), "-0.0");
        let length = double(-0.0, &mut out);
        assert_eq!(&out[..length], b"-0.0");
    }
}
