//! Hostile rows: a clear answer, bounded memory, no panic, and no score that is not finite.

use super::{Luck, judge_of, learn};
use crate::judge::{Judge, JudgeSpec, Verdict};
use std::sync::Arc;

fn is_sound(verdict: &Verdict) -> bool {
    let numbers = verdict.parts.iter().chain(&verdict.place).chain(verdict.top.iter().map(|(_, share)| share));
    verdict.score >= 0.0 && verdict.score.is_finite() && numbers.clone().all(|number| number.is_finite())
}

const WILD: [f64; 12] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    1e308,
    -1e308,
    1e149,
    -1e149,
    f64::MIN_POSITIVE,
    5e-324,
    -0.0,
    0.0,
    1e15,
];

#[test]
fn too_little_to_learn_from_is_said() {
    let mut luck = Luck::new(1);
    let rows: Vec<Vec<f64>> = (0..2).map(|_| luck.row(3)).collect();
    for (rows, said) in [
        (vec![], "0 rows to learn from: at least 32 are needed"),
        (rows[..1].to_vec(), "1 row to learn from: at least 32 are needed"),
        (rows, "2 rows to learn from: at least 32 are needed"),
        (vec![vec![5.0; 3]; 100], "nothing to learn from: all columns are empty or always the same"),
        (vec![vec![f64::NAN; 1]; 100], "nothing to learn from: the column is empty or always the same"),
        (vec![vec![]; 100], "0 rows"),
    ] {
        let answer = learn(&rows, &JudgeSpec::default()).expect_err("nothing can be learnt");
        assert!(answer.contains(said) || rows.first().is_some_and(Vec::is_empty), "{answer}");
    }
}

#[test]
fn columns_that_say_nothing_are_left_out_and_the_rest_is_judged() {
    let mut luck = Luck::new(2);
    let row = |luck: &mut Luck| vec![7.0, luck.normal(), f64::NAN, luck.normal(), f64::INFINITY];
    let rows: Vec<Vec<f64>> = (0..500).map(|_| row(&mut luck)).collect();
    let baseline = learn(&rows, &JudgeSpec::default()).expect("two columns speak");
    assert_eq!(baseline.columns.iter().map(|column| column.mute).collect::<Vec<_>>(), [true, false, true, false, true]);
    let mut judge = Judge::new(Arc::new(baseline));
    for _ in 0..100 {
        let mut row = row(&mut luck);
        row[3] += 8.0;
        assert!(is_sound(&judge.hear(0, &row)));
    }
    let verdict = judge.hear(0, &row(&mut luck));
    assert!(verdict.anomaly);
    assert_eq!(verdict.top[0].0, 3);
}

#[test]
fn wild_values_while_learning_and_judging_leave_finite_scores() {
    let mut luck = Luck::new(5);
    let mut rows: Vec<Vec<f64>> = (0..400).map(|_| luck.row(6)).collect();
    for (at, wild) in WILD.iter().enumerate() {
        rows[20 + 30 * at][at % 6] = *wild;
    }
    let mut judge = judge_of(&rows);
    for turn in 0..2_000usize {
        let mut row = luck.row(6);
        row[turn % 6] = WILD[turn % WILD.len()];
        row[(turn / 7) % 6] = WILD[(turn / 5) % WILD.len()];
        assert!(is_sound(&judge.hear(turn as i64 * if turn % 3 == 0 { -1 } else { 1 }, &row)), "{row:?}");
    }
    for wild in WILD {
        assert!((0..50).all(|_| is_sound(&judge.hear(i64::MIN, &[wild; 6]))), "{wild}");
    }
}

