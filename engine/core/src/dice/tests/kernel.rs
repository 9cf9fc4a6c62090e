//! The noise kernel: its polynomials, its distribution, its independence, and the same bits from every instruction set.

use pulp::{Arch, Simd, WithSimd};

use super::super::normal::{NOISE, direction, minus_two_ln};
use super::super::philox;
use super::*;

/// Words of every size, the extreme ones included.
fn words() -> impl Iterator<Item = u32> {
    let edges = (0..32).flat_map(|bit| [1 << bit, (1u32 << bit).wrapping_sub(1), u32::MAX << bit, !(1u32 << bit)]);
    edges.chain((0..300_000u32).map(|i| i.wrapping_mul(0x9E37_79B9) >> (i % 20)))
}

#[test]
fn the_logarithm_is_right_within_two_ulp() {
    for word in words() {
        let u = ((word >> 1) as i32 as f32 + 0.5) / 2_147_483_648.0;
        let expected = -2.0 * libm::log(f64::from(u));
        let error = (f64::from(minus_two_ln(word)) - expected).abs();
        assert!(error <= expected * 2.4e-7, "word {word:#x}: relative error {}", error / expected);
    }
    assert_eq!(minus_two_ln(u32::MAX), 0.0);
    assert!((minus_two_ln(0).sqrt() - 6.660_4).abs() < 1e-4);
}

#[test]
fn the_direction_is_right_within_two_ulp_and_reaches_every_eighth() {
    for word in words() {
        let t = f64::from((word << 2) as i32) / 2_147_483_648.0 * std::f64::consts::FRAC_PI_4;
        let (mut x, mut y) = (libm::cos(t), libm::sin(t));
        x = if word >> 31 == 1 { -x } else { x };
        (x, y) = if word >> 30 & 1 == 1 { (y, x) } else { (x, y) };
        let (cosine, sine) = direction(word);
        let near = |got: f32, expected: f64| (f64::from(got) - expected).abs() <= expected.abs() * 2.4e-7;
        assert!(near(cosine, x) && near(sine, y), "word {word:#x}: {cosine} {sine}, not {x} {y}");
    }
    let mut eighths = [0u32; 8];
    for i in 0..80_000u32 {
        let (cosine, sine) = direction(i.wrapping_mul(0x9E37_79B9));
        let [right, up, flat] = [cosine > 0.0, sine > 0.0, cosine.abs() > sine.abs()].map(usize::from);
        eighths[4 * right + 2 * up + flat] += 1;
    }
    assert!(eighths.iter().all(|count| count.abs_diff(10_000) < 100), "{eighths:?}");
}

/// The normals of one panel, made slowly from the words at the documented addresses.
fn slow_normals(dice: &Dice, panel: u32, index: u64) -> [f64; 16] {
    let mut slow = [0.0; 16];
    for q in 0..4 {
        let counter = [index as u32, (index >> 32) as u32, NOISE | (4 * panel + q as u32), dice.tag];
        let words = philox::block(counter, dice.key);
        for pair in 0..2 {
            let radius = f64::from(minus_two_ln(words[2 * pair])).sqrt();
            let (cosine, sine) = direction(words[2 * pair + 1]);
            slow[8 * pair + q] = radius * f64::from(cosine);
            slow[8 * pair + 4 + q] = radius * f64::from(sine);
        }
    }
    slow
}

fn four_machines() -> [Dice; 4] {
    [Dice::of(7, 0, "P-101"), Dice::of(7, 0, "P-102"), Dice::of(7, 1, "P-101"), Dice::of(u64::MAX, 0, "")]
}

#[test]
fn lanes_come_from_their_documented_addresses() {
    let (panel, index) = ([0, 1, 9, (1 << 29) - 1], [0, u64::MAX, 1 << 32, 77]);
    let mut out = [[0.0; 16]; 4];
    panel_normals(&four_machines(), panel, index, &mut out);
    for p in 0..4 {
        for (got, expected) in out[p].iter().zip(slow_normals(&four_machines()[p], panel[p], index[p])) {
            assert!((f64::from(*got) - expected).abs() <= 2e-7 * expected.abs(), "{got} is not {expected}");
        }
    }
}

#[test]
fn a_panel_gets_the_same_alone_and_among_others() {
    for tick in 0..500 {
        let mut four = [[0.0; 16]; 4];
        panel_normals(&four_machines(), [0, 1, 2, 3], [tick; 4], &mut four);
        let mut two = [[0.0; 16]; 2];
        panel_normals(&[four_machines()[3], four_machines()[1]], [3, 1], [tick; 2], &mut two);
        assert_eq!((four[3], four[1]), (two[0], two[1]));
        for (panel, (machine, among)) in four_machines().into_iter().zip(four).enumerate() {
            let mut alone = [[0.0; 16]];
            panel_normals(&[machine], [panel as u32], [tick], &mut alone);
            assert_eq!(among, alone[0]);
        }
    }
}

