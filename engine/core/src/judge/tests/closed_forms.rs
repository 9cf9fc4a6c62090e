//! Channels against closed forms and published tables.

use super::super::SCALES;
use super::super::baseline::{Block, Lens};
use super::super::channels::Channels;
use super::{Luck, learn};
use crate::judge::JudgeSpec;

/// A lens that takes readings as they are: white noise of spread 1 in independent columns.
fn plain(columns: usize, scales: [f64; SCALES]) -> Lens {
    let level = scales.map(|scale| (1.0 / (2.0 * scale - 1.0)).sqrt());
    let mut whiten = vec![0.0; columns * columns];
    (0..columns).for_each(|at| whiten[at * columns + at] = 1.0);
    Lens {
        columns: (0..columns as u32).collect(),
        centre: vec![0.0; columns],
        scale: vec![1.0; columns],
        blocks: vec![Block { first: 0, len: columns, foretell: vec![0.0; columns * columns], whiten }],
        bias: vec![0.0; columns],
        spread: vec![1.0; columns],
        level: level.iter().flat_map(|spread| vec![*spread; columns]).collect(),
        log_mean: vec![0.0; SCALES * columns],
        log_spread: vec![1.0; SCALES * columns],
        step: vec![1.0; columns],
        axes: [vec![0.0; columns], vec![0.0; columns]],
    }
}

/// Mean number of rows until a squared opinion passes a limit, over many runs of noise with a shift.
fn run_length(member: usize, limit: f64, shift: f64, runs: u64) -> f64 {
    let scales = [4.0, 16.0, 64.0];
    let lens = plain(1, scales);
    let mut rows = 0u64;
    for seed in 0..runs {
        let mut luck = Luck::new(seed + 1);
        // The first draws of neighbouring seeds are alike.
        luck.row(20);
        let mut channels = Channels::new(&lens, scales, &[true; 6], &[0.0]);
        loop {
            rows += 1;
            channels.advance(&lens, &[luck.normal() + shift]);
            if channels.opinions(&lens)[member] > limit * limit {
                break;
            }
        }
    }
    rows as f64 / runs as f64
}

#[test]
fn ewma_charts_run_as_long_as_lucas_and_saccucci_say() {
    // Memory 0.25, limits at 2.998 standard deviations.
    for (shift, expected, within) in [(0.0, 500.0, 0.08), (0.5, 48.2, 0.06), (1.0, 11.1, 0.05), (2.0, 3.6, 0.06)] {
        let found = run_length(0, 2.998, shift, 2_000);
        assert!((found / expected - 1.0).abs() < within, "shift {shift}: {found} rows, {expected} expected");
    }
}

#[test]
fn cusum_charts_run_as_long_as_lucas_and_crosier_say() {
    // Slack 0.5, both sides.
    for (height, shift, expected) in [(4.0, 0.0, 168.0), (4.0, 1.0, 8.38), (5.0, 0.0, 465.0), (5.0, 1.0, 10.4)] {
        let found = run_length(4 * SCALES, height, shift, 2_000);
        assert!(
            (found / expected - 1.0).abs() < 0.08,
            "height {height}, shift {shift}: {found} rows, {expected} expected"
        );
    }
}

#[test]
fn t2_of_independent_noise_is_chi_square() {
    // Memory of one row: the 99 % quantiles of chi-square with 4 and 8 degrees of freedom.
    for (columns, quantile) in [(4, 13.277), (8, 20.090)] {
        let scales = [1.0, 2.0, 3.0];
        let lens = plain(columns, scales);
        let mut channels = Channels::new(&lens, scales, &[true; 6], &vec![0.0; columns]);
        let mut luck = Luck::new(3);
        let (mut over, mut sum, rows) = (0, 0.0, 40_000);
        for _ in 0..rows {
            channels.advance(&lens, &luck.row(columns));
            let t2 = channels.opinions(&lens)[SCALES] * columns as f64;
            sum += t2 / rows as f64;
            over += usize::from(t2 > quantile);
        }
        assert!((sum / columns as f64 - 1.0).abs() < 0.02, "mean {sum} of {columns} columns");
        let share = over as f64 / rows as f64;
        assert!((share - 0.01).abs() < 0.002, "{share} of rows above the quantile");
    }
}

#[test]
fn a_level_answers_a_step_as_a_moving_average_does() {
    let scales = [4.0, 16.0, 64.0];
    let lens = plain(1, scales);
    let mut channels = Channels::new(&lens, scales, &[true; 6], &[0.0]);
    let mut left = [1.0; SCALES];
    for _ in 0..50 {
        channels.advance(&lens, &[1.0]);
        for (scale, left) in left.iter_mut().enumerate() {
            *left *= 1.0 - 1.0 / scales[scale];
            assert!((channels.level[scale] - (1.0 - *left)).abs() < 1e-12);
        }
    }
}

#[test]
fn spreads_of_levels_are_learnt_as_white_noise_has_them() {
    let mut luck = Luck::new(11);
    let rows: Vec<Vec<f64>> = (0..20_000).map(|_| luck.row(2)).collect();
    let spec = JudgeSpec { adapt: 0.0, ..JudgeSpec::default() };
    let baseline = learn(&rows, &spec).expect("rows that can be learnt from");
    for (scale, rows) in spec.scales.iter().enumerate() {
        let (found, expected) = (baseline.lens.level[2 * scale], (1.0 / (2.0 * rows - 1.0)).sqrt());
        assert!((found / expected - 1.0).abs() < 0.2, "{rows} rows: {found}, {expected} expected");
    }
    assert!((baseline.columns[0].scale - 1.0).abs() < 0.03 && baseline.columns[0].centre.abs() < 0.03);
}
