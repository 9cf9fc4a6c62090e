//! The random laws: mean, spread and quantiles within 4 standard errors.

use super::{LIFE, all, lives, wears_at, with_wear};
use crate::noise::statistics::{correlation, moments, must_have_quantiles};

const SPREAD: f64 = 0.25;

/// Hours as parts of the life.
fn in_lives(hours: Vec<f64>) -> Vec<f64> {
    hours.into_iter().map(|hours| hours / f64::from(LIFE)).collect()
}

fn path(law: &str) -> String {
    with_wear(&format!("law = \"{law}\"\nlife = \"{LIFE} h\"\nspread = {SPREAD}"))
}

#[test]
fn gamma_wear_at_a_node_has_the_gamma_distribution() {
    let at = wears_at(&path("gamma"), all(), &[64, 256]);
    // Gamma(s / spread^2, scale spread^2): mean s, variance s spread^2, kurtosis 3 + 6 spread^2 / s.
    for (wear, s) in at.iter().zip([0.0625, 0.25]) {
        let kurtosis = 3.0 + 6.0 * SPREAD * SPREAD / s;
        moments(wear.iter().copied()).must_be(s, SPREAD * f64::sqrt(s), kurtosis, &format!("gamma at {s}"));
    }
    // scipy.stats.gamma(4, scale=0.0625).ppf(p)
    let quantiles = [
        (0.05, 0.08539489979686443),
        (0.25, 0.15845751324375582),
        (0.5, 0.22950379680318106),
        (0.75, 0.3193392178202113),
        (0.95, 0.48460353299579534),
    ];
    must_have_quantiles(&at[1], &quantiles, "gamma at 0.25");
    let later: Vec<f64> = at[1].iter().zip(&at[0]).map(|(late, early)| late - early).collect();
    let r = correlation(&at[0], &later);
    assert!(r.abs() < 4.0 / f64::from(all()).sqrt(), "increments are independent: r = {r}");
}

#[test]
fn gamma_wear_fails_when_its_nodes_do() {
    // The first node at or above 1: sums over k of P(w(k ds) < 1) = scipy.special.gammainc(k ds / spread^2, 1 / spread^2).
    let (mean, sd, kurtosis) = (1.0317382812292542, 0.24934826785661135, 3.0631889164117374);
    let lives = in_lives(lives(&path("gamma"), all(), 4 * LIFE));
    let found = moments(lives.iter().copied());
    found.must_be(mean, sd, kurtosis, "life of gamma");
    assert!((found.sd() / found.mean - SPREAD).abs() < 0.02, "the variation is near the spread");
}

#[test]
fn wiener_wear_at_a_node_is_normal() {
    let at = wears_at(&path("wiener"), all(), &[64, 256]);
    for (wear, s) in at.iter().zip([0.0625, 0.25]) {
        moments(wear.iter().copied()).must_be(s, SPREAD * f64::sqrt(s), 3.0, &format!("wiener at {s}"));
    }
    // scipy.stats.norm(0.25, 0.125).ppf(p)
    let quantiles = [
        (0.05, 0.04439329663106589),
        (0.25, 0.1656887812254898),
        (0.5, 0.25),
        (0.75, 0.3343112187745102),
        (0.95, 0.45560670336893405),
    ];
    must_have_quantiles(&at[1], &quantiles, "wiener at 0.25");
}

#[test]
fn wiener_wear_first_passes_one_like_an_inverse_gaussian() {
    let lives = in_lives(lives(&path("wiener"), all(), 6 * LIFE));
    // A walk that is seen at nodes passes late by 0.5826 spread sqrt(ds) (Siegmund 1985): -zeta(1/2) / sqrt(2 pi).
    let late = 0.5826 * SPREAD / 32.0;
    // scipy.stats.invgauss(mu=spread**2, scale=spread**-2): mean 1, sd spread, kurtosis 3.9375.
    moments(lives.iter().copied()).must_be(1.0 + late, SPREAD * (1.0 + late).sqrt(), 3.9375, "first passage");
    let quantiles = [
        (0.05, 0.6471848230141963),
        (0.25, 0.8206921349677203),
        (0.5, 0.9698395549391844),
        (0.75, 1.146408982615968),
        (0.95, 1.455683978572954),
    ];
    let early: Vec<f64> = lives.iter().map(|life| life - late).collect();
    must_have_quantiles(&early, &quantiles, "first passage");
}

