//! What the watch promises: it finds what was planted, is quiet where nothing was, and bears whatever it is given.

use super::*;

const DAY: usize = 288;
const STEP: i64 = 300_000_000_000;
const START: i64 = 1_396_310_400_000_000_000;

struct Luck(u64);

impl Luck {
    fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.even()).sum::<f64>() - 6.0
    }
}

/// Rows that are raised.
fn raised(values: &[f64]) -> Vec<usize> {
    let mut watch = SeriesWatch::new(&SeriesSpec::default());
    let time = |row: usize| START + row as i64 * STEP;
    values
        .iter()
        .enumerate()
        .filter(|(row, value)| watch.hear(time(*row), **value).anomaly)
        .map(|(row, _)| row)
        .collect()
}

/// Fourteen days with a working day from nine to six, and noise.
fn working_days(luck: &mut Luck) -> Vec<f64> {
    let level = |row: usize| if (108..216).contains(&(row % DAY)) { 80.0 } else { 20.0 };
    (0..14 * DAY).map(|row| level(row) * (1.0 + 0.08 * (luck.even() - 0.5))).collect()
}

/// Counts that swing over the day and burst now and then.
fn counts(luck: &mut Luck, rows: usize) -> Vec<f64> {
    let mut burst = 0.0;
    let mut count = |row: usize| {
        let usual = 40.0 + 20.0 * libm::sin(row as f64 / DAY as f64 * std::f64::consts::TAU);
        burst = if luck.even() < 0.003 { 60.0 / libm::sqrt(luck.even() + 0.01) } else { burst * 0.8 };
        (usual + burst + libm::sqrt(usual) * luck.normal()).max(0.0).round()
    };
    (0..rows).map(&mut count).collect()
}

type Plant = fn(f64, usize) -> f64;

/// What is planted on the morning of the eleventh day: a name, how many rows, what becomes of a value.
const PLANTED: [(&str, usize, Plant); 6] = [
    ("higher than ever", 108, |value, _| 1.9 * value),
    ("down instead of up", 108, |_, row| 5.0 + (row % 3) as f64),
    ("a day off", 108, |_, row| 20.0 + (row % 5) as f64 * 0.1),
    ("half of it", 108, |value, _| 0.5 * value),
    ("one spike", 1, |value, _| 4.0 * value),
    ("nothing at all", 24, |_, _| 0.0),
];

#[test]
fn what_is_planted_in_a_daily_rhythm_is_found_while_it_lasts() {
    let start = 10 * DAY + 120;
    for (name, rows, plant) in PLANTED {
        for seed in 1..=5 {
            let mut values = working_days(&mut Luck(seed));
            for (row, value) in values.iter_mut().enumerate().skip(start).take(rows) {
                *value = plant(*value, row);
            }
            let found = raised(&values);
            assert!(found.iter().any(|row| (start..start + rows + 3).contains(row)), "{name}, {seed}: {found:?}");
        }
    }
}

#[test]
fn a_burst_that_dwarfs_all_others_is_found_among_bursting_counts() {
    for seed in 1..=5 {
        let mut values = counts(&mut Luck(seed), 8000);
        values[6000..6010].iter_mut().for_each(|value| *value += 6000.0);
        let found = raised(&values);
        assert!(found.contains(&6000), "seed {seed}: {found:?}");
    }
}

#[test]
fn an_event_is_raised_once_and_not_at_each_of_its_rows() {
    let mut luck = Luck(3);
    let mut values: Vec<f64> = (0..3000).map(|_| 50.0 + luck.normal()).collect();
    values[2000..2040].iter_mut().for_each(|value| *value += 30.0);
    let found = raised(&values);
    let during = found.iter().filter(|row| (2000..2045).contains(*row)).count();
    assert!((1..=2).contains(&during), "its beginning, at most its end: {found:?}");
    assert!(found.contains(&2000), "at its first row: {found:?}");
}

/// Series in which nothing happens.
fn clean(luck: &mut Luck) -> Vec<(&'static str, Vec<f64>)> {
    let rows = 10_000;
    let mut slow = 0.0;
    vec![
        ("one level", (0..rows).map(|_| 3.0).collect()),
        ("noise", (0..rows).map(|_| 20.0 + luck.normal()).collect()),
        ("even noise", (0..rows).map(|_| luck.even()).collect()),
        ("heavy noise", (0..rows).map(|_| 1.0 / (luck.even() + 1e-3)).collect()),
        (
            "a wave",
            (0..rows).map(|row| libm::sin(row as f64 / 144.0 * std::f64::consts::PI) + 0.1 * luck.normal()).collect(),
        ),
        ("steps", (0..rows).map(|row| if row % DAY < 100 { 1.0 } else { 0.0 }).collect()),
        (
            "memory",
            (0..rows)
                .map(|_| {
                    slow = 0.9 * slow + luck.normal();
                    slow
                })
                .collect(),
        ),
        ("counts", counts(luck, rows)),
    ]
}

