//! Parquet's RLE / bit-packing hybrid (format specification, Encodings.md): small whole numbers as runs of one
//! value or as packed groups of eight.

/// Bits that hold every number up to `most`.
pub(super) fn width(most: u32) -> u32 {
    u32::BITS - most.leading_zeros()
}

/// Appends `codes`, each below 2^`width`.
pub(super) fn hybrid(codes: &[u32], width: u32, out: &mut Vec<u8>) {
    let mut at = 0;
    while at < codes.len() {
        let run = run_length(&codes[at..]);
        if run >= 8 || at + run == codes.len() {
            // Groups count from where they start, so a run may end anywhere.
            hybrid_run(codes[at], run, width, out);
            at += run;
            continue;
        }
        let groups = packed_groups(&codes[at..]);
        let end = (at + 8 * groups).min(codes.len());
        put_packed(&codes[at..end], groups, width, out);
        at = end;
    }
}

/// How many of the first codes are the same.
fn run_length(codes: &[u32]) -> usize {
    let first = codes[0];
    codes.iter().position(|&code| code != first).unwrap_or(codes.len())
}

/// How many groups of eight to pack before a run of at least 16 starts at a group's border.
fn packed_groups(codes: &[u32]) -> usize {
    let uniform = |group: &[u32]| group.iter().all(|&code| code == group[0]);
    let mut groups = codes.chunks(8).enumerate().peekable();
    while let Some((index, group)) = groups.next() {
        let next_is_same = groups.peek().is_some_and(|(_, next)| next[0] == group[0] && uniform(next));
        if index > 0 && next_is_same && uniform(group) {
            return index;
        }
    }
    codes.len().div_ceil(8)
}

/// Appends one value, many times.
pub(super) fn hybrid_run(code: u32, run: usize, width: u32, out: &mut Vec<u8>) {
    varint((run as u64) << 1, out);
    out.extend(&code.to_le_bytes()[..width.div_ceil(8) as usize]);
}

fn put_packed(codes: &[u32], groups: usize, width: u32, out: &mut Vec<u8>) {
    varint((groups as u64) << 1 | 1, out);
    let end = out.len() + groups * width as usize;
    out.reserve(end - out.len() + 8);
    let (mut bits, mut filled) = (0u64, 0);
    for &code in codes {
        bits |= u64::from(code) << filled;
        filled += width;
        if filled >= 32 {
            out.extend((bits as u32).to_le_bytes());
            bits >>= 32;
            filled -= 32;
        }
    }
    out.extend(bits.to_le_bytes());
    // The last group is filled up with zeros; the eight bytes just written were at least what it lacked, or more.
    out.resize(end, 0);
}

fn varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 128 {
        out.push(number as u8 | 128);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the hybrid by the specification's words, slowly.
    fn unpack(mut bytes: &[u8], width: u32, count: usize) -> Vec<u32> {
        let mut codes = Vec::new();
        while codes.len() < count {
            let mut header = 0u64;
            for shift in (0..).step_by(7) {
                header |= u64::from(bytes[0] & 127) << shift;
                let more = bytes[0] & 128 != 0;
                bytes = &bytes[1..];
                if !more {
                    break;
                }
            }
            let bit = |at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
            let size = if header & 1 == 1 {
                let packed = (header >> 1) as usize * 8;
                codes.extend((0..packed).map(|code| {
                    (0..width as usize).map(|place| bit(code * width as usize + place) << place).sum::<u32>()
                }));
                packed * width as usize / 8
            } else {
                let size = width.div_ceil(8) as usize;
                let code = (0..size).map(|byte| u32::from(bytes[byte]) << (8 * byte)).sum();
                codes.resize(codes.len() + (header >> 1) as usize, code);
                size
            };
            bytes = &bytes[size..];
        }
        assert!(bytes.is_empty());
        codes.truncate(count);
        codes
    }

    #[test]
    fn codes_read_back_at_every_width_and_mix_of_runs() {
        for width in 1..=32 {
            let most = u32::MAX >> (32 - width);
            for seed in 0..40u32 {
                let mut codes = Vec::new();
                let mut dice = seed.wrapping_mul(747_796_405) ^ width;
                while codes.len() < 50 + 13 * seed as usize {
                    dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let run = if dice >> 30 == 0 { dice as usize >> 20 & 63 } else { 1 };
                    codes.resize(codes.len() + run, (dice >> 3) & most);
                }
                let mut out = Vec::new();
                hybrid(&codes, width, &mut out);
                assert_eq!(unpack(&out, width, codes.len()), codes, "width {width}, seed {seed}");
            }
        }
    }

    #[test]
    fn a_column_of_one_value_is_one_run() {
        let mut out = Vec::new();
        hybrid(&[1; 100_000], 1, &mut out);
        assert_eq!(out.len(), 4);
    }
}
