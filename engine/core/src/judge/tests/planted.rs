//! Planted changes are found, and noise alone is not.

use super::{Luck, judge_of, learn};
use crate::judge::{Baseline, Judge, JudgeSpec, Verdict};
use std::sync::Arc;

const COLUMNS: usize = 8;

/// Noise with memory: each column by itself, spread 1.
fn coloured(luck: &mut Luck, rows: usize, memory: f64) -> Vec<Vec<f64>> {
    let mut state = luck.row(COLUMNS);
    let fresh = (1.0 - memory * memory).sqrt();
    (0..rows)
        .map(|_| {
            state.iter_mut().for_each(|value| *value = memory * *value + fresh * luck.normal());
            state.clone()
        })
        .collect()
}

/// Columns that share most of what moves them.
fn related(luck: &mut Luck, rows: usize) -> Vec<Vec<f64>> {
    let row = |luck: &mut Luck| {
        let common = luck.normal();
        (0..COLUMNS).map(|_| 0.98 * common + 0.199 * luck.normal()).collect()
    };
    (0..rows).map(|_| row(luck)).collect()
}

fn hear(judge: &mut Judge, rows: &[Vec<f64>]) -> Vec<Verdict> {
    rows.iter().map(|row| judge.hear(0, row)).collect()
}

fn first_anomaly(verdicts: &[Verdict]) -> Option<usize> {
    verdicts.iter().position(|verdict| verdict.anomaly)
}

#[test]
fn noise_is_seldom_an_anomaly() {
    for (memory, most) in [(0.0, 0.01), (0.5, 0.02), (0.8, 0.05)] {
        let (mut anomalous, mut rows) = (0, 0);
        for seed in 0..20 {
            let mut luck = Luck::new(seed + 100);
            let all = coloured(&mut luck, 2_500, memory);
            let verdicts = hear(&mut judge_of(&all[..500]), &all[500..]);
            anomalous += verdicts.iter().filter(|verdict| verdict.anomaly).count();
            rows += verdicts.len();
        }
        let share = anomalous as f64 / rows as f64;
        assert!(share <= most, "memory {memory}: {share} of rows are called anomalies");
    }
}

#[test]
fn a_shift_of_one_sensor_is_found_named_and_over_when_it_is_over() {
    for seed in 0..10 {
        let mut luck = Luck::new(seed + 7);
        let mut rows = coloured(&mut luck, 1_200, 0.3);
        rows[700..900].iter_mut().for_each(|row| row[5] += 4.0);
        let verdicts = hear(&mut judge_of(&rows[..500]), &rows[500..]);
        let first = first_anomaly(&verdicts[200..]).expect("an anomaly");
        assert!(first < 12, "seed {seed}: found after {first} rows");
        assert_eq!(verdicts[260].top.first().map(|top| top.0), Some(5), "seed {seed}");
        let shares: f64 = verdicts[260].top.iter().map(|top| top.1).sum();
        assert!(shares > 0.5 && shares <= 1.0 + 1e-9, "seed {seed}: shares {shares}");
        assert!(verdicts[198..215].iter().any(|verdict| verdict.changepoint), "seed {seed}");
        let after = verdicts[480..].iter().filter(|verdict| verdict.anomaly).count();
        assert!(after < 22, "seed {seed}: {after} of 220 rows long after the end");
    }
}

#[test]
fn a_sensor_that_becomes_noisy_is_found() {
    for seed in 0..10 {
        let mut luck = Luck::new(seed + 31);
        let mut rows = coloured(&mut luck, 900, 0.3);
        for row in &mut rows[600..] {
            row[2] += 3.0 * luck.normal();
        }
        let verdicts = hear(&mut judge_of(&rows[..500]), &rows[500..]);
        let first = first_anomaly(&verdicts[100..]).expect("an anomaly");
        assert!(first < 60, "seed {seed}: found after {first} rows");
    }
}

#[test]
fn a_sensor_that_turns_against_the_others_is_found_although_alone_it_is_as_ever() {
    for seed in 0..10 {
        let mut luck = Luck::new(seed + 57);
        let mut rows = related(&mut luck, 900);
        rows[600..].iter_mut().for_each(|row| row[3] = -row[3]);
        let verdicts = hear(&mut judge_of(&rows[..500]), &rows[500..]);
        let first = first_anomaly(&verdicts[100..]).expect("an anomaly");
        assert!(first < 200, "seed {seed}: found after {first} rows");
    }
}

