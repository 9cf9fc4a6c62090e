//! Remaining life: what holds of any table, on units whose truth is known because it was made here.

use super::*;
use crate::dice::{Dice, Purpose};

/// Units that wear evenly to their end: one sensor climbs with the square of the share of life that has gone, one falls,
/// one never moves; every number has its own address, so nothing hangs on an order.
fn worn(units: usize, regimes: usize) -> Lives {
    let names = |stem: &str, count: usize| (1..=count).map(|n| format!("{stem}{n}")).collect();
    let mut table = Lives { settings: names("setting_", 1), sensors: names("sensor_", 3), lives: Vec::new() };
    for unit in 0..units {
        let dice = Dice::of(7, 0, &format!("unit {unit}"));
        let mut luck = dice.stream(Purpose::named("worn"), 0);
        let span = 30 + (luck.uniform() * 40.0) as usize;
        let mut life = Life::new(format!("U{unit}"));
        for cycle in 1..=span {
            let gone = cycle as f64 / span as f64;
            let regime = (luck.uniform() * regimes as f64).floor();
            life.cycles.push(cycle as f64);
            life.settings.push(10.0 * regime + 0.01 * luck.uniform());
            let noise = |luck: &mut crate::dice::Stream| 0.1 * (luck.uniform() + luck.uniform() - 1.0);
            life.sensors.push(100.0 * regime + 2.0 * gone * gone + noise(&mut luck));
            life.sensors.push(-30.0 * regime - gone + noise(&mut luck));
            life.sensors.push(518.67);
        }
        table.lives.push(life);
    }
    table.settle().unwrap();
    table
}

const ASKED: Settings = Settings { cap: Some(30.0), coverage: 0.9 };

#[test]
fn wear_that_shows_is_found_whatever_the_regimes_do() {
    for regimes in [1, 6] {
        let learnt = learn(&worn(40, regimes), ASKED).unwrap();
        assert_eq!(learnt.model.found(), (regimes, 2));
        assert_eq!(learnt.model.still(), ["sensor_3"]);
        // Knowing nothing but the mean would be 30 / sqrt(12) = 9 cycles off.
        assert!(learnt.checked.rmse.0 < 5.0, "{regimes} regimes: {:?}", learnt.checked.rmse);
    }
}

#[test]
fn the_band_covers_as_many_unseen_rows_as_it_says() {
    let seen = worn(40, 1);
    let fresh = worn(200, 1);
    for coverage in [0.8, 0.9] {
        let model = learn(&seen, Settings { coverage, ..ASKED }).unwrap().model;
        // Units from 40 on were never seen.
        let mut rows = Vec::new();
        for (unit, life) in fresh.lives.iter().enumerate().skip(40) {
            for (cycle, said) in life.cycles.iter().zip(model.predict(life)) {
                let truth = life.last_cycle() - cycle;
                rows.push(Judged { unit, cycle: *cycle, truth, predicted: said.rul, low: said.low, high: said.high });
            }
        }
        let covered = judge(&rows).covered;
        // 160 units whose rows hang together: twice the standard error of 40 calibrating units and 160 judged ones.
        assert!((covered - coverage).abs() < 0.08, "{covered}, expected {coverage}");
    }
}

#[test]
fn a_prediction_never_hangs_on_later_rows() {
    let table = worn(12, 3);
    let model = learn(&table, ASKED).unwrap().model;
    let whole = &table.lives[3];
    let all = model.predict(whole);
    for rows in [1, 2, 17, whole.len() - 1] {
        let mut part = whole.clone();
        part.cycles.truncate(rows);
        assert!(model.predict(&part) == all[..rows], "{rows} rows");
    }
}

#[test]
fn a_model_comes_back_from_its_file_and_a_changed_one_is_refused() {
    let table = worn(10, 2);
    let model = learn(&table, ASKED).unwrap().model;
    let text = model.to_json().unwrap();
    assert!(Model::from_json(&text).unwrap() == model, "every number comes back");
    let changed = text.replace("\"cap\":30.0", "\"cap\":31.0");
    assert_eq!(Model::from_json(&changed).err(), Some(ModelError::Changed));
    let later = text.replace("rul-model/1", "rul-model/2");
    assert_eq!(Model::from_json(&later).err(), Some(ModelError::OtherSchema("rul-model/2".to_owned())));
    for at in (0..text.len()).step_by(text.len() / 50) {
        assert!(Model::from_json(&text[..at]).is_err());
    }
    for broken in ["", "{}", "[1e999]", "{\"schema\":\"rul-model/1\",\"digest\":\"\",\"model\":{}}"] {
        assert!(Model::from_json(broken).is_err());
    }
}

#[test]
fn hostile_tables_are_answered_and_never_a_panic() {
    let good = worn(6, 1);
    let few = |units: usize| Lives { lives: good.lives[..units].to_vec(), ..good.clone() };
    assert!(matches!(learn(&few(0), ASKED), Err(LivesError::TooFew { what: "units", .. })));
    assert!(matches!(learn(&few(1), ASKED), Err(LivesError::TooFew { what: "units", .. })));
    let mut short = good.clone();
    short.lives.iter_mut().for_each(|life| life.cycles.truncate(1));
    assert!(matches!(learn(&short, ASKED), Err(LivesError::TooFew { what: "rows", .. })));
    let mut still = good.clone();
    still.lives.iter_mut().for_each(|life| life.sensors.fill(1.0));
    assert_eq!(learn(&still, ASKED), Err(LivesError::NothingMoves));
    let mut twice = good.clone();
    twice.lives[2].cycles[5] = 5.0;
    assert_eq!(twice.settle(), Err(LivesError::TwiceTheSame { unit: "U2".to_owned(), cycle: 5.0 }));
    let mut nothing = good.clone();
    nothing.lives.iter_mut().for_each(|life| life.sensors.fill(f64::NAN));
    assert_eq!(learn(&nothing, ASKED), Err(LivesError::NothingMoves));
    let mut wild = good.clone();
    for (at, cell) in wild.lives.iter_mut().flat_map(|life| life.sensors.iter_mut().enumerate()) {
        match at % 11 {
            0 => *cell = f64::NAN,
            3 => *cell = 1e308,
            7 => *cell = f64::NEG_INFINITY,
            _ => {}
        }
    }
    wild.settle().unwrap();
    let model = learn(&wild, ASKED).unwrap().model;
    for said in wild.lives.iter().flat_map(|life| model.predict(life)) {
        assert!(said.low <= said.rul && said.rul <= said.high && said.high.is_finite(), "{said:?}");
    }
}

#[test]
fn rows_in_any_order_make_the_same_model() {
    let table = worn(8, 2);
    let mut mixed = table.clone();
    for life in &mut mixed.lives {
        let rows = life.len();
        let order: Vec<usize> = (0..rows).map(|row| row * 7 % rows).collect();
        if order.iter().collect::<std::collections::BTreeSet<_>>().len() == rows {
            let old = life.clone();
            life.cycles = order.iter().map(|row| old.cycles[*row]).collect();
            life.settings = order.iter().flat_map(|row| old.settings_at(*row, 1).to_vec()).collect();
            life.sensors = order.iter().flat_map(|row| old.sensors_at(*row, 3).to_vec()).collect();
        }
    }
    assert_ne!(mixed, table);
    mixed.settle().unwrap();
    assert!(learn(&mixed, ASKED).unwrap() == learn(&table, ASKED).unwrap());
}
