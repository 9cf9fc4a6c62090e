//! Philox4x32-10, the counter-based generator under every random number of the twin.
//!
//! It is a keyed scramble from a 128-bit counter to 128 random bits: nothing is remembered between two calls, so there
//! is no position to save or to keep in step. `block` makes one block; `blocks` makes many at once, with one counter
//! and one key a lane, in a form that compilers turn into vector code. Both must give the same words for the same
//! counter and key, for ever: recorded runs depend on them.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

const MULTIPLY_0: u32 = 0xD251_1F53;
const MULTIPLY_1: u32 = 0xCD9E_8D57;
const BUMP_0: u32 = 0x9E37_79B9;
const BUMP_1: u32 = 0xBB67_AE85;

/// The four words at `counter` under `key`.
#[inline]
pub(crate) fn block(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut a, mut b, mut c, mut d], [mut k0, mut k1]) = (counter, key);
    for _ in 0..10 {
        let left = u64::from(MULTIPLY_0) * u64::from(a);
        let right = u64::from(MULTIPLY_1) * u64::from(c);
        (a, c) = ((right >> 32) as u32 ^ b ^ k0, (left >> 32) as u32 ^ d ^ k1);
        (b, d) = (right as u32, left as u32);
        (k0, k1) = (k0.wrapping_add(BUMP_0), k1.wrapping_add(BUMP_1));
    }
    [a, b, c, d]
}

/// One lane on its way through the rounds. Words are carried in 64 bits, of which only the lower 32 mean something:
/// that is the shape in which vector units multiply, and it saves the masking.
#[derive(Clone, Copy)]
struct Lane {
    words: [u64; 4],
    key: [u64; 2],
}

#[inline(always)]
fn round(Lane { words: [a, b, c, d], key: [k0, k1] }: Lane) -> Lane {
    let left = u64::from(MULTIPLY_0) * (a & 0xFFFF_FFFF);
    let right = u64::from(MULTIPLY_1) * (c & 0xFFFF_FFFF);
    Lane {
        words: [(right >> 32) ^ b ^ k0, right, (left >> 32) ^ d ^ k1, left],
        key: [k0 + u64::from(BUMP_0), k1 + u64::from(BUMP_1)],
    }
}

/// Many blocks at once, planar: `words[j][lane]` enters as word `j` of that lane's counter and leaves as its random
/// word.
///
/// The slices must have the length of `key`'s, known where this is inlined. The rounds are written out because a rolled
/// loop of them inside the loop over lanes stops vectorisation.
#[inline(always)]
pub(crate) fn blocks(words: [&mut [u64]; 4], key: [&[u64]; 2]) {
    let [wa, wb, wc, wd] = words;
    let lanes = wa.iter_mut().zip(wb).zip(wc).zip(wd).zip(key[0]).zip(key[1]);
    for (((((a, b), c), d), k0), k1) in lanes {
        let start = Lane { words: [*a, *b, *c, *d], key: [*k0, *k1] };
        let half = round(round(round(round(round(start)))));
        let end = round(round(round(round(round(half)))));
        [*a, *b, *c, *d] = end.words;
    }
}
