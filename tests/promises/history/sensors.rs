//! What sensors said: every reading as it was written, limits, grains, and answers where there is nothing.

use super::*;
use twinwright_tests::{Scratch, program, said, shown, twinwright};

const SENSORS: [(&str, &str); 3] = [("vibration", "mm/s"), ("temp", "degC"), (HOSTILE[1], "")];
/// Three hours of seconds.
const SECONDS: i64 = 10_800;

/// Seconds of a ramp, one bad with a value and one without; a month of minutes; one reading of the hostile sensor.
fn readings() -> Vec<(usize, i64, f64, i16)> {
    let mut readings: Vec<(usize, i64, f64, i16)> = (0..SECONDS)
        .map(|second| {
            let (value, quality) = match second {
                8 => (999_999.0, 1),
                7_207 => (f64::NAN, 1),
                9 => (9.0, 2),
                10 => (10.0, 3),
                _ => (second as f64, 0),
            };
            (0, START + second * SECOND, value, quality)
        })
        .collect();
    readings.extend((0..43_200).map(|minute| (1, START + minute * 60 * SECOND, f64::from(minute as i32 % 60), 0)));
    readings.push((2, START - 1, -0.125, 0));
    readings
}

fn both(scratch: &Scratch) -> [Base; 2] {
    let bases = Base::both(scratch);
    bases.iter().for_each(|base| write(base, &SENSORS, &readings()));
    bases
}

fn sensor(base: &Base, name: &str) -> SensorArgs {
    SensorArgs { sensor: name.to_owned(), source: source(base), ..SensorArgs::default() }
}

fn csv(base: &Base, name: &str, every: EveryArg, between: Between) -> What {
    What::Sensor(SensorArgs { every, between, format: Form::Csv, ..sensor(base, name) })
}

/// The lines that a stretch of the ramp must give.
fn ramp(seconds: impl Iterator<Item = i64>) -> String {
    let line = |second: i64| {
        let (value, quality) = match second {
            8 => ("999999.0".to_owned(), "bad"),
            7_207 => (String::new(), "bad"),
            9 => ("9.0".to_owned(), "uncertain"),
            10 => ("10.0".to_owned(), "substitute"),
            _ => (format!("{second}.0"), "good"),
        };
        format!("{},{value},{quality}\n", text(START + second * SECOND))
    };
    std::iter::once("time,value,quality\n".to_owned()).chain(seconds.map(line)).collect()
}

#[test]
fn readings_come_back_as_they_were_written_within_their_limits() {
    let scratch = Scratch::new();
    let bases = both(&scratch);
    let all = of_both(&bases, |base| {
        csv(base, "P-101.vibration", EveryArg::Raw, between(Some("2020-01-01T00:00:00Z"), None))
    });
    assert!(all == ramp(0..SECONDS), "ten thousand rows, each as it was");
    // The first instant belongs to a stretch, the last does not.
    let from = text(START + 100 * SECOND);
    let to = text(START + 200 * SECOND);
    let some = of_both(&bases, |base| csv(base, "P-101.vibration", EveryArg::Raw, between(Some(&from), Some(&to))));
    assert_eq!(some, ramp(100..200));
    let last = of_both(&bases, |base| {
        What::Sensor(SensorArgs { last: Some(5), format: Form::Csv, ..sensor(base, "P-101.vibration") })
    });
    assert_eq!(last, ramp(SECONDS - 5..SECONDS));
    let before = of_both(&bases, |base| {
        let args = SensorArgs { last: Some(3), between: between(None, Some(&to)), ..sensor(base, "P-101.vibration") };
        What::Sensor(SensorArgs { format: Form::Csv, ..args })
    });
    assert_eq!(before, ramp(197..200));
    let odd = format!("{}.{}", HOSTILE[0], HOSTILE[1]);
    let one = of_both(&bases, |base| csv(base, &odd, EveryArg::Raw, Between::default()));
    assert_eq!(one, format!("time,value,quality\n{},-0.125,good\n", text(START - 1)));
    let page = of_both(&bases, |base| What::Sensor(sensor(base, &odd)));
    assert!(page.starts_with("'; DROP TABLE sensors; --.a.b\\u{1b}[2J \"x\", $1, 1 reading"), "{page}");
}

