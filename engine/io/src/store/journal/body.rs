//! An entry's hearing as bytes for the table: columns, packed, under a checksum.
//!
//! Every bit comes back, whatever the values are. Reading bytes that somebody else wrote ends in a hearing or in a reason, and
//! never takes more memory than an entry may have.

use serde::{Deserialize, Serialize};
use twinwright_model::journal::{Heard, Hearing, Newcomer};
use twinwright_model::live::{Action, Measurement};
use twinwright_model::{Quality, Time};

/// The first byte: how the rest is laid out.
const LAYOUT: u8 = 1;
/// Compression: beyond it an entry takes longer and gets little smaller.
const LEVEL: i32 = 1;
/// Bytes of an unpacked entry at most: some five million readings.
const MOST: usize = 256 << 20;
/// Bytes of a reading: tick, channel, time, value, quality.
const WIDTH: usize = 4 + 4 + 8 + 8 + 1;

/// What is rare, as JSON.
#[derive(Serialize, Deserialize)]
struct Rest {
    newcomers: Vec<Newcomer>,
    actions: Vec<(u32, Action)>,
    closed: Option<u32>,
    readings: usize,
}

/// Packs a hearing.
pub fn pack(heard: &Hearing) -> Result<Vec<u8>, String> {
    let rest = Rest {
        newcomers: heard.newcomers.clone(),
        actions: heard.actions.clone(),
        closed: heard.closed,
        readings: heard.readings.len(),
    };
    let rest = serde_json::to_vec(&rest).map_err(|error| format!("an entry cannot be written: {error}"))?;
    let mut plain = Vec::with_capacity(4 + rest.len() + heard.readings.len() * WIDTH);
    plain.extend_from_slice(&(rest.len() as u32).to_le_bytes());
    plain.extend_from_slice(&rest);
    columns(&mut plain, &heard.readings);
    if plain.len() > MOST {
        return Err(format!("an entry of {} bytes is too long; expected at most {MOST}", plain.len()));
    }
    let packed = zstd::bulk::Compressor::new(LEVEL).and_then(|mut packer| {
        packer.include_checksum(true)?;
        packer.compress(&plain)
    });
    let packed = packed.map_err(|error| format!("an entry cannot be packed: {error}"))?;
    let mut bytes = Vec::with_capacity(1 + packed.len());
    bytes.push(LAYOUT);
    bytes.extend_from_slice(&packed);
    Ok(bytes)
}

/// Neighbours are alike: what is written is how each differs from the one before, high bytes apart from low ones.
fn columns(plain: &mut Vec<u8>, readings: &[Heard]) {
    let mut ticks = Vec::with_capacity(readings.len());
    let mut channels = Vec::with_capacity(readings.len());
    let mut times = Vec::with_capacity(readings.len());
    let mut values = Vec::with_capacity(readings.len());
    let mut before = (0u32, 0u32, 0i64, 0u64);
    for heard in readings {
        let one = heard.measurement;
        let (tick, bits) = (heard.tick, one.value.to_bits());
        ticks.push(tick.wrapping_sub(before.0).to_le_bytes());
        channels.push(one.channel.wrapping_sub(before.1).to_le_bytes());
        times.push(one.time.0.wrapping_sub(before.2).to_le_bytes());
        values.push((bits ^ before.3).to_le_bytes());
        before = (tick, one.channel, one.time.0, bits);
    }
    planes(plain, &ticks);
    planes(plain, &channels);
    planes(plain, &times);
    planes(plain, &values);
    plain.extend(readings.iter().map(|heard| heard.measurement.quality.code()));
}

fn planes<const N: usize>(plain: &mut Vec<u8>, words: &[[u8; N]]) {
    for plane in 0..N {
        plain.extend(words.iter().map(|word| word[plane]));
    }
}

/// The hearing again, or what is wrong with the bytes.
pub fn unpack(bytes: &[u8]) -> Result<Hearing, String> {
    let (layout, packed) = bytes.split_first().ok_or("it is empty")?;
    if *layout != LAYOUT {
        return Err(format!("it is laid out in way {layout}, which this program does not know"));
    }
    let wrong = |error: std::io::Error| format!("it cannot be unpacked: {error}");
    let plain = match zstd::zstd_safe::get_frame_content_size(packed) {
        Ok(Some(length)) if length <= MOST as u64 => zstd::bulk::decompress(packed, length as usize).map_err(wrong)?,
        _ => return Err(format!("it does not say how long it is, or is longer than {MOST} bytes")),
    };
    let cut = || format!("only {} bytes are in it", plain.len());
    let (length, left) = plain.split_first_chunk::<4>().ok_or_else(cut)?;
    let (rest, columns) = left.split_at_checked(u32::from_le_bytes(*length) as usize).ok_or_else(cut)?;
    let rest: Rest = serde_json::from_slice(rest).map_err(|error| format!("its head cannot be read: {error}"))?;
    if rest.readings.checked_mul(WIDTH) != Some(columns.len()) {
        return Err(format!("it says {} readings and has {} bytes of them", rest.readings, columns.len()));
    }
    let readings = readings(columns, rest.readings);
    Ok(Hearing { newcomers: rest.newcomers, readings, actions: rest.actions, closed: rest.closed })
}

