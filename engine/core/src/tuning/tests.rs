//! What a setting makes of a signal is counted by hand here, and beside the watch of a whole site elsewhere.

use super::*;

const SECOND: i64 = 1_000_000_000;

fn signal(floor: f64, values: &[f32]) -> Signal {
    let mut signal = Signal::new(floor);
    values.iter().enumerate().for_each(|(at, value)| signal.push(at as i64 * SECOND, *value));
    signal
}

fn setting(limit: f64, deadband: f64, on: i64, off: i64) -> Setting {
    Setting { limit, deadband, on_delay: on * SECOND, off_delay: off * SECOND }
}

fn seconds(times: Vec<i64>) -> Vec<i64> {
    times.into_iter().map(|time| time / SECOND).collect()
}

#[test]
fn calls_are_those_that_one_counts_by_hand() {
    let values = [0.0, 2.0, 0.0, 2.0, 0.9, 2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 2.0];
    let cases: [(Setting, i64, &[i64]); 6] = [
        // The third within a minute: from then on it must be gone for a minute.
        (setting(1.0, 0.0, 0, 0), 0, &[1, 3, 5]),
        // 0.9 is inside the limit, but not by the deadband.
        (setting(1.0, 0.5, 0, 0), 0, &[1, 3, 11]),
        (setting(1.0, 0.0, 1, 0), 0, &[6]),
        (setting(1.0, 0.0, 2, 0), 0, &[7]),
        (setting(1.0, 0.0, 0, 2), 0, &[1, 11]),
        (setting(1.0, 0.0, 0, 0), 2, &[7]),
    ];
    for (setting, holds, expected) in cases {
        let found = calls(&signal(-1.0, &values), &setting, Rule { holds: holds * SECOND, ..Rule::default() });
        assert_eq!(seconds(found), expected, "{setting:?} {holds}");
    }
}

#[test]
fn what_lies_below_the_floor_is_one_piece_and_changes_no_call() {
    let mut state = 1u64;
    let mut values = Vec::new();
    for at in 0..5_000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let noise = (state >> 40) as f32 / 1e6;
        values.push(noise.fract() + if (at / 500) % 2 == 0 { 0.0 } else { 5.0 });
    }
    let (whole, cut) = (signal(-1.0, &values), signal(1.5, &values));
    assert!(cut.len() < whole.len() * 6 / 10);
    for on in [0, 1, 3, 10] {
        for off in [0, 1, 7, 100] {
            for (holds, gone) in [(0, 0), (5, 5), (0, 30)] {
                let setting = setting(5.4, 0.5, on, off);
                let rule = Rule { holds: holds * SECOND, gone: gone * SECOND, quiet: None };
                assert_eq!(calls(&cut, &setting, rule), calls(&whole, &setting, rule), "{setting:?} {rule:?}");
            }
        }
    }
}

#[test]
fn a_stretch_is_where_half_of_the_readings_are_beyond() {
    let values: Vec<f32> =
        (0..4_000).map(|at| if (1_000..2_500).contains(&at) && at % 3 != 0 { 2.0 } else { 0.0 }).collect();
    let found = stretches(&signal(-1.0, &values), 1.0, 600 * SECOND);
    assert_eq!(found.len(), 1);
    let (from, to) = (found[0].0 / SECOND, found[0].1 / SECOND);
    assert!((1_000..=1_010).contains(&from) && (2_500..=3_000).contains(&to), "{from} {to}");
    // One reading in a hundred is noise.
    let rare: Vec<f32> = (0..4_000).map(|at| if at % 100 == 0 { 2.0 } else { 0.0 }).collect();
    assert!(stretches(&signal(-1.0, &rare), 1.0, 600 * SECOND).is_empty());
}