#[test]
fn minutes_and_hours_are_those_of_the_ramp_rolled_up_or_not() {
    let scratch = Scratch::new();
    let bases = both(&scratch);
    let ask = |every: EveryArg| of_both(&bases, |base| csv(base, "P-101.vibration", every, Between::default()));
    let [minutes, hours] = [ask(EveryArg::Minute), ask(EveryArg::Hour)];
    assert_eq!((minutes.lines().count(), hours.lines().count()), (181, 4));
    // Sixty whole numbers in a row: variance n (n + 1) / 12, the 95th percentile at 0.95 (n - 1).
    let line = minutes.lines().nth(6).unwrap();
    let cells: Vec<&str> = line.split(',').collect();
    let number = |at: usize| cells[at].parse::<f64>().unwrap();
    assert_eq!((cells[0], cells[6]), (text(START + 300 * SECOND).as_str(), "60"));
    assert_eq!((number(1), number(2), number(3)), (329.5, 300.0, 359.0));
    assert!((number(4) - 305f64.sqrt()).abs() < 1e-9 && (number(5) - 356.05).abs() < 1e-9, "{line}");
    // A bad reading does not count, with a value or without.
    let first: Vec<f64> = hours.lines().nth(1).unwrap().split(',').skip(1).map(|cell| cell.parse().unwrap()).collect();
    assert_eq!((first[5], first[2]), (3_599.0, 3_599.0));
    assert!((first[0] - (3_600.0 * 1_799.5 - 8.0) / 3_599.0).abs() < 1e-9);
    assert!(hours.lines().nth(3).unwrap().ends_with(",3599"));
    // Hours that are marked as due are worked out from the readings: nobody sees a hole.
    for base in &bases {
        base.ask("DELETE FROM sensor_readings_1m WHERE sensor_id = 1 AND count > 59");
        base.ask("DELETE FROM sensor_readings_1h WHERE sensor_id = 1");
        let hours = match base {
            Base::Postgres(_) => {
                "SELECT DISTINCT sensor_id, date_trunc('hour', time) FROM sensor_readings WHERE sensor_id = 1"
            }
            Base::Sqlite(_) => {
                "SELECT DISTINCT sensor_id, time - time % 3600000000 FROM sensor_readings WHERE sensor_id = 1"
            }
        };
        base.ask(&format!("INSERT INTO rollups_due (sensor_id, hour) {hours}"));
    }
    assert_eq!([ask(EveryArg::Minute), ask(EveryArg::Hour)], [minutes, hours.clone()]);
    let last = of_both(&bases, |base| {
        let args = SensorArgs { last: Some(2), every: EveryArg::Hour, ..sensor(base, "P-101.vibration") };
        What::Sensor(SensorArgs { format: Form::Csv, ..args })
    });
    assert_eq!(last.lines().skip(1).collect::<Vec<_>>(), hours.lines().skip(2).collect::<Vec<_>>());
}

