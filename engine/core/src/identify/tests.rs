//! Streams made here by the closed forms of lag, noise and rounding: what is found must be what was put in.

use super::*;
use crate::dice::{Dice, Purpose, Stream};

/// What a stream is made of.
#[derive(Debug, Clone, Copy)]
struct Made {
    gains: [f64; 2],
    lag: f64,
    sd: f64,
    memory: f64,
    step: f64,
    /// Every how many rows one is lost, at random.
    lost: f64,
    rows: usize,
}

const PLAIN: Made = Made { gains: [3.0, -0.5], lag: 0.0, sd: 0.2, memory: 0.0, step: 0.0, lost: 0.0, rows: 12_000 };
const TICK: f64 = 2.0;

fn luck(name: &str) -> Stream {
    Dice::of(11, 0, name).stream(Purpose::named("made"), 0)
}

/// One driver switches, one wanders; readings as the engine makes them: settled at first, a lagged value follows what
/// was a tick ago, noise of stationary spread, rounding last.
fn record(made: Made, name: &str) -> Record {
    let mut luck = luck(name);
    let (mut load, mut air, mut noise, mut ahead) = (0.5, 0.0, f64::NAN, f64::NAN);
    let mut out = Record { seconds: vec![], drivers: vec![Series::default(); 2], sensors: vec![Series::default()] };
    out.drivers[0].name = "load".to_owned();
    out.drivers[1].name = "air".to_owned();
    out.sensors[0].name = "temp".to_owned();
    let keep = if made.memory > 0.0 { libm::exp(-TICK / made.memory) } else { 0.0 };
    let wander = libm::exp(-TICK / 400.0);
    for row in 0..made.rows {
        if luck.uniform() < 0.01 {
            load = luck.uniform();
        }
        air = wander * air + (1.0 - wander * wander).sqrt() * 4.0 * luck.normal();
        let target = 20.0 + made.gains[0] * load + made.gains[1] * air;
        let fresh = luck.normal() * made.sd;
        noise = if noise.is_nan() { fresh } else { keep * noise + (1.0 - keep * keep).sqrt() * fresh };
        ahead = if row == 0 { target } else { ahead };
        let truth = if made.lag > 0.0 { ahead } else { target };
        if made.lag > 0.0 {
            ahead = truth + (target - truth) * (1.0 - libm::exp(-TICK / made.lag));
        }
        let value = truth + noise;
        let value = if made.step > 0.0 { (value / made.step).round() * made.step } else { value };
        if luck.uniform() >= made.lost {
            out.seconds.push(row as f64 * TICK);
            out.drivers[0].values.push(load);
            out.drivers[1].values.push(air);
            out.sensors[0].values.push(value);
        }
    }
    out
}

fn near(found: f64, wanted: f64, share: f64, what: &str) {
    assert!((found - wanted).abs() <= share * wanted.abs(), "{what}: {found}, expected {wanted} within {share}");
}

#[test]
fn gains_lag_noise_and_step_are_found_again() {
    let cases = [
        ("white", PLAIN),
        ("lagged", Made { lag: 40.0, ..PLAIN }),
        ("remembering", Made { memory: 30.0, ..PLAIN }),
        ("all at once", Made { lag: 40.0, memory: 12.0, step: 0.1, ..PLAIN }),
        ("coarse", Made { step: 0.25, ..PLAIN }),
        ("irregular", Made { lost: 0.3, memory: 20.0, ..PLAIN }),
        ("irregular and lagged", Made { lost: 0.2, lag: 60.0, ..PLAIN }),
    ];
    for (name, made) in cases {
        let (_, found) = identify(&record(made, name));
        let found = &found[0];
        assert_eq!(found.gains.len(), 2, "{name}: {found:?}");
        near(found.gains[0].1, made.gains[0], 0.05, name);
        near(found.gains[1].1, made.gains[1], 0.05, name);
        // The sd of n rows of noise that remembers m ticks is known to sqrt(m / n) or so.
        near(found.sd, made.sd, if made.memory > 0.0 { 0.05 } else { 0.03 }, name);
        match made.lag > 0.0 {
            true => near(found.lag.unwrap_or(0.0), made.lag, 0.1, name),
            false => assert_eq!(found.lag, None, "{name}"),
        }
        match made.memory > 0.0 {
            true => near(found.memory.unwrap_or(0.0), made.memory, 0.15, name),
            false => assert_eq!(found.memory, None, "{name}"),
        }
        assert_eq!(found.step.map(|step| (step * 1e6).round() / 1e6), (made.step > 0.0).then_some(made.step), "{name}");
        assert!(found.explained.unwrap_or(0.0) > 0.5, "{name}: {:?}", found.explained);
    }
}

