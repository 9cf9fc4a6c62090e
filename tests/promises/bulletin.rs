//! Reports of days, weeks, months and runs: every figure against its closed form, the same bytes from both databases.
//!
//! The histories here are made by hand, row by row, so that each figure can be worked out on paper.

mod histories;
mod pages;
mod runs;

use crate::store::Base;
use histories::{FAN, History, at};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};
use twinwright::bulletin::{self, Form, Settings};
use twinwright::{Trouble, bulletin::Outcome};
use twinwright_model::Time;
use twinwright_tests::Scratch;

fn settings(url: &str, what: &str, out: &Path) -> Settings {
    Settings {
        what: what.to_owned(),
        store: url.to_owned(),
        run: None,
        on: None,
        at: None,
        out: Some(out.to_path_buf()),
        forms: Form::ALL.to_vec(),
        now: Time(0),
    }
}

fn report(url: &str, what: &str, on: Option<&str>, out: &Path) -> Result<Outcome, Trouble> {
    bulletin::report(&Settings { on: on.map(str::to_owned), ..settings(url, what, out) })
}

fn near(found: &Json, wanted: f64) {
    let found = found.as_f64().unwrap_or(f64::NAN);
    assert!((found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0), "{found} instead of {wanted}");
}

fn json(outcome: &Outcome) -> Json {
    bulletin::json::report(&outcome.figures)
}

/// All files of a folder, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    paths.iter().map(|path| (name(path), std::fs::read(path).expect("a file"))).collect()
}

/// Three fans on 4 March 2026, each mode, failure, alert and snapshot at a known time.
pub fn known_day() -> History {
    let mut history = History::new("plant-1", "2026-03-01T00:00:00Z", "2026-03-08T00:00:00Z");
    history.document("fan", FAN);
    let [a, b, c] = ["A", "B", "C"].map(|name| history.machine(name, "fan"));
    // A: 6 + 4 + 6 + 2.5 h productive, 2 h standby, 1.5 h planned, 2 h failed. What comes at midnight is of the next day.
    for (time, mode) in [
        ("2026-03-03T20:00:00Z", "running"),
        ("2026-03-04T06:00:00Z", "failed"),
        ("2026-03-04T08:00:00Z", "running"),
        ("2026-03-04T12:00:00Z", "idle"),
        ("2026-03-04T14:00:00Z", "running"),
        ("2026-03-04T20:00:00Z", "maintenance"),
        ("2026-03-04T21:30:00Z", "running"),
        ("2026-03-05T00:00:00Z", "offline"),
    ] {
        history.mode(a, time, mode);
    }
    // B: failed from the evening before until 1:00, three hours in all, and from 10:00 for one.
    for (time, mode) in [
        ("2026-03-03T00:00:00Z", "running"),
        ("2026-03-03T22:00:00Z", "failed"),
        ("2026-03-04T01:00:00Z", "running"),
        ("2026-03-04T10:00:00Z", "failed"),
        ("2026-03-04T11:00:00Z", "running"),
    ] {
        history.mode(b, time, mode);
    }
    // C: offline from midnight to noon.
    history.mode(c, "2026-03-01T00:00:00Z", "running");
    history.mode(c, "2026-03-04T00:00:00Z", "offline");
    history.mode(c, "2026-03-04T12:00:00Z", "running");
    history.log(b, "2026-03-03T22:00:00Z", "failure", "belt", None, None);
    history.log(b, "2026-03-04T01:00:00Z", "repair", "belt", Some(3.0), Some(900.0));
    history.log(a, "2026-03-04T06:00:00Z", "failure", "belt", None, None);
    history.log(a, "2026-03-04T08:00:00Z", "repair", "belt", Some(2.0), Some(900.0));
    history.log(b, "2026-03-04T10:00:00Z", "failure", "belt", None, None);
    history.log(b, "2026-03-04T11:00:00Z", "repair", "belt", Some(1.0), Some(900.0));
    history.log(a, "2026-03-04T21:30:00Z", "planned", "seal", Some(1.5), Some(100.0));
    // Energy: 240 kWh of A, 120 of B. The bearing of A goes up 0.02 a day, to 0.88 at the end.
    for day in 1..=5i64 {
        let time = format!("2026-03-{:02}T00:00:00Z", day);
        let bearing = 0.78 + 0.02 * day as f64;
        history.state(a, &time, serde_json::json!({ "wear": { "bearing": bearing }, "energy_kwh": 240 * day }));
        history.state(b, &time, serde_json::json!({ "wear": { "bearing": 0.2 }, "energy_kwh": 120 * day }));
    }
    history.performance(a, "2026-03-04T12:00:00Z", 12.0, 0.8);
    history.performance(a, "2026-03-05T00:00:00Z", 12.0, 0.6);
    history.performance(c, "2026-03-05T00:00:00Z", 24.0, 0.5);
    // A chatters, B has a burst of twelve, one is suppressed, and one of C has been open for two days.
    for second in [0, 20, 40] {
        history.alert(a, "temp.high", "high", at("2026-03-04T02:00:00Z", second), Some(5), false);
    }
    for k in 0..12 {
        history.alert(b, "flow.low", "medium", at("2026-03-04T15:00:00Z", 30 * k), Some(10), false);
    }
    history.alert(a, "temp.high", "high", at("2026-03-04T05:00:00Z", 0), Some(5), true);
    history.alert(c, "leak.high", "critical", at("2026-03-02T00:00:00Z", 0), None, false);
    history
}

