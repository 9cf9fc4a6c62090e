//! Samplers against closed forms: mean, variance and the whole distribution, for ordinary and for extreme parameters.

use std::f64::consts::{LN_2, PI};

use super::*;

const DRAWS: u64 = 20_000;

fn draw(name: &str, mut one: impl FnMut(&mut Stream) -> f64) -> Vec<f64> {
    let purpose = Purpose::named(name);
    (0..DRAWS).map(|occurrence| one(&mut dice().stream(purpose, occurrence))).collect()
}

/// Mean and variance within five of their own standard deviations, given the first four raw moments.
fn assert_moments(name: &str, draws: &[f64], raw: [f64; 4]) {
    let [m1, m2, m3, m4] = raw;
    let variance = m2 - m1 * m1;
    let fourth = m4 - 4.0 * m1 * m3 + 6.0 * m1 * m1 * m2 - 3.0 * m1 * m1 * m1 * m1;
    let n = draws.len() as f64;
    let off = (mean(draws) - m1) / (variance / n).sqrt();
    assert!(off.abs() < 5.0, "{name}: mean {} is {off} sigma off {m1}", mean(draws));
    let squares: Vec<f64> = draws.iter().map(|x| (x - m1) * (x - m1)).collect();
    let off = (mean(&squares) - variance) / ((fourth - variance * variance) / n).sqrt();
    assert!(off.abs() < 5.0, "{name}: variance {} is {off} sigma off {variance}", mean(&squares));
}

fn assert_follows(name: &str, draws: Vec<f64>, cdf: impl Fn(f64) -> f64) {
    let d = ks(draws, cdf);
    assert!(d < 1.95, "{name}: D = {d} / sqrt n");
}

#[test]
fn uniform_is_uniform_and_open() {
    let draws = draw("uniform", Stream::uniform);
    assert!(draws.iter().all(|u| *u > 0.0 && *u < 1.0));
    assert_moments("uniform", &draws, [1.0 / 2.0, 1.0 / 3.0, 1.0 / 4.0, 1.0 / 5.0]);
    assert_follows("uniform", draws, |u| u);
    let mut stream = dice().stream(PURPOSE, 0);
    let along_one_stream = (0..DRAWS).map(|_| stream.uniform()).collect();
    assert_follows("uniform along a stream", along_one_stream, |u| u);
}

#[test]
fn normal_is_normal() {
    let draws = draw("normal", Stream::normal);
    assert_moments("normal", &draws, [0.0, 1.0, 0.0, 3.0]);
    assert_follows("normal", draws, normal_cdf);
    let mut stream = dice().stream(PURPOSE, 1);
    let along_one_stream: Vec<f64> = (0..DRAWS).map(|_| stream.normal()).collect();
    assert!(correlation(&along_one_stream[1..], &along_one_stream[..DRAWS as usize - 1]).abs() < 4.0);
    assert_follows("normal along a stream", along_one_stream, normal_cdf);
}

#[test]
fn exponential_has_its_mean() {
    for mean in [1e-9, 1.0, 480.0] {
        let draws = draw("exponential", |s| s.exponential(mean));
        let raw = [mean, 2.0 * mean.powi(2), 6.0 * mean.powi(3), 24.0 * mean.powi(4)];
        assert_moments("exponential", &draws, raw);
        assert_follows("exponential", draws, |x| -libm::expm1(-x / mean));
    }
}

#[test]
fn weibull_has_its_mean_and_shape() {
    for shape in [0.4, 1.0, 3.5, 50.0] {
        let name = format!("weibull {shape}");
        let draws = draw(&name, |s| s.weibull(shape, 9000.0));
        let scale = 9000.0 / libm::tgamma(1.0 + 1.0 / shape);
        let raw = [1, 2, 3, 4].map(|k| scale.powi(k) * libm::tgamma(1.0 + f64::from(k) / shape));
        assert_moments(&name, &draws, raw);
        assert_follows(&name, draws, |x| -libm::expm1(-libm::pow(x / scale, shape)));
    }
}

#[test]
fn lognormal_has_its_median_and_spread() {
    for gsd in [1.001, 1.4, 5.0] {
        let name = format!("lognormal {gsd}");
        let draws = draw(&name, |s| s.lognormal(8.0, gsd));
        let sigma = libm::log(gsd);
        let raw = [1.0, 2.0, 3.0, 4.0].map(|k| libm::pow(8.0, k) * libm::exp(k * k * sigma * sigma / 2.0));
        assert_moments(&name, &draws, raw);
        assert_follows(&name, draws, |x| normal_cdf(libm::log(x / 8.0) / sigma));
    }
    assert_eq!(dice().stream(PURPOSE, 0).lognormal(8.0, 1.0), 8.0);
}

