//! Sixteen standard normals for each of a few panels, as fast as the processor allows: the noise of the sensors.
//!
//! Everything runs in separate short loops over planar arrays of known length, because one loop that both makes words
//! and transforms them does not vectorise. Logarithm, sine and cosine are polynomials of `+ - *`, the root is the
//! processor's: those round the same way on every CPU and at every vector width, so the bits do too. No `mul_add` here,
//! no library function, no reordered sum. Everything is `#[inline(always)]`, so that the caller chooses the instruction
//! set by calling it inside `pulp::Arch::dispatch`: from a struct with an `#[inline(always)] with_simd`, for a closure
//! that captures by reference is reached through a shim that is not inlined, and then all vector code is lost.
//!
//! Box and Muller, "A note on the generation of random normal deviates", 1958.

use std::f32::consts::{FRAC_PI_4, LN_2};

use super::{Dice, philox};

/// Set in the third counter word of all noise and clear in every [`super::Purpose`], so that the two never meet.
pub(crate) const NOISE: u32 = 0x8000_0000;

/// Four counters make the sixteen words of a panel: one number for each of them, for each panel.
type Fours<T, const N: usize> = [[T; 4]; N];

/// 16 standard normals per panel for `N` panels at once: `out[p]` belongs to `dice[p]`, `panel[p]` and `index[p]`.
///
/// `N = 4` fills the vectors of every current CPU; what a panel gets depends neither on `N` nor on its neighbours. Lane
/// `4 j + q` comes from the counter `[index lo, index hi, NOISE | 4 panel + q, tag]`: words 0 and 1 give radius and
/// angle of lanes `q` and `4 + q`, words 2 and 3 of `8 + q` and `12 + q`. The tail ends at 6.66 standard deviations.
/// `panel` must be below 2^29.
#[inline(always)]
pub fn panel_normals<const N: usize>(dice: &[Dice; N], panel: [u32; N], index: [u64; N], out: &mut [[f32; 16]; N]) {
    let words = panel_words(dice, panel, index);
    let radii = [lower_halves(&words[0]), lower_halves(&words[2])];
    let angles = [lower_halves(&words[1]), lower_halves(&words[3])];
    let mut cosines = [[[0.0; 4]; N]; 2];
    let mut sines = [[[0.0; 4]; N]; 2];
    let made = flat_mut(&mut cosines).iter_mut().zip(flat_mut(&mut sines));
    for ((cosine, sine), (radius, angle)) in made.zip(flat(&radii).iter().zip(flat(&angles))) {
        (*cosine, *sine) = normal_pair(*radius, *angle);
    }
    for p in 0..N {
        for q in 0..4 {
            out[p][q] = cosines[0][p][q];
            out[p][4 + q] = sines[0][p][q];
            out[p][8 + q] = cosines[1][p][q];
            out[p][12 + q] = sines[1][p][q];
        }
    }
}

/// The random words of `N` panels, planar, each in the lower half of its 64 bits.
#[inline(always)]
fn panel_words<const N: usize>(dice: &[Dice; N], panel: [u32; N], index: [u64; N]) -> [Fours<u64, N>; 4] {
    let mut words = [[[0; 4]; N]; 4];
    let mut key = [[[0; 4]; N]; 2];
    for p in 0..N {
        for q in 0..4 {
            words[0][p][q] = index[p];
            words[1][p][q] = index[p] >> 32;
            words[2][p][q] = u64::from(NOISE | (4 * panel[p] + q as u32));
            words[3][p][q] = u64::from(dice[p].tag);
            key[0][p][q] = u64::from(dice[p].key[0]);
            key[1][p][q] = u64::from(dice[p].key[1]);
        }
    }
    philox::blocks(words.each_mut().map(|w| w.as_flattened_mut()), key.each_ref().map(|k| k.as_flattened()));
    words
}

/// The words without the upper halves. In a loop of its own, so that the transform is not held to the width of 64-bit
/// lanes (a third of the time).
#[inline(always)]
fn lower_halves<const N: usize>(words: &Fours<u64, N>) -> Fours<u32, N> {
    let mut halves = [[0; 4]; N];
    for (half, word) in halves.as_flattened_mut().iter_mut().zip(words.as_flattened()) {
        *half = *word as u32;
    }
    halves
}

#[inline(always)]
fn flat<T, const N: usize>(pairs: &[Fours<T, N>; 2]) -> &[T] {
    pairs.as_flattened().as_flattened()
}

#[inline(always)]
fn flat_mut<T, const N: usize>(pairs: &mut [Fours<T, N>; 2]) -> &mut [T] {
    pairs.as_flattened_mut().as_flattened_mut()
}

/// Two independent standard normals from two random words.
#[inline(always)]
fn normal_pair(radius: u32, angle: u32) -> (f32, f32) {
    let radius = minus_two_ln(radius).sqrt();
    let (cosine, sine) = direction(angle);
    (radius * cosine, radius * sine)
}

/// -2 ln u, with u = (k + 1/2) / 2^31 from the upper 31 bits k of the word: never 0, exactly 1 (in f32) at the top.
///
/// 31 bits, because signed integers are what every vector unit converts. With u = 2^e m and m in [sqrt(1/2), sqrt 2),
/// -2 ln u = -2 ln 2 e - 2 f + f^2 + f^3 P(f) for f = m - 1; P is the polynomial of degree 6 that is minimax in
/// relative error, its share of which is 3.2e-8. All in all within 1.5e-7 of the value.
#[inline(always)]
pub(super) fn minus_two_ln(word: u32) -> f32 {
    const ROOT_HALF: i32 = 0x3F35_04F3;
    let bits = ((word >> 1) as i32 as f32 + 0.5).to_bits() as i32;
    let above = bits.wrapping_sub(ROOT_HALF);
    let e = ((above >> 23) - 31) as f32;
    let f = f32::from_bits(((above & 0x007F_FFFF) + ROOT_HALF) as u32) - 1.0;
    let p = -0.174_008_73 * f + 0.285_349_76;
    let p = p * f - 0.298_295_38;
    let p = p * f + 0.331_551_7;
    let p = p * f - 0.399_261_27;
    let p = p * f + 0.500_026_76;
    let p = p * f - 0.666_678_2;
    let square = f * f;
    e * (-2.0 * LN_2) + (square - 2.0 * f + square * f * p)
}

/// Cosine and sine of a random angle: the lower 30 bits place it within an eighth of a turn of the first axis, the
/// upper two mirror it to one of the four half axes, so that polynomials for an eighth of a turn suffice (minimax in
/// relative error, 4e-8 of the cosine, 4e-9 of the sine).
#[inline(always)]
pub(super) fn direction(word: u32) -> (f32, f32) {
    let t = (word << 2) as i32 as f32 * (1.0 / 2_147_483_648.0);
    let x = t * t;
    let s = ((-3.595_045_2e-5 * x + 2.490_001e-3) * x - 0.080_745_436) * x + FRAC_PI_4;
    let c = ((-3.190_200_4e-4 * x + 0.015_850_201) * x - 0.308_424_4) * x + 1.0;
    let (s, c) = ((s * t).to_bits(), c.to_bits() ^ (word & 0x8000_0000));
    let swap = (s ^ c) & (((word << 1) as i32 >> 31) as u32);
    (f32::from_bits(c ^ swap), f32::from_bits(s ^ swap))
}