#[test]
fn limits_are_heard_and_name_their_column() {
    let mut luck = Luck::new(4);
    let rows = coloured(&mut luck, 400, 0.0);
    let mut learner = crate::judge::Learner::new(COLUMNS, &JudgeSpec::default());
    rows.iter().for_each(|row| learner.hear(0, row));
    learner.bound(6, [-100.0, 4.0]);
    let mut judge = Judge::new(Arc::new(learner.finish().expect("a baseline")));
    let mut row = vec![0.0; COLUMNS];
    assert!(judge.hear(0, &row).parts[5] == 0.0);
    row[6] = 4.0;
    assert_eq!(judge.hear(0, &row).parts[5], 1.0);
    row[6] = 108.0;
    let verdict = judge.hear(0, &row);
    assert_eq!((verdict.parts[5], verdict.top[0].0), (2.0, 6));
}

#[test]
fn the_map_has_the_baseline_in_circles_of_its_spread() {
    let mut luck = Luck::new(17);
    let rows = related(&mut luck, 4_000);
    let spec = JudgeSpec { adapt: 0.0, ..JudgeSpec::default() };
    let mut judge = Judge::new(Arc::new(learn(&rows, &spec).expect("a baseline")));
    let places: Vec<[f64; 2]> = rows.iter().map(|row| judge.hear(0, row).place).collect();
    for axis in 0..2 {
        let square = places.iter().map(|place| place[axis] * place[axis]).sum::<f64>() / rows.len() as f64;
        assert!((square - 1.0).abs() < 0.1, "axis {axis}: {square}");
    }
    let within = places.iter().filter(|place| place[0] * place[0] + place[1] * place[1] < 5.991).count();
    assert!((within as f64 / rows.len() as f64 - 0.95).abs() < 0.015, "{within} rows within the ring of 95 %");
}

#[test]
fn a_kept_baseline_and_a_copied_judge_say_the_same_to_the_last_bit() {
    let mut luck = Luck::new(23);
    let rows = coloured(&mut luck, 900, 0.5);
    let baseline = learn(&rows[..400], &JudgeSpec::default()).expect("a baseline");
    let text = serde_json::to_string(&baseline).expect("text");
    let again: Baseline = serde_json::from_str(&text).expect("the same again");
    assert_eq!(again, baseline);
    assert_eq!(again.check(), Ok(()));
    let (mut first, mut second) = (Judge::new(Arc::new(baseline)), Judge::new(Arc::new(again)));
    assert_eq!(hear(&mut first, &rows[400..700]), hear(&mut second, &rows[400..700]));
    let mut copy = first.clone();
    assert_eq!(hear(&mut first, &rows[700..]), hear(&mut copy, &rows[700..]));
}

#[test]
fn a_judge_without_a_baseline_learns_from_its_first_rows() {
    let mut luck = Luck::new(29);
    let rows = coloured(&mut luck, 900, 0.2);
    let mut unlearnt = Judge::unlearnt(COLUMNS, &JudgeSpec::default());
    let verdicts = hear(&mut unlearnt, &rows);
    assert!(verdicts[..400].iter().all(|verdict| *verdict == Verdict::default()));
    assert_eq!(verdicts[400..], hear(&mut judge_of(&rows[..400]), &rows[400..]));
}

#[test]
fn limits_set_on_a_second_stretch_hold_on_a_third() {
    let mut luck = Luck::new(41);
    let rows = coloured(&mut luck, 3_000, 0.5);
    let mut learner = crate::judge::Learner::new(COLUMNS, &JudgeSpec::default());
    rows[..500].iter().for_each(|row| learner.hear(0, row));
    rows[500..1_000].iter().for_each(|row| learner.calibrate(0, row));
    let mut judge = Judge::new(Arc::new(learner.finish().expect("a baseline")));
    let anomalous = hear(&mut judge, &rows[1_000..]).iter().filter(|verdict| verdict.anomaly).count();
    assert!(anomalous <= 100, "{anomalous} of 2000 rows");
}