#[test]
fn columns_of_any_size_are_judged_alike() {
    let mut luck = Luck::new(6);
    let rows: Vec<Vec<f64>> =
        (0..700).map(|at| luck.row(3).iter().map(|v| v + if at > 600 { 5.0 } else { 0.0 }).collect()).collect();
    let mut usual = judge_of(&rows[..400]);
    for factor in [1e-100, 1e-6, 1e6, 1e100] {
        let scaled: Vec<Vec<f64>> = rows.iter().map(|row| row.iter().map(|value| value * factor).collect()).collect();
        let (mut usual, mut judge) = (usual.clone(), judge_of(&scaled[..400]));
        for (row, scaled) in rows[400..].iter().zip(&scaled[400..]) {
            let (known, found) = (usual.hear(0, row), judge.hear(0, scaled));
            assert!(
                (known.score - found.score).abs() < 1e-6 * (1.0 + known.score),
                "{factor}: {} {}",
                known.score,
                found.score
            );
        }
    }
    assert!(is_sound(&usual.hear(0, &[])), "a short row is a row with nothing read");
    assert!(is_sound(&usual.hear(0, &[0.0; 9])));
}

#[test]
fn columns_that_are_copies_of_each_other_are_no_trouble() {
    let mut luck = Luck::new(8);
    let row = |luck: &mut Luck| {
        let value = luck.normal();
        vec![value, value, 2.0 * value + 3.0, luck.normal()]
    };
    let rows: Vec<Vec<f64>> = (0..400).map(|_| row(&mut luck)).collect();
    let mut judge = judge_of(&rows);
    let anomalous = (0..1_000).filter(|_| judge.hear(0, &row(&mut luck)).anomaly).count();
    assert!(anomalous <= 20, "{anomalous}");
    let mut parted = row(&mut luck);
    parted[1] = -parted[0] + 1.0;
    assert!((0..20).any(|_| judge.hear(0, &parted).anomaly));
}

#[test]
fn ten_thousand_columns_are_cut_into_blocks() {
    let columns = 10_000;
    let mut luck = Luck::new(9);
    let rows: Vec<Vec<f64>> = (0..160).map(|_| luck.row(columns)).collect();
    let baseline = learn(&rows, &JudgeSpec::default()).expect("a baseline");
    let cells: usize = baseline.lens.blocks.iter().map(|block| block.foretell.len() + block.whiten.len()).sum();
    assert!(cells <= 2 * columns * 64, "{cells}");
    assert_eq!(baseline.check(), Ok(()));
    let mut judge = Judge::new(Arc::new(baseline));
    for _ in 0..10 {
        assert!(is_sound(&judge.hear(0, &luck.row(columns))));
    }
    let far: Vec<f64> =
        luck.row(columns).iter().enumerate().map(|(at, value)| value + if at == 777 { 1e6 } else { 0.0 }).collect();
    let verdicts: Vec<Verdict> = (0..20).map(|_| judge.hear(0, &far)).collect();
    assert!(verdicts.iter().all(is_sound));
    assert_eq!(verdicts[19].top.first().map(|top| top.0), Some(777));
}

#[test]
fn a_changed_baseline_is_refused() {
    let mut luck = Luck::new(12);
    let rows: Vec<Vec<f64>> = (0..100).map(|_| luck.row(3)).collect();
    let known = learn(&rows, &JudgeSpec::default()).expect("a baseline");
    let changes: [fn(&mut crate::judge::Baseline); 9] = [
        |baseline| baseline.lens.centre.truncate(1),
        |baseline| baseline.lens.columns[0] = 99,
        |baseline| baseline.lens.scale[0] = 0.0,
        |baseline| baseline.lens.level[2] = f64::NAN,
        |baseline| baseline.lens.blocks[0].len = usize::MAX,
        |baseline| baseline.lens.blocks.clear(),
        |baseline| baseline.limit = -1.0,
        |baseline| baseline.usual[0] = f64::INFINITY,
        |baseline| baseline.spec.scales[1] = 0.0,
    ];
    for (at, change) in changes.iter().enumerate() {
        let mut changed = known.clone();
        change(&mut changed);
        assert!(changed.check().is_err(), "change {at}");
    }
}
