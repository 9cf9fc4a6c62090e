//! Addresses: the same one always gives the same words, different ones nothing in common.

use super::super::philox;
use super::*;

#[test]
fn philox_gives_the_known_answers_of_random123() {
    // Random123, tests/kat_vectors: philox4x32 10
    let zeros = philox::block([0; 4], [0; 2]);
    assert_eq!(zeros, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    let ones = philox::block([u32::MAX; 4], [u32::MAX; 2]);
    assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    let pi = philox::block([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);
    assert_eq!(pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
}

#[test]
fn many_blocks_at_once_are_the_single_blocks() {
    let counter = |lane: u32| philox::block([lane, 1, 2, 3], [5, 6]);
    let key = |lane: u32| [u32::MAX - lane, lane.wrapping_mul(0x9E37_79B9)];
    let mut words = [0, 1, 2, 3].map(|j| std::array::from_fn::<u64, 16, _>(|lane| u64::from(counter(lane as u32)[j])));
    let keys = [0, 1].map(|j| std::array::from_fn::<u64, 16, _>(|lane| u64::from(key(lane as u32)[j])));
    philox::blocks(words.each_mut().map(|w| w.as_mut_slice()), keys.each_ref().map(|k| k.as_slice()));
    for lane in 0..16 {
        let together = words.map(|w| w[lane] as u32);
        assert_eq!(together, philox::block(counter(lane as u32), key(lane as u32)));
    }
}

#[test]
fn the_same_address_gives_the_same_value_in_any_order() {
    let mut first: Vec<_> = (0..100).map(|k| dice().stream(PURPOSE, k).normal()).collect();
    let again: Vec<_> = (0..100).rev().map(|k| Dice::of(7, 0, "P-101").stream(PURPOSE, k).normal()).collect();
    first.reverse();
    assert_eq!(first, again);
}

#[test]
fn recorded_runs_keep_their_luck() {
    assert_eq!(dice(), Dice { key: [0xfe57_2cb3, 0x642c_f068], tag: 0x043a_4526 });
    assert_eq!(Purpose::named("wear.bearing.path").number(), 0x4a47_bb8e);
    assert_eq!(dice().words(PURPOSE, 1 << 40), [0x186b_50e2, 0x6282_84c1, 0x9f18_ceeb, 0x25a9_155b]);
    assert_eq!(dice().stream(PURPOSE, 3).uniform().to_bits(), 0x3fca_4097_bcaf_b674);
    assert_eq!(dice().stream(PURPOSE, 3).normal().to_bits(), 0xbffb_90d0_5d8d_f30c);
    assert_eq!(dice().stream(PURPOSE, 3).gamma(0.02, 1.0).to_bits(), 0x3d72_9b6f_40ab_76b7);
    let mut noise = [[0.0; 16]];
    panel_normals(&[dice()], [1], [86_400], &mut noise);
    let corners = [0, 4, 8, 15].map(|lane| noise[0][lane].to_bits());
    assert_eq!(corners, [0x3f86_5203, 0x3f97_e4c6, 0x3f78_a33c, 0x3ed1_93b7]);
}

#[test]
fn seed_future_machine_purpose_and_index_each_change_the_luck() {
    let here = dice().words(PURPOSE, 5);
    let elsewhere = [
        Dice::of(8, 0, "P-101").words(PURPOSE, 5),
        Dice::of(7, 1, "P-101").words(PURPOSE, 5),
        Dice::of(0, 7, "P-101").words(PURPOSE, 5),
        Dice::of(7, 0, "P-102").words(PURPOSE, 5),
        dice().words(Purpose::named("test.lucky"), 5),
        dice().words(PURPOSE, 6),
        dice().words(PURPOSE, 5 | 1 << 32),
    ];
    for (i, there) in elsewhere.iter().enumerate() {
        assert!(here.iter().all(|word| !there.contains(word)), "address {i} shares a word");
        assert!(elsewhere[..i].iter().all(|other| other != there));
    }
}

#[test]
fn purposes_are_made_at_compile_time_apart_from_each_other_and_from_noise() {
    const AT_COMPILE_TIME: Purpose = Purpose::named("wear.bearing.path");
    assert_eq!(AT_COMPILE_TIME, Purpose::named("wear.bearing.path"));
    let named = |wear: u32| ["path", "life", "repair"].map(|what| Purpose::named(&format!("wear.w{wear}.{what}")));
    let mut purposes: Vec<_> = (0..500).flat_map(named).collect();
    purposes.sort();
    purposes.dedup();
    assert_eq!(purposes.len(), 1500);
    assert!(purposes.iter().all(|purpose| purpose.number() < 1 << 31));
    assert!(purposes.iter().filter(|purpose| purpose.number() < 1 << 30).count().abs_diff(750) < 100);
}

#[test]
fn occurrences_do_not_share_blocks() {
    let mut third = dice().stream(PURPOSE, 3);
    let words: Vec<u64> = (0..2000).map(|_| third.bits()).collect();
    let mut fourth = dice().stream(PURPOSE, 4);
    assert!((0..2000).all(|_| !words.contains(&fourth.bits())));
    let [a, b, ..] = dice().words(PURPOSE, 3 << 16);
    assert_eq!(words[0], u64::from(a) | u64::from(b) << 32);
}

#[test]
fn neighbouring_streams_are_not_correlated() {
    let of =
        |dice: Dice, shift: u64| (0..50_000).map(|k| dice.stream(PURPOSE, k + shift).uniform()).collect::<Vec<_>>();
    let here = of(dice(), 0);
    for other in
        [of(dice(), 1), of(Dice::of(7, 1, "P-101"), 0), of(Dice::of(8, 0, "P-101"), 0), of(Dice::of(7, 0, "P-102"), 0)]
    {
        let r = correlation(&here, &other);
        assert!(r.abs() < 4.0, "r = {r}");
    }
}