#[test]
fn every_figure_of_a_known_day_is_its_closed_form() {
    let scratch = Scratch::new();
    let base = Base::Sqlite(scratch.join("plant.db"));
    known_day().write(&base);
    let outcome = report(&base.url(), "daily", Some("2026-03-04"), &scratch.join("out")).unwrap();
    let told = json(&outcome);
    let machine = |at: usize| &told["machines"][at];
    for (at, hours) in
        [[18.5, 2.0, 0.0, 1.5, 2.0, 0.0], [22.0, 0.0, 0.0, 0.0, 2.0, 0.0], [12.0, 0.0, 0.0, 0.0, 0.0, 12.0]]
            .into_iter()
            .enumerate()
    {
        for (state, hours) in ["prd", "sby", "eng", "sdt", "udt", "nst"].iter().zip(hours) {
            near(&machine(at)["hours"][state], hours);
        }
    }
    near(&machine(0)["availability"], 20.5 / 24.0);
    near(&machine(2)["availability"], 1.0);
    near(&told["plant"]["availability"], 54.5 / 60.0);
    // scipy.stats.chi2.ppf: (0.975, 4), (0.025, 2), (0.975, 6), (0.025, 4); twice the hours by them.
    near(&machine(0)["mtbf_h"]["value"], 18.5);
    near(&machine(0)["mtbf_h"]["low"], 37.0 / 11.143286781877796);
    near(&machine(0)["mtbf_h"]["high"], 37.0 / 0.05063561596857975);
    near(&told["plant"]["mtbf_h"]["value"], 52.5 / 2.0);
    near(&told["plant"]["mtbf_h"]["low"], 105.0 / 14.44937533544792);
    near(&told["plant"]["mtbf_h"]["high"], 105.0 / 0.4844185570879299);
    // No failure in 12 h: the bound at which that has a chance of one in twenty.
    near(&machine(2)["mtbf_h"]["low"], 12.0 / 20f64.ln());
    assert!(machine(2)["mtbf_h"]["value"].is_null() && machine(2)["mtbf_h"]["high"].is_null());
    // Two stops of B ended, 3 h and 1 h: 2 +- t sqrt(2) / sqrt(2), with scipy.stats.t.ppf(0.975, 1).
    near(&machine(1)["mttr_h"]["value"], 2.0);
    near(&machine(1)["mttr_h"]["low"], 0.0);
    near(&machine(1)["mttr_h"]["high"], 2.0 + 12.706204736174694);
    assert_eq!((&machine(0)["failures"], &machine(1)["failures"]), (&Json::from(1), &Json::from(1)));
    // A machine weighs by the pieces it could have made: 24 and 12 scheduled hours at 10 an hour.
    near(&machine(0)["oee"], 0.7);
    near(&machine(2)["oee"], 0.5);
    near(&told["plant"]["oee"], (0.7 * 24.0 + 0.5 * 12.0) / 36.0);
    near(&told["plant"]["energy_kwh"], 360.0);
    let cost = &told["plant"]["cost"];
    // 5.5 h of standstill at 100, three repairs at 900, one planned work, 360 kWh at 0.5.
    for (part, wanted) in
        [("downtime", 550.0), ("unplanned_repairs", 2_700.0), ("planned_work", 100.0), ("energy", 180.0)]
    {
        near(&cost[part], wanted);
    }
}