#[test]
fn what_rows_do_not_tell_is_said_and_not_made_up() {
    let mut made = record(PLAIN, "doubts");
    let rows = made.seconds.len();
    let twin = made.drivers[0].values.iter().map(|x| 2.0 * x + 1.0).collect();
    let mut other = luck("of no effect");
    let idle = (0..rows).map(|_| other.normal()).collect();
    for (name, values) in [("stands", vec![7.0; rows]), ("twin", twin), ("idle", idle)] {
        made.drivers.push(Series { name: name.to_owned(), values });
    }
    made.sensors.push(Series { name: "still".to_owned(), values: vec![3.5; rows] });
    made.sensors.push(Series { name: "empty".to_owned(), values: vec![f64::NAN; rows] });
    let (drivers, found) = identify(&made);
    assert_eq!(drivers[2].doubt, Some(Doubt::Stands));
    assert_eq!(drivers[3].doubt, Some(Doubt::MovesWith(vec![0, 1])));
    assert_eq!(found[0].gains.iter().map(|gain| gain.0).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(found[0].doubts, [Doubt::NoGain(4)]);
    assert_eq!((found[1].base, found[1].sd, &found[1].doubts), (3.5, 0.0, &vec![Doubt::NeverMoves]));
    assert_eq!(found[2].doubts, [Doubt::TooFewRows(0)]);
}

#[test]
fn a_sensor_that_follows_something_else_keeps_no_gain() {
    // The driver's meaning turns round after two thirds: what was learnt there is worse than nothing.
    let mut made = record(PLAIN, "turned");
    let from = made.seconds.len() * 2 / 3;
    made.sensors[0].values[from..].iter_mut().for_each(|value| *value = 40.0 - *value);
    let (_, found) = identify(&made);
    assert!(matches!(found[0].doubts[..], [Doubt::NoBetterThanMean(share), ..] if share < 0.0), "{:?}", found[0]);
    assert!(found[0].gains.is_empty());
}

#[test]
fn noise_under_a_coarse_step_is_not_told() {
    let (_, found) = identify(&record(Made { sd: 0.02, step: 0.5, ..PLAIN }, "under"));
    assert!(found[0].doubts.contains(&Doubt::NoiseBelowStep), "{:?}", found[0]);
    assert_eq!(found[0].sd, 0.0);
}

#[test]
fn hostile_records_are_answered_and_never_a_panic() {
    let shapes: [fn(usize) -> f64; 6] = [
        |_| f64::NAN,
        |row| if row % 2 == 0 { 1e150 } else { -1e150 },
        |row| if row == 5 { 1.0 } else { 0.0 },
        |row| row as f64 * 1e-300,
        |row| if row % 3 == 0 { f64::NAN } else { row as f64 },
        |_| 0.0,
    ];
    for rows in [0, 1, 2, 59, 61, 200] {
        let series = |at: usize| Series { name: at.to_string(), values: (0..rows).map(shapes[at]).collect() };
        let record = Record {
            seconds: (0..rows).map(|row| row as f64).collect(),
            drivers: (0..shapes.len()).map(series).collect(),
            sensors: (0..shapes.len()).map(series).collect(),
        };
        let (drivers, found) = identify(&record);
        assert_eq!((drivers.len(), found.len()), (6, 6));
        for found in &found {
            assert!(found.sd.is_finite() && found.base.is_finite(), "{rows}: {found:?}");
        }
    }
}
