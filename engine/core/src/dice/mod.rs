//! Randomness addressed by name.
//!
//! Every random number of a run has an address: (seed, future, machine, purpose, index). [`Dice`] is the machine's part
//! of it, [`Purpose`] says what the luck is for, the index counts ticks or occurrences. The same address gives the same
//! number on every CPU, in every variant and on every thread, so there is no generator whose position would have to be
//! saved, and adding a machine or a sensor moves nobody else's luck. Nothing in here keeps a position between two calls
//! of the engine, and nothing uses a transcendental function of std, because those differ between platforms.

mod draw;
mod normal;
mod philox;
#[cfg(test)]
mod tests;

use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};

pub use draw::{Stream, student_t};
pub use normal::panel_normals;

/// Whose luck: one machine in one future of one seed.
///
/// 96 bits of a keyed hash, so that a million machines times a thousand futures meet by chance in one of 10^11 runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dice {
    pub key: [u32; 2],
    pub tag: u32,
}

impl Dice {
    /// SipHash-1-3-128 of the machine's id, keyed by seed and future.
    pub fn of(seed: u64, future: u64, machine: &str) -> Dice {
        let mut hasher = SipHasher13::new_with_keys(seed, future);
        hasher.write(machine.as_bytes());
        let hash = hasher.finish128();
        Dice { key: [hash.h1 as u32, (hash.h1 >> 32) as u32], tag: hash.h2 as u32 }
    }

    /// The four random words at one address.
    #[inline]
    pub fn words(&self, purpose: Purpose, index: u64) -> [u32; 4] {
        philox::block([index as u32, (index >> 32) as u32, purpose.0, self.tag], self.key)
    }

    /// The luck of one occurrence: the third repair, the path's increment before node 517. `occurrence` must be below
    /// 2^48.
    ///
    /// Its blocks lie at the indexes `occurrence << 16 | 0, 1, 2 ...` of [`Dice::words`], 65,536 before they reach the
    /// next occurrence's: give a purpose either occurrences or indexes, not both.
    pub fn stream(&self, purpose: Purpose, occurrence: u64) -> Stream {
        Stream::new(*self, purpose, occurrence)
    }
}

/// The future of what a machine is in every future: draws of units do not vary from one to the next.
pub const EVERY_FUTURE: u64 = u64::MAX;

/// What the luck is for: a 31-bit hash of a dotted name such as `wear.bearing.path`, made when a plan is compiled.
///
/// A machine has some hundred purposes: that two of them share a number happens to one kind of machine in 400,000. The
/// top bit stays clear, it marks the noise of sensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Purpose(u32);

impl Purpose {
    /// FNV-1a over the bytes of the name, then the finaliser of SplitMix64 (Steele, Lea and Flood 2014), since FNV's
    /// own upper bits hardly depend on the last letters.
    pub const fn named(name: &str) -> Purpose {
        let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
        let bytes = name.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01B3);
            i += 1;
        }
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Purpose((hash >> 33) as u32)
    }

    /// The number that stands for the name in an address.
    pub const fn number(self) -> u32 {
        self.0
    }
}