#[test]
fn alerts_are_counted_as_the_standards_have_it() {
    let scratch = Scratch::new();
    let base = Base::Sqlite(scratch.join("plant.db"));
    known_day().write(&base);
    let outcome = report(&base.url(), "daily", Some("2026-03-04"), &scratch.join("out")).unwrap();
    let told = json(&outcome);
    let figures = &told["alerts"]["figures"];
    for (name, wanted) in [
        ("raised", 15.0),
        ("per_hour", 15.0 / 24.0),
        ("per_ten_minutes", 15.0 / 144.0),
        ("flood_share", 1.0 / 144.0),
        ("chattering_rules", 1.0),
        ("chattering_alerts", 3.0),
        ("fleeting", 12.0),
        ("stale", 1.0),
        ("suppressed", 1.0),
        ("top_ten_share", 1.0),
    ] {
        near(&figures[name], wanted);
    }
    assert_eq!(figures["worst_ten_minutes"]["count"], 12);
    assert_eq!(figures["worst_ten_minutes"]["from"], "2026-03-04T15:00:00.000Z");
    assert_eq!(figures["severities"], serde_json::json!({ "low": 0, "medium": 12, "high": 3, "critical": 0 }));
    near(&told["alerts"]["stale"][0]["open_h"], 72.0);
    let rule = &told["alerts"]["rules"][0];
    assert_eq!((&rule["machine"], &rule["rule"], &rule["raised"]), (&"B".into(), &"flow.low".into(), &12.into()));
    // Eleven of its alerts come 20 s after the one before has cleared.
    near(&rule["within_a_minute_of_clearing"], 11.0);
    near(&rule["mean_open_s"], 10.0);
}

#[test]
fn advice_says_what_when_why_and_what_it_saves() {
    let scratch = Scratch::new();
    let base = Base::Sqlite(scratch.join("plant.db"));
    known_day().write(&base);
    let outcome = report(&base.url(), "daily", Some("2026-03-04"), &scratch.join("out")).unwrap();
    let told = json(&outcome)["recommendations"].clone();
    let titles: Vec<&str> = told.as_array().unwrap().iter().filter_map(|one| one["what"].as_str()).collect();
    assert_eq!(
        titles,
        [
            // 0.12 are left at 0.02 a day: six days after the fifth, and a day less.
            "restore bearing of A by 2026-03-10 00:00",
            "lengthen the off-delay of flow.low on B by 30 s",
            "lengthen the off-delay of temp.high on A by 30 s",
            "look after leak.high of C",
        ]
    );
    near(&told[0]["saves"], 500.0 - 150.0);
    near(&told[0]["cost"], 150.0);
    near(&told[0]["hours"], 4.0);
    assert!(told[0]["why"].as_str().is_some_and(|why| why.contains("+0.02 a day") && why.contains("2026-03-11 00:00")));
    assert!(told[2]["why"].as_str().is_some_and(|why| why.contains("raised 3 times, 2 of them within a minute")));
}

#[test]
fn both_databases_give_the_same_bytes_and_a_report_that_is_made_again_replaces() {
    let scratch = Scratch::new();
    let mut written = Vec::new();
    for (number, base) in Base::both(&scratch).into_iter().enumerate() {
        known_day().write(&base);
        for _ in 0..2 {
            for (what, on) in [("daily", Some("2026-03-04")), ("weekly", None), ("monthly", None), ("plant-1", None)] {
                report(&base.url(), what, on, &scratch.join(format!("out-{number}"))).unwrap();
            }
        }
        assert_eq!(base.ask("SELECT period FROM maintenance_reports ORDER BY id"), "daily\nweekly\nmonthly\nrun");
        let tasks = base.ask("SELECT count(*), count(DISTINCT uid) FROM maintenance_tasks WHERE source = 'report'");
        let (all, distinct) = tasks.split_once('|').unwrap();
        assert!(all == distinct && all != "0", "{tasks}");
        written.push(files(&scratch.join(format!("out-{number}"))));
        // What people have taken up is theirs.
        base.ask("UPDATE maintenance_tasks SET status = 'planned', title = 'mine' WHERE subject = 'bearing'");
        report(&base.url(), "daily", Some("2026-03-04"), &scratch.join("again")).unwrap();
        assert_eq!(base.ask("SELECT title FROM maintenance_tasks WHERE subject = 'bearing'"), "mine");
        let kept = base.ask("SELECT content FROM maintenance_reports WHERE period = 'daily'");
        let text = std::fs::read_to_string(scratch.join("again/daily-2026-03-04.md")).unwrap();
        assert_eq!(kept.trim_end(), text.trim_end());
    }
    let names = |files: &[(String, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&written[0]), names(&written[1]));
    for ((name, one), (_, other)) in written[0].iter().zip(&written[1]) {
        assert!(one == other, "{name} differs");
    }
    for name in ["daily-2026-03-04.html", "monthly-2026-03.md", "run.json", "weekly-2026-03-02.alarms.csv"] {
        assert!(names(&written[0]).iter().any(|written| written == name), "{name} is missing");
    }
}

