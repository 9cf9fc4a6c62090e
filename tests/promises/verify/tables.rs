//! Received tables as other programs write them: what is a reading there, what is none, and what each counts as.

use super::small_run;
use twinwright::verify::{Mapping, Settings, Sort, Unit, verify};
use twinwright_model::Span;
use twinwright_tests::Scratch;

#[test]
fn columns_times_and_values_are_understood_as_other_programs_write_them() {
    let scratch = Scratch::new();
    let run = small_run(&scratch);
    let check = |name: &str, text: &str, columns: &str, unit: Option<Unit>| {
        let mut settings = Settings::of(vec![scratch.write(name, text)], run.clone());
        (settings.columns, settings.time_unit) = (Mapping::parse(columns).unwrap(), unit);
        let report = verify(&settings).unwrap();
        assert!(report.clean() && report.intact == 2, "{name}\n{}", report.page());
    };
    check("a.csv", "ts;device;signal;reading\n1767225600;P-1;temp;1.50\n1767225601;P-1;temp;2.5e0\n", "", None);
    check(
        "b.csv",
        "Timestamp_MS,Machine_ID,Metric,Value\n1767225600000,P-1,temp,1.5\n1767225601000,P-1,temp,2.5\n",
        "",
        None,
    );
    check(
        "c.csv",
        "machine,time,temp,site\nP-1,2026-01-01 00:00:00,1.5,x\nP-1,2026-01-01 01:00:01+01:00,2.5,x\n",
        "",
        None,
    );
    let renamed = "wann,wo,was,wert\n1767225600.0,P-1,temp,1.5\n1767225601.0,P-1,temp,2.5\n";
    check("d.csv", renamed, "time=wann,machine=wo,sensor=was,value=wert", Some(Unit::Seconds));
    let json = "{\"t\":1767225600000000000,\"machine\":\"P-1\",\"sensor\":\"temp\",\"value\":1.5}\n\
                {\"t\":1767225601000000000,\"machine\":\"P-1\",\"sensor\":\"temp\",\"value\":2.5,\"quality\":\"GOOD\"}\n";
    check("e.jsonl", json, "time=t", None);
}

#[test]
fn late_rows_need_a_column_that_says_when_they_arrived() {
    let scratch = Scratch::new();
    let run = small_run(&scratch);
    let text = "time,machine,sensor,value,arrival\n2026-01-01T00:00:00Z,P-1,temp,1.5,2026-01-01T00:00:01Z\n\
                2026-01-01T00:00:01Z,P-1,temp,2.5,2026-01-01T00:00:02.001Z\n";
    let mut settings = Settings::of(vec![scratch.write("received.csv", text)], run.clone());
    let report = verify(&settings).unwrap();
    assert_eq!((report.count(Sort::Late), report.clean()), (1, false), "one second is not late, more is");
    assert_eq!(report.examples[0].place.as_ref().map(|place| place.1), Some(3));
    settings.late_after = Span(2_000_000_000);
    assert!(verify(&settings).unwrap().clean());

    let without = text.replace("arrival", "x");
    let report = verify(&Settings::of(vec![scratch.write("without.csv", without)], run)).unwrap();
    assert!(
        report.clean()
            && report.page().contains("not judged")
            && report.to_json()["findings"]["late"]["count"].is_null()
    );
}

#[test]
fn tolerance_quality_and_odd_values_decide_what_is_altered() {
    let scratch = Scratch::new();
    let run = small_run(&scratch);
    let altered = |second: &str, tolerance: f64| {
        let text = format!(
            "time,machine,sensor,value,quality\n2026-01-01T00:00:00Z,P-1,temp,1.5,\n2026-01-01T00:00:01Z,P-1,temp,{second}\n"
        );
        let mut settings = Settings::of(vec![scratch.write("received.csv", text)], run.clone());
        settings.tolerance = tolerance;
        let report = verify(&settings).unwrap();
        (report.altered_values, report.altered_qualities, report.count(Sort::Altered))
    };
    assert_eq!(altered("2.5,good", 0.0), (0, 0, 0));
    assert_eq!(altered("2.5000000001,good", 0.0), (0, 0, 0), "the same f32");
    assert_eq!(altered("2.6,good", 0.0), (1, 0, 1));
    assert_eq!(altered("2.6,bad", 0.2), (0, 1, 1));
    assert_eq!(altered("2.8,odd", 0.2), (1, 1, 1));
    assert_eq!(altered(",good", 9.0), (1, 0, 1), "nothing is not near anything");
    assert_eq!(altered("high,good", 9.0), (1, 0, 1));
}

