//! Broken input for tests: the same in every run, made of good input and of nothing.

/// A generator of its own (SplitMix64), so that a failing case can be made again.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// A few bytes changed, left out, doubled or put in, mostly some that mean something; now and then nothing but noise.
    pub(crate) fn mangled(&mut self, good: &[u8], meaningful: &[u8]) -> Vec<u8> {
        if self.below(16) == 0 {
            return (0..self.below(80)).map(|_| self.byte(meaningful)).collect();
        }
        let mut bytes = good.to_vec();
        for _ in 0..self.below(4) {
            let at = self.below(bytes.len());
            let byte = self.byte(meaningful);
            match self.below(5) {
                0 if !bytes.is_empty() => bytes[at] = byte,
                1 if !bytes.is_empty() => drop(bytes.remove(at)),
                2 => bytes.truncate(at),
                3 => {
                    let end = at + self.below(bytes.len() - at + 1);
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => bytes.insert(at, byte),
            }
        }
        bytes
    }

    fn byte(&mut self, meaningful: &[u8]) -> u8 {
        match self.below(4) {
            0 => self.next() as u8,
            _ => meaningful[self.below(meaningful.len())],
        }
    }
}