#[test]
fn a_day_in_which_nothing_happened_says_so() {
    let scratch = Scratch::new();
    let base = Base::Sqlite(scratch.join("plant.db"));
    let mut history = History::new("quiet-1", "2026-03-01T06:00:00Z", "2026-03-03T05:00:00Z");
    let machine = history.machine("Q", "fan");
    history.mode(machine, "2026-03-01T06:00:00Z", "offline");
    history.write(&base);
    let outcome = report(&base.url(), "daily", None, &scratch.join("out")).unwrap();
    let told = json(&outcome);
    // The last whole day is the second; all of it is time that nobody planned with.
    assert_eq!((&told["from"], &told["to"]), (&"2026-03-02T00:00:00.000Z".into(), &"2026-03-03T00:00:00.000Z".into()));
    near(&told["plant"]["hours"]["nst"], 24.0);
    assert!(told["plant"]["availability"].is_null() && told["plant"]["mtbf_h"]["low"].is_null());
    assert_eq!(told["recommendations"], serde_json::json!([]));
    assert!(told["nothing_more"].as_str().is_some_and(|text| text.starts_with("Nothing to do: no wear is known")));
    // A week is longer than the run: what there is of it, and a word about that.
    let week = json(&report(&base.url(), "weekly", None, &scratch.join("out")).unwrap());
    assert_eq!((&week["from"], &week["to"]), (&"2026-03-02T00:00:00.000Z".into(), &"2026-03-03T05:00:00.000Z".into()));
    assert!(week["notes"][0].as_str().is_some_and(|note| note.contains("the run has only this part")));
}

#[test]
fn what_cannot_be_told_is_refused_in_one_line() {
    let scratch = Scratch::new();
    let base = Base::Sqlite(scratch.join("plant.db"));
    let refused = |settings: Settings| match bulletin::report(&settings) {
        Err(Trouble::Input(message)) => message,
        other => panic!("{other:?}"),
    };
    let out = scratch.join("out");
    match bulletin::report(&settings(&base.url(), "daily", &out)) {
        Err(Trouble::World(said)) => assert!(said.contains("there is no such store"), "{said}"),
        other => panic!("{other:?}"),
    }
    assert!(!scratch.join("plant.db").exists());
    known_day().write(&base);
    let said = refused(settings(&base.url(), "dayly", &out));
    assert!(said.contains("there is no run `dayly`") && said.contains("daily, weekly, monthly"), "{said}");
    let said = refused(settings(&base.url(), "plant-2", &out));
    assert!(said.contains("did you mean `plant-1`?"), "{said}");
    let said = refused(Settings { on: Some("2026-04-01".into()), ..settings(&base.url(), "daily", &out) });
    assert!(said.contains("outside run `plant-1`") && said.contains("2026-03-08 00:00"), "{said}");
    let said = refused(Settings { on: Some("1 April".into()), ..settings(&base.url(), "daily", &out) });
    assert!(said.contains("this is no date"), "{said}");
    let said = refused(Settings { on: Some("2026-03-04".into()), ..settings(&base.url(), "plant-1", &out) });
    assert!(said.contains("takes no --run, --on or --at"), "{said}");
    assert!(!out.exists());
    let by_instant = Settings { at: Some("+3 d".into()), ..settings(&base.url(), "daily", &out) };
    assert_eq!(json(&bulletin::report(&by_instant).unwrap())["from"], "2026-03-04T00:00:00.000Z");
}