struct FourPanels(u64);

impl WithSimd for FourPanels {
    type Output = [[f32; 16]; 4];
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Self::Output {
        let mut out = [[0.0; 16]; 4];
        panel_normals(&four_machines(), [0, 1, 2, 3], [self.0; 4], &mut out);
        out
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let bits = |out: [[f32; 16]; 4]| out.map(|lanes| lanes.map(f32::to_bits));
    for tick in 0..2_000 {
        let mut plain = [[0.0; 16]; 4];
        panel_normals(&four_machines(), [0, 1, 2, 3], [tick; 4], &mut plain);
        assert_eq!(bits(Arch::new().dispatch(FourPanels(tick))), bits(plain));
        #[cfg(target_arch = "x86_64")]
        if let Some(avx2) = pulp::x86::V3::try_new() {
            assert_eq!(bits(Simd::vectorize(avx2, FourPanels(tick))), bits(plain));
        }
    }
}

/// `series[lane][tick]` of one panel.
fn lanes(dice: Dice, panel: u32, ticks: std::ops::Range<u64>) -> Vec<Vec<f64>> {
    let mut series = vec![Vec::new(); 16];
    for tick in ticks {
        let mut out = [[0.0; 16]];
        panel_normals(&[dice], [panel], [tick], &mut out);
        series.iter_mut().zip(out[0]).for_each(|(lane, z)| lane.push(f64::from(z)));
    }
    series
}

#[test]
fn a_million_normals_are_standard_normal() {
    let draws = lanes(dice(), 0, 0..62_500).concat();
    let n = draws.len() as f64;
    let moment = |power: i32| draws.iter().map(|z| z.powi(power)).sum::<f64>() / n * n.sqrt();
    // the standard deviation of z^p is sqrt((2p-1)!! - E[z^p]^2)
    assert!(moment(1).abs() < 4.0, "mean off by {} sigma", moment(1));
    assert!((moment(2) - n.sqrt()).abs() < 4.0 * 2f64.sqrt(), "variance");
    assert!(moment(3).abs() < 4.0 * 15f64.sqrt(), "skewness");
    assert!((moment(4) - 3.0 * n.sqrt()).abs() < 4.0 * 96f64.sqrt(), "kurtosis");
    let beyond = |limit: f64| draws.iter().filter(|z| z.abs() > limit).count() as f64;
    for limit in [2.0, 3.0, 4.0] {
        let expected = 2.0 * normal_cdf(-limit) * n;
        assert!((beyond(limit) - expected).abs() < 4.0 * expected.sqrt(), "{} beyond {limit}", beyond(limit));
    }
    let d = ks(draws, normal_cdf);
    assert!(d < 1.95, "D = {d} / sqrt n");
}

#[test]
fn lanes_are_independent_in_value_and_in_size() {
    let series = lanes(dice(), 0, 0..20_000);
    let squares: Vec<Vec<f64>> = series.iter().map(|lane| lane.iter().map(|z| z * z).collect()).collect();
    for a in 0..16 {
        for b in 0..a {
            let (r, r_squares) = (correlation(&series[a], &series[b]), correlation(&squares[a], &squares[b]));
            assert!(r.abs() < 4.0 && r_squares.abs() < 4.0, "lanes {a} and {b}: {r}, {r_squares}");
        }
    }
}

#[test]
fn machines_futures_panels_and_moments_are_independent() {
    let here = lanes(dice(), 0, 0..20_000).concat();
    for (what, other) in [
        ("machine", lanes(Dice::of(7, 0, "P-102"), 0, 0..20_000)),
        ("future", lanes(Dice::of(7, 1, "P-101"), 0, 0..20_000)),
        ("seed", lanes(Dice::of(8, 0, "P-101"), 0, 0..20_000)),
        ("panel", lanes(dice(), 1, 0..20_000)),
        ("next tick", lanes(dice(), 0, 1..20_001)),
        ("two ticks on", lanes(dice(), 0, 2..20_002)),
        ("far tick", lanes(dice(), 0, 1 << 32..(1 << 32) + 20_000)),
    ] {
        let r = correlation(&here, &other.concat());
        assert!(r.abs() < 4.0, "{what}: {r}");
    }
}