fn readings(columns: &[u8], count: usize) -> Vec<Heard> {
    let (ticks, left) = columns.split_at(4 * count);
    let (channels, left) = left.split_at(4 * count);
    let (times, left) = left.split_at(8 * count);
    let (values, qualities) = left.split_at(8 * count);
    let mut before = (0u32, 0u32, 0i64, 0u64);
    (0..count)
        .map(|at| {
            before.0 = before.0.wrapping_add(u32::from_le_bytes(word(ticks, count, at)));
            before.1 = before.1.wrapping_add(u32::from_le_bytes(word(channels, count, at)));
            before.2 = before.2.wrapping_add(i64::from_le_bytes(word(times, count, at)));
            before.3 ^= u64::from_le_bytes(word(values, count, at));
            let quality = Quality::from_code(qualities[at]);
            let (channel, value) = (before.1, f64::from_bits(before.3));
            Heard { tick: before.0, measurement: Measurement { channel, time: Time(before.2), value, quality } }
        })
        .collect()
}

fn word<const N: usize>(planes: &[u8], count: usize, at: usize) -> [u8; N] {
    std::array::from_fn(|plane| planes[plane * count + at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use twinwright_model::live::{Aim, Ask, ChannelName};

    /// Small and random enough for a test: splitmix64.
    struct Luck(u64);

    impl Luck {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }
    }

    fn hearing(luck: &mut Luck, count: u64) -> Hearing {
        let extremes = [f64::NAN, -f64::NAN, f64::INFINITY, 1e308, -0.0, f64::MIN_POSITIVE / 2.0, 21.5];
        let readings = (0..count).map(|_| {
            let time = [i64::MIN, i64::MAX, 0, -1, luck.next() as i64][(luck.next() % 5) as usize];
            let value = match luck.next() % 8 {
                7 => f64::from_bits(luck.next()),
                known => extremes[known as usize],
            };
            let quality = Quality::from_code((luck.next() % 6) as u8);
            let channel = [0, u32::MAX, luck.next() as u32][(luck.next() % 3) as usize];
            let measurement = Measurement { channel, time: Time(time), value, quality };
            Heard { tick: [Heard::LATE, 0, luck.next() as u32][(luck.next() % 3) as usize], measurement }
        });
        let readings = readings.collect();
        let name = ChannelName { machine: "P\"\u{202e}\n".repeat(luck.next() as usize % 9), item: "x".to_owned() };
        let action = Action {
            uid: "a".to_owned(),
            at: Aim::Rule { machine: "P-1".to_owned(), rule: "hot".to_owned() },
            ask: Ask::Shelve { until: Time(i64::MAX) },
            by: "ann".to_owned(),
            reason: None,
            asked: Time(i64::MIN),
        };
        Hearing {
            newcomers: vec![Newcomer { name, unit: "°C".to_owned() }],
            readings,
            actions: vec![(u32::MAX, action)],
            closed: luck.next().is_multiple_of(2).then_some(7),
        }
    }

    /// Values by their bits: NaN is not equal to itself.
    fn same(one: &Hearing, other: &Hearing) -> bool {
        let bits = |heard: &Hearing| -> Vec<(u32, u32, i64, u64, Quality)> {
            let of = |heard: &Heard| {
                let one = heard.measurement;
                (heard.tick, one.channel, one.time.0, one.value.to_bits(), one.quality)
            };
            heard.readings.iter().map(of).collect()
        };
        let rest = |heard: &Hearing| (heard.newcomers.clone(), heard.actions.clone(), heard.closed);
        bits(one) == bits(other) && rest(one) == rest(other)
    }

    #[test]
    fn every_bit_of_random_hearings_comes_back() {
        let mut luck = Luck(7);
        for number in 0..200 {
            let heard = hearing(&mut luck, number % 50);
            assert!(same(&unpack(&pack(&heard).unwrap()).unwrap(), &heard), "{heard:?}");
        }
        assert!(same(&unpack(&pack(&Hearing::default()).unwrap()).unwrap(), &Hearing::default()));
    }

    #[test]
    fn whatever_was_done_to_the_bytes_a_reason_is_said() {
        let packed = pack(&hearing(&mut Luck(8), 300)).unwrap();
        for at in 0..packed.len() * 8 {
            let mut damaged = packed.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            // A header's spare bit changes nothing; a byte of what is in it never changes unseen.
            if let Ok(heard) = unpack(&damaged) {
                assert!(same(&heard, &hearing(&mut Luck(8), 300)), "bit {at}");
            }
        }
        for left in 0..packed.len() {
            assert!(unpack(&packed[..left]).is_err(), "{left} bytes");
        }
    }

    #[test]
    fn bytes_that_claim_too_much_are_refused() {
        let mut plain = 2u32.to_le_bytes().to_vec();
        plain.extend_from_slice(b"{}");
        for (plain, said) in [
            (plain, "its head cannot be read"),
            (u32::MAX.to_le_bytes().to_vec(), "only 4 bytes"),
            (with_head(usize::MAX), "it says 18446744073709551615 readings"),
            (with_head(1), "it says 1 readings and has 0 bytes"),
        ] {
            let mut bytes = vec![LAYOUT];
            bytes.extend(zstd::bulk::compress(&plain, 1).unwrap());
            let why = unpack(&bytes).unwrap_err();
            assert!(why.contains(said), "{why}");
        }
        // 300 MiB of zeros in a few bytes.
        let mut bomb = vec![LAYOUT];
        bomb.extend(zstd::bulk::compress(&vec![0; 300 << 20], 1).unwrap());
        assert!(unpack(&bomb).unwrap_err().contains("longer than"));
        assert!(unpack(&[9, 0]).unwrap_err().contains("laid out in way 9"));
    }

    fn with_head(readings: usize) -> Vec<u8> {
        let head = format!("{{\"newcomers\":[],\"actions\":[],\"closed\":null,\"readings\":{readings}}}");
        let mut plain = (head.len() as u32).to_le_bytes().to_vec();
        plain.extend_from_slice(head.as_bytes());
        plain
    }
}