#[test]
fn rows_that_are_no_readings_are_counted_with_their_place() {
    let scratch = Scratch::new();
    let run = small_run(&scratch);
    let text = "time,machine,sensor,value\n2026-01-01T00:00:00Z,P-1,temp,1.5\nsoon,P-1,temp,2\n2026-01-01T00:00:01Z,P-1\n\
                2026-01-01T00:00:01Z,,temp,2\n\"\n2026-01-01T00:00:01Z,P-1,temp,2.5\n";
    let report = verify(&Settings::of(vec![scratch.write("received.csv", text)], run)).unwrap();
    assert_eq!((report.intact, report.count(Sort::Unreadable), report.clean()), (2, 4, false));
    let lines: Vec<u64> = report.examples.iter().filter_map(|finding| finding.place.as_ref()).map(|p| p.1).collect();
    assert_eq!(lines, [3, 4, 5, 6]);
    assert!(report.page().contains("received.csv:3: `soon` is no time"), "{}", report.page());
}

#[test]
fn an_empty_cell_of_a_wide_table_is_no_reading_whatever_was_made_at_its_time() {
    let scratch = Scratch::new();
    // At second 1 the sensor dropped out, at second 2 it said NaN.
    let made = "time,machine,temp,flow,quality.temp,quality.flow\n2026-01-01T00:00:00Z,P-1,1,5,good,good\n\
                2026-01-01T00:00:01Z,P-1,,6,bad,good\n2026-01-01T00:00:02Z,P-1,NaN,7,bad,good\n\
                2026-01-01T00:00:03Z,P-1,4,8,good,good\n";
    let run = scratch.write("made.csv", made);
    let check = |received: &str| {
        let report = verify(&Settings::of(vec![scratch.write("received.csv", received)], run.clone())).unwrap();
        let counts = [Sort::Lost, Sort::Doubled, Sort::Reordered].map(|sort| report.count(sort));
        assert_eq!(Sort::ALL.iter().map(|sort| report.count(*sort)).sum::<u64>(), counts.iter().sum::<u64>());
        (report.expected, report.received, counts)
    };
    assert_eq!(check(made), (7, 7, [0, 0, 0]));
    let head = "time,machine,temp,flow,quality.temp,quality.flow\n";
    let at = |second: usize, rest: &str| format!("2026-01-01T00:00:0{second}Z,P-1,{rest}\n");
    let [first, dropout, nan, last] =
        [at(0, "1,5,good,good"), at(1, ",6,,good"), at(2, "NaN,7,bad,good"), at(3, "4,8,good,good")];
    assert_eq!(check(&[head, &first, &dropout, &nan, &last].concat()), (7, 7, [0, 0, 0]));
    // Only the flow came late, and only the flow came twice.
    assert_eq!(check(&[head, &first, &nan, &last, &dropout].concat()), (7, 7, [0, 0, 1]));
    assert_eq!(check(&[head, &first, &dropout, &dropout, &nan, &last].concat()), (7, 8, [0, 1, 0]));
    let emptied = at(2, ",7,,good");
    assert_eq!(check(&[head, &first, &dropout, &emptied, &last].concat()), (7, 6, [1, 0, 0]), "NaN did not arrive");
    let coarse = "time_s,machine,temp\n1767225600,P-1,1\n1767225601,P-1,\n1767225602,P-1,NaN\n1767225603,P-1,4\n";
    assert_eq!(check(coarse), (7, 3, [4, 0, 0]), "the column `flow` is missing");
}

#[test]
fn what_is_more_than_its_whole_has_a_rate_but_no_interval() {
    let scratch = Scratch::new();
    let run = small_run(&scratch);
    let row = "2026-01-01T00:00:00Z,P-1,temp,1.5\n";
    let received = format!("time,machine,sensor,value\n{}", row.repeat(8));
    let report = verify(&Settings::of(vec![scratch.write("received.csv", received)], run)).unwrap();
    let doubled = report.rate(Sort::Doubled);
    assert_eq!((report.count(Sort::Doubled), doubled.mean, doubled.interval), (7, 3.5, None));
    let (page, json) = (report.page(), report.to_json());
    let line = page.lines().find(|line| line.starts_with("doubled")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["doubled", "7", "3.5000", "x", "-"], "{page}");
    let rate = &json["findings"]["doubled"]["rate"];
    assert!(rate["mean"] == 3.5 && rate["low"].is_null() && rate["high"].is_null(), "{rate}");
    assert_eq!(json["findings"]["lost"]["rate"]["mean"], 0.5);
    assert!(json["findings"]["lost"]["rate"]["high"].as_f64().unwrap() < 1.0);
}