/// A limit in the noise: a calm value that touches it, and an hour in which it is really passed.
fn chattering() -> Vec<Unit> {
    let mut state = 7u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 53) as f64
    };
    let unit = |uniform: &mut dyn FnMut() -> f64| {
        let mut signal = Signal::new(-100.0);
        for at in 0..20_000i64 {
            let noise = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
            let level = if (9_000..12_600).contains(&at) { 14.0 } else { 8.0 };
            signal.push(at * SECOND, (level + noise) as f32);
        }
        Unit {
            signal,
            rule: Rule::default(),
            episodes: vec![Episode { from: 9_000 * SECOND, to: 12_600 * SECOND, sure: true }],
        }
    };
    (0..3).map(|_| unit(&mut uniform)).collect()
}

fn grid() -> Grid {
    let delays = [0, 5, 10, 30, 60].map(|delay| delay * SECOND).to_vec();
    Grid { limits: vec![-1.0, 1.0, 2.0], deadbands: vec![1.0, 2.0, 4.0], delays }
}

#[test]
fn what_is_proposed_is_quiet_tells_all_that_was_told_and_names_its_delay() {
    let units = chattering();
    let present = setting(10.0, 0.0, 0, 0);
    let all = candidates((&units, &[]), &present, 1.0, 0.0, &grid());
    let wishes = Wishes { delay: 60 * SECOND, missed: 10.0, moves_limits: false };
    let chosen = choose(&all, &wishes).expect("there is always the present one");
    // It flutters: the call stands when the hour comes, so nobody is told of it.
    assert!(all[0].ledger.useless > 200 && all[0].ledger.missed == 3, "{:?}", all[0].ledger);
    assert!(chosen.ledger.calls * 10 <= all[0].ledger.calls, "{chosen:?}");
    assert_eq!(chosen.ledger.missed, 0);
    assert!(chosen.later <= wishes.delay && chosen.setting.limit == 10.0);
    let longest = chosen.ledger.told_after.iter().flatten().max().copied().unwrap_or(i64::MAX);
    assert!(chosen.latest <= longest);
    // Nothing on the frontier is beaten by anything.
    let front = frontier(&all);
    for one in &front {
        let beaten = all.iter().any(|other| {
            let pairs = [
                (other.later, one.later),
                (other.ledger.useless as i64, one.ledger.useless as i64),
                (other.ledger.missed as i64, one.ledger.missed as i64),
            ];
            pairs.iter().all(|(a, b)| a <= b) && pairs.iter().any(|(a, b)| a < b)
        });
        assert!(!beaten, "{one:?}");
    }
}

#[test]
fn where_nothing_is_better_all_stays_as_it_is() {
    let quiet = vec![Unit { signal: signal(-1.0, &[0.0; 1_000]), rule: Rule::default(), episodes: Vec::new() }];
    let present = setting(10.0, 0.5, 5, 5);
    let all = candidates((&quiet, &[]), &present, 1.0, 0.0, &grid());
    let wishes = Wishes { delay: 0, missed: 10.0, moves_limits: true };
    assert_eq!(choose(&all, &wishes).map(|one| one.setting), Some(present));
}

#[test]
fn a_value_that_creeps_through_a_limit_calls_once_where_deadband_and_delay_are_right() {
    let noisy: Vec<(i64, f64)> = {
        let mut state = 3u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 53) as f64
        };
        let noise = |uniform: &mut dyn FnMut() -> f64| (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
        (0..20_000i64).map(|at| (at * SECOND, 50.0 + noise(&mut uniform))).collect()
    };
    let signal = creep(&noisy, 86_400 * SECOND);
    assert_eq!(signal.len(), noisy.len());
    let count = |setting: &Setting| calls(&signal, setting, Rule::default()).len();
    assert!(count(&setting(0.0, 0.0, 0, 0)) > 5, "{}", count(&setting(0.0, 0.0, 0, 0)));
    assert_eq!(count(&setting(0.0, 4.0, 5, 5)), 1);
    assert!(creep(&[], 1).is_empty());
}
