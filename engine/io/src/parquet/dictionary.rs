//! Readings as a dictionary: a rounded sensor has a few hundred different values, and their numbers pack into a
//! byte where the values take four. Full-precision values show themselves within a thousand rows and are left alone.
//! Values are the same when their bits are, so NaN and the zeros' signs survive.

/// A number that Parquet stores in its little-endian bytes.
pub(super) trait Bits: Copy + PartialOrd {
    fn bits(self) -> u64;
    fn is_number(self) -> bool;
    fn put(self, out: &mut Vec<u8>);
}

impl Bits for f32 {
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }

    fn is_number(self) -> bool {
        !self.is_nan()
    }

    fn put(self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }
}

impl Bits for f64 {
    fn bits(self) -> u64 {
        self.to_bits()
    }

    fn is_number(self) -> bool {
        !self.is_nan()
    }

    fn put(self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }
}

/// At most so many different values.
const MOST: usize = 1 << 15;
const SLOTS: usize = 1 << 16;

/// Reused from column to column.
#[derive(Debug)]
pub(super) struct Lookup {
    /// 1 + index into the values found so far; 0 is free.
    slots: Vec<u32>,
    pub(super) codes: Vec<u32>,
}

impl Lookup {
    pub(super) fn new() -> Lookup {
        Lookup { slots: vec![0; SLOTS], codes: Vec::new() }
    }

    /// The different values in the order they came, with `codes` saying which stands where. None: a dictionary
    /// would not pay.
    pub(super) fn distinct<T: Bits>(&mut self, values: &[T]) -> Option<Vec<T>> {
        self.slots.fill(0);
        self.codes.clear();
        self.codes.reserve(values.len());
        let mut found: Vec<T> = Vec::new();
        for (index, some) in values.chunks(512).enumerate() {
            for &value in some {
                let code = self.code(value, &mut found);
                self.codes.push(code);
            }
            if found.len() > (256 + index * 128).min(MOST - 512) {
                return None;
            }
        }
        Some(found)
    }

    #[inline]
    fn code<T: Bits>(&mut self, value: T, found: &mut Vec<T>) -> u32 {
        let bits = value.bits();
        // Fibonacci hashing: the top bits of the product are the mixed ones.
        let mut slot = (bits.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize;
        loop {
            let entry = self.slots[slot & (SLOTS - 1)];
            if entry == 0 {
                found.push(value);
                self.slots[slot & (SLOTS - 1)] = found.len() as u32;
                return found.len() as u32 - 1;
            }
            if found[entry as usize - 1].bits() == bits {
                return entry - 1;
            }
            slot += 1;
        }
    }
}