#[test]
fn auto_takes_the_coarsest_that_gives_rows_enough() {
    let scratch = Scratch::new();
    let bases = both(&scratch);
    let from = text(START);
    for (hours, every, rows) in [(720, "1h", 720), (400, "1m", 24_000), (9, "1m", 540), (8, "raw", 480)] {
        let to = text(START + hours * HOUR);
        let answer = of_both(&bases, |base| {
            let between = between(Some(&from), Some(&to));
            What::Sensor(SensorArgs { between, format: Form::Json, ..sensor(base, "P-101.temp") })
        });
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        assert_eq!((&answer["every"], &answer["count"]), (&json!(every), &json!(rows)));
        assert_eq!((&answer["unit"], &answer["rows"][0]["time"]), (&json!("degC"), &json!(from)));
        assert_eq!(answer["rows"].as_array().map(Vec::len), Some(rows as usize));
    }
    // Where the minutes of old times are gone and the hours are not, hours it is.
    for base in &bases {
        let before = match base {
            Base::Postgres(_) => "'2026-01-10T00:00:00Z'".to_owned(),
            Base::Sqlite(_) => (START + 9 * 24 * HOUR).to_string(),
        };
        base.ask(&format!("DELETE FROM sensor_readings WHERE sensor_id = 2 AND time < {before}"));
        base.ask(&format!("DELETE FROM sensor_readings_1m WHERE sensor_id = 2 AND time < {before}"));
    }
    let page = of_both(&bases, |base| {
        let between = between(Some(&from), Some("2026-01-15T00:00:00Z"));
        What::Sensor(SensorArgs { between, ..sensor(base, "P-101.temp") })
    });
    assert!(page.starts_with("P-101.temp in degC, 336 hours of 20 160 readings from 2026-01-01T00:00:00Z"), "{page}");
    assert!(page.contains("lowest 0, mean 29.5, highest 59"), "{page}");
    assert!(page.contains("these are the last 20 of 336"), "{page}");
}

#[test]
fn what_is_not_there_is_said_with_what_to_do() {
    let scratch = Scratch::new();
    let bases = both(&scratch);
    let refusal = |name: &str| refused_by_both(&bases, |base| What::Sensor(sensor(base, name)));
    for (name, wanted) in [
        ("P-101.vibraton", "did you mean `P-101.vibration`?"),
        ("P-11.vibration", "did you mean `P-101`?"),
        ("P-101", "this is a machine; expected one of its sensors"),
        ("pressure", "expected a machine and its sensor, such as P-101.vibration"),
    ] {
        let (code, why) = refusal(name);
        assert!(code == 2 && why.contains(wanted), "{why}");
    }
    for (from, to, wanted) in [
        ("+1 h", None, "the store knows no run from whose start to count"),
        ("yesterday", None, "--from yesterday: this is not an instant"),
        ("2026-01-02T00:00:00Z", Some("2026-01-01T00:00:00Z"), "this ends before it begins"),
    ] {
        let (code, why) =
            refused_by_both(&bases, |base| csv(base, "P-101.temp", EveryArg::Raw, between(Some(from), to)));
        assert!(code == 2 && why.contains(wanted), "{why}");
    }
    let page = of_both(&bases, |base| {
        What::Sensor(SensorArgs {
            between: between(Some("2030-01-01T00:00:00Z"), None),
            ..sensor(base, "P-101.vibration")
        })
    });
    assert!(page.contains("there is something from 2026-01-01T00:00:00Z to 2026-01-01T02:59:59Z"), "{page}");
    for base in &bases {
        let nothing = asked(What::Sensor(sensor(base, &format!("{}.temp", HOSTILE[0])))).unwrap();
        assert!(nothing.contains("the store has no readings of this sensor"), "{nothing}");
    }
}

#[test]
fn the_program_says_it_too_and_makes_no_store_by_asking() {
    let scratch = Scratch::new();
    program();
    let output = twinwright(scratch.path(), &["history", "runs", "--store", "sqlite:none.db"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("there is no store here") && !scratch.join("none.db").exists(), "{}", said(&output));
    let base = Base::Sqlite(scratch.join("plant.db"));
    write(&base, &SENSORS, &readings()[..20]);
    let last = ["history", "sensor", "P-101.vibration", "--last", "2", "--format", "csv", "--store", "sqlite:plant.db"];
    let output = twinwright(scratch.path(), &last);
    assert_eq!((output.status.code(), shown(&output)), (Some(0), ramp(18..20)));
    let output = twinwright(scratch.path(), &["history", "sensor", "P-101.vibratio", "--store", "sqlite:plant.db"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let output = twinwright(scratch.path(), &["history", "machine", "--at", "+1 h", "--store", "sqlite:plant.db"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}