#[test]
fn weibull_lives_have_the_mean_and_the_scatter_of_their_shape() {
    // scipy.stats.weibull_min(k, scale=1/gamma(1+1/k)): sd, kurtosis and quantiles at mean 1. Failure is seen at the
    // next tick, half a tick late on average.
    let life = 128;
    let late = 0.5 / f64::from(life);
    let two = [
        (0.05, 0.25555557280946056 + late),
        (0.25, 0.6052174741008174 + late),
        (0.5, 0.9394372786996512 + late),
        (0.75, 1.32856494053592 + late),
        (0.95, 1.9530194049543685 + late),
    ];
    let less_than_one = [
        (0.25, 0.18595587408306188 + late),
        (0.5, 0.5582140066755055 + late),
        (0.75, 1.3276641368653752 + late),
        (0.95, 3.478545200556559 + late),
    ];
    for (shape, sd, kurtosis, longest, quantiles) in [
        (2.0, 0.5227232008770635, 3.245089300687646, 6, &two[..]),
        (0.8, 1.260512786807108, 15.740742094087954, 36, &less_than_one),
    ] {
        let machine = with_wear(&format!("law = \"weibull\"\nlife = \"{life} h\"\nshape = {shape}"));
        let lives: Vec<f64> = lives(&machine, all(), longest * life).iter().map(|h| h / f64::from(life)).collect();
        moments(lives.iter().copied()).must_be(1.0 + late, sd, kurtosis, &format!("weibull {shape}"));
        must_have_quantiles(&lives, quantiles, &format!("weibull {shape}"));
    }
}

#[test]
fn shocks_come_by_poisson_and_add_up() {
    // 1,000 h at 0.01 an hour: Poisson(10) shocks.
    let fixed = with_wear("law = \"shock\"\nrate = 0.01\njump = 0.001");
    let counts: Vec<f64> = wears_at(&fixed, all(), &[1000])[0].iter().map(|wear| wear / 0.001).collect();
    assert!(counts.iter().all(|count| (count - count.round()).abs() < 1e-9), "whole shocks");
    moments(counts.iter().copied()).must_be(10.0, 10f64.sqrt(), 3.1, "how many");
    // scipy.stats.poisson(10).cdf(k) for k = 5, 9, 12, 15
    let quantiles =
        [(0.06708596287903189, 5.5), (0.4579297144718523, 9.5), (0.7915564763948745, 12.5), (0.9512595966960213, 15.5)];
    must_have_quantiles(&counts, &quantiles, "how many");
}

#[test]
fn random_shocks_add_up_to_a_compound_sum() {
    // Jumps uniform in 0 to 0.002: mean 0.001, second moment 4e-6 / 3. Stress 2 doubles the rate: 20 shocks.
    let random = with_wear("law = \"shock\"\nrate = 0.01\njump = { uniform = [0, 0.002] }\nstress = 2");
    let sums = &wears_at(&random, all(), &[1000])[0];
    let (count, second) = (20.0, 4e-6 / 3.0f64);
    // Kurtosis of a compound Poisson sum: 3 + E J^4 / (count (E J^2)^2), and E J^4 = 1.6e-11 / 5.
    let kurtosis = 3.0 + 1.6e-11 / 5.0 / (count * second * second);
    moments(sums.iter().copied()).must_be(count * 0.001, (count * second).sqrt(), kurtosis, "the sum");
}

#[test]
fn a_shock_that_kills_comes_after_an_exponential_time() {
    let deadly = with_wear("law = \"shock\"\nrate = 0.01\njump = 1");
    let lives = lives(&deadly, all(), 2_000);
    // Seen half a tick late on average; variance of a rounded-up exponential of mean 100: scipy.stats.geom(1-exp(-0.01)).
    moments(lives.iter().copied()).must_be(
        100.50083333194443,
        99.9995833345486,
        9.000100000833336,
        "time to the shock",
    );
}