#[test]
fn where_nothing_happens_no_more_is_raised_than_five_members_exceed_by_chance() {
    // Each member exceeds the limit by chance once in e^limit values, give or take three deviations of a count.
    let expected = 5.0 * 10_000.0 * libm::exp(-SeriesSpec::default().limit);
    let most = expected + 3.0 * libm::sqrt(expected);
    for seed in 1..=3 {
        for (name, values) in clean(&mut Luck(seed)) {
            let found = raised(&values).len();
            assert!(found as f64 <= most, "{name}, {seed}: {found} in 10,000 rows, {most:.0} allowed");
        }
    }
    assert_eq!(raised(&[3.0; 10_000]).len(), 0, "a level that never changes");
}

#[test]
fn units_do_not_matter() {
    let mut values = working_days(&mut Luck(9));
    values[3000] = 200.0;
    let plain = raised(&values);
    assert!(plain.contains(&3000), "{plain:?}");
    for unit in [1.0 / 1_048_576.0, 1_048_576.0, -1.0] {
        let scaled: Vec<f64> = values.iter().map(|value| value * unit).collect();
        assert_eq!(raised(&scaled), plain, "times {unit}");
    }
}

#[test]
fn whatever_is_heard_gets_a_number() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, 0.0, -0.0, 5e-324, 1e-300, 1.0, 1e18];
    let times = [i64::MIN, -1, 0, 1, START, i64::MAX];
    let mut luck = Luck(1);
    let mut watch = SeriesWatch::new(&SeriesSpec::default());
    for row in 0..50_000 {
        // Odd values alone, then some between ordinary ones, with times that jump about.
        let pick = (luck.even() * 66.0) as usize;
        let value = if row < 5000 || row % 50 == 0 { odd[pick % odd.len()] } else { luck.normal() };
        let verdict = watch.hear(times[pick % times.len()], value);
        assert!(verdict.score.is_finite() && verdict.score >= 0.0, "row {row}: {verdict:?}");
        assert!(verdict.rarity.is_finite() && verdict.rarity >= 0.0, "row {row}: {verdict:?}");
        assert_eq!(verdict.anomaly, verdict.score >= 1.0);
        assert!(value.is_finite() || verdict == SeriesVerdict::default(), "nothing was read, nothing is said");
    }
}

#[test]
fn what_is_missing_changes_nothing() {
    let mut luck = Luck(5);
    let (mut whole, mut holed) = (SeriesWatch::new(&SeriesSpec::default()), SeriesWatch::new(&SeriesSpec::default()));
    for row in 0..3000 {
        let (time, value) = (START + row * STEP, luck.normal());
        assert_eq!(whole.hear(time, value), holed.hear(time, value));
        holed.hear(time + 1, f64::NAN);
    }
    assert_eq!(whole, holed);
}

#[test]
fn knobs_without_sense_fall_back() {
    for bad in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
        let spec = SeriesSpec { limit: bad, hold: bad, memory: bad, stretch: 0 };
        let usual = SeriesSpec { stretch: 2, ..SeriesSpec::default() };
        assert_eq!(SeriesWatch::new(&spec), SeriesWatch::new(&usual), "{bad}");
    }
    SeriesWatch::new(&SeriesSpec { stretch: usize::MAX, ..SeriesSpec::default() }).hear(0, 1.0);
}

#[test]
fn a_restored_watch_goes_on_as_if_never_saved_and_does_not_grow() {
    let mut luck = Luck(11);
    let mut watch = SeriesWatch::new(&SeriesSpec::default());
    let mut largest = 0;
    for row in 0..60_000 {
        if row % 20_000 == 19_999 {
            let saved = postcard::to_allocvec(&watch).expect("a watch can be saved");
            largest = largest.max(saved.len());
            let mut restored: SeriesWatch = postcard::from_bytes(&saved).expect("and restored");
            for later in 0..500 {
                let (time, value) = (START + (row + later) * STEP, luck.normal());
                assert_eq!(watch.hear(time, value), restored.hear(time, value));
            }
        }
        watch.hear(START + row * STEP, luck.normal());
    }
    assert!(largest < 64 * 1024, "{largest} bytes");
}