#[test]
fn gamma_is_gamma_down_to_tiny_shapes() {
    for shape in [1e-3, 0.02, 0.5, 1.0, 30.0, 1e6] {
        let name = format!("gamma {shape}");
        let raw = [1, 2, 3, 4].map(|k| (0..k).map(|i| shape + f64::from(i)).product());
        assert_moments(&name, &draw(&name, |s| s.gamma(shape, 1.0)), raw);
        if shape <= 30.0 {
            assert_follows(&name, draw(&name, |s| s.log_gamma(shape)), |log_x| gamma_cdf(shape, log_x));
        } else {
            // Wilson and Hilferty 1931: the cube root is all but normal
            let narrow = 1.0 / (9.0 * shape);
            let root = |x: f64| (libm::cbrt(x / shape) - (1.0 - narrow)) / narrow.sqrt();
            assert_follows(&name, draw(&name, |s| s.gamma(shape, 1.0)), |x| normal_cdf(root(x)));
        }
    }
}

#[test]
fn gamma_scales_and_agrees_with_its_logarithm() {
    for shape in [0.02, 0.5, 1.0, 30.0] {
        for k in 0..100 {
            let one = dice().stream(PURPOSE, k).gamma(shape, 1.0);
            assert_eq!(dice().stream(PURPOSE, k).gamma(shape, 0.25), 0.25 * one);
            let from_log = libm::exp(dice().stream(PURPOSE, k).log_gamma(shape));
            assert!((from_log - one).abs() <= 1e-12 * one);
        }
    }
}

#[test]
fn gamma_increments_add_up_to_the_whole() {
    // 1,024 nodes a life with a spread of 0.25, as wear paths are built: s = 1 ~ Gamma(16, 1/16)
    let purpose = Purpose::named("wear.test.path");
    let node = |life: u64, node: u64| dice().stream(purpose, life << 10 | node).gamma(1.0 / 64.0, 1.0 / 16.0);
    let ends: Vec<f64> = (0..1_000).map(|life| (0..1_024).map(|n| node(life, n)).sum()).collect();
    assert_follows("path", ends, |w| gamma_cdf(16.0, libm::log(16.0 * w)));
}

#[test]
fn student_t_has_unit_variance_and_its_tails() {
    let t = |nu: f64| {
        let purpose = Purpose::named(&format!("student {nu}"));
        let of = move |index| {
            let words = dice().words(purpose, index);
            student_t(nu, words[0], words[1])
        };
        (0..DRAWS).map(of).collect::<Vec<f64>>()
    };
    assert_follows("t 1", t(1.0), |x| 0.5 + libm::atan(x) / PI);
    assert_follows("t 2", t(2.0), |x| 0.5 + x / (2.0 * (2.0 + x * x).sqrt()));
    assert_follows("t 3", t(3.0), |x| 0.5 + (x / (1.0 + x * x) + libm::atan(x)) / PI);
    assert_follows("t 4", t(4.0), |x| {
        let s = x / (2.0 + x * x).sqrt();
        0.5 + 0.75 * (s - s * s * s / 3.0)
    });
    assert_follows("t 1e9", t(1e9), normal_cdf);
    // fourth moment of the scaled t: 3 (nu - 2) / (nu - 4)
    assert_moments("t 10", &t(10.0), [0.0, 1.0, 0.0, 4.0]);
    assert!(student_t(3.0, 0, 0).is_finite() && student_t(3.0, u32::MAX, u32::MAX).is_finite());
}

#[test]
fn choice_is_fair() {
    let mut counts = [0u32; 7];
    draw("choice", |s| s.choice(7) as f64).iter().for_each(|i| counts[*i as usize] += 1);
    let expected = DRAWS as f64 / 7.0;
    let chi_squared: f64 = counts.iter().map(|c| (f64::from(*c) - expected).powi(2) / expected).sum();
    assert!(chi_squared < 22.5, "{counts:?}"); // one in a thousand with six degrees of freedom
    assert_eq!(dice().stream(PURPOSE, 0).choice(1), 0);
    assert_eq!(dice().stream(PURPOSE, 0).choice(0), 0);
}

#[test]
fn poisson_arrivals_count_like_poisson() {
    let purpose = Purpose::named("shock.arrivals");
    let count = |hour: u64| {
        let mut stream = dice().stream(purpose, hour);
        let (mut at, mut n) = (stream.exponential(0.25), 0.0);
        while at < 1.0 {
            (at, n) = (at + stream.exponential(0.25), n + 1.0);
        }
        n
    };
    let counts: Vec<f64> = (0..DRAWS).map(count).collect();
    // raw moments of Poisson(4)
    assert_moments("poisson", &counts, [4.0, 20.0, 116.0, 756.0]);
}

#[test]
fn nonsense_is_nan_and_never_a_hang() {
    let stream = || dice().stream(PURPOSE, 0);
    for shape in [f64::NAN, -0.5, -7.0, f64::INFINITY] {
        assert!(stream().gamma(shape, 1.0).is_nan(), "shape {shape}");
    }
    assert_eq!(stream().gamma(0.0, 1.0), 0.0);
    assert!(stream().weibull(f64::NAN, 1.0).is_nan());
    assert!(stream().lognormal(1.0, -1.0).is_nan());
    assert!(stream().weibull(0.001, 1.0).is_finite());
    assert_eq!(stream().exponential(0.0), 0.0);
    assert!((stream().weibull(1.0, LN_2) - stream().exponential(LN_2)).abs() < 1e-12);
}
