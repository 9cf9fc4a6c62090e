//! The page as a person sees it: in a browser, wide and narrow; and names that nobody would wish for, in every form.

use super::histories::{FAN, History, at};
use super::{files, known_day, report};
use crate::report::complaints;
use crate::store::Base;
use serde_json::json;
use twinwright_tests::Scratch;

const HOSTILE: [&str; 4] = [
    "=HYPERLINK(\"x\")<script>alert(1)</script>",
    "'; DROP TABLE runs; -- | [a](javascript:1)",
    "\u{202e}Ünï ☃ 𝕏 \"><img src=x onerror=alert(1)>",
    "aVeryLongNameWithoutAnyBlankInItThatGoesOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOnAndOn",
];

/// A plant whose machines, kinds, parts and rules are called what nobody would call them.
fn hostile() -> History {
    let mut history = History::new(HOSTILE[0], "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z");
    history.title(HOSTILE[2]);
    for name in HOSTILE {
        let machine = history.machine(name, name);
        history.mode(machine, "2026-03-01T00:00:00Z", "running");
        history.mode(machine, "2026-03-02T01:00:00Z", "failed");
        history.mode(machine, "2026-03-02T05:00:00Z", "running");
        history.log(machine, "2026-03-02T01:00:00Z", "failure", name, None, None);
        history.log(machine, "2026-03-02T05:00:00Z", "repair", name, Some(4.0), Some(1e12));
        for (day, wear) in [(1, 0.90), (2, 0.94), (3, 0.97)] {
            history.state(machine, &format!("2026-03-{day:02}T00:00:00Z"), json!({ "wear": { name: wear } }));
        }
        for k in 0..5 {
            history.alert(machine, name, "critical", at("2026-03-02T03:00:00Z", 10 * k), Some(3), false);
        }
        history.prediction(machine, "2026-03-02T00:00:00Z", "failure_probability", name, 0.25);
    }
    history
}

/// A month of many machines.
fn many() -> History {
    let mut history = History::new("many-1", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z");
    history.document("fan", FAN);
    for number in 1..=45i64 {
        let machine = history.machine(&format!("F-{number:03}"), "fan");
        history.mode(machine, "2026-03-01T00:00:00Z", "running");
        for day in 2..28i64 {
            let hour = (number * 7 + day * 5) % 20;
            if (number + day) % 4 == 0 {
                let (broken, back) =
                    (format!("2026-03-{day:02}T{hour:02}:00:00Z"), format!("2026-03-{day:02}T{:02}:30:00Z", hour + 3));
                history.mode(machine, &broken, "failed");
                history.mode(machine, &back, "running");
                history.log(machine, &broken, "failure", ["belt", "bearing"][day as usize % 2], None, None);
                history.log(machine, &back, "repair", ["belt", "bearing"][day as usize % 2], Some(3.5), Some(900.0));
            }
            let raised = at(&format!("2026-03-{day:02}T00:00:00Z"), hour * 3600 + number * 13);
            history.alert(
                machine,
                "temp.high",
                ["low", "medium", "high"][number as usize % 3],
                raised,
                Some(40),
                false,
            );
        }
        for day in (1..=31).step_by(6) {
            let wear = json!({ "wear": { "seal": 0.01 * (day * (1 + number % 3)) as f64 }, "energy_kwh": day * 100 });
            history.state(machine, &format!("2026-03-{day:02}T00:00:00Z"), wear);
        }
        history.performance(machine, "2026-04-01T00:00:00Z", 744.0, 0.7);
    }
    history
}

fn quiet() -> History {
    let mut history = History::new("quiet-1", "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z");
    let machine = history.machine("Q", "fan");
    history.mode(machine, "2026-03-01T00:00:00Z", "running");
    history
}

#[test]
fn every_page_is_whole_in_a_browser_wide_and_narrow() {
    let scratch = Scratch::new();
    // Name, history, period, and the plots that a person should see.
    let samples = [
        ("known", known_day(), "daily", 5),
        ("hostile", hostile(), "daily", 5),
        ("many", many(), "monthly", 7),
        ("quiet", quiet(), "weekly", 1),
    ];
    let mut pages = Vec::new();
    for (name, history, period, _) in &samples {
        let base = Base::Sqlite(scratch.join(format!("{name}.db")));
        history.write(&base);
        let on = (*name == "known").then_some("2026-03-04");
        let out = scratch.join(name);
        report(&base.url(), period, on, &out).unwrap();
        let page = files(&out).into_iter().find(|(file, _)| file.ends_with(".html")).expect("a page");
        pages.push(((*name).to_owned(), String::from_utf8(page.1).expect("text")));
    }
    let plots = |name: &str| samples.iter().find(|sample| sample.0 == name).map_or(0, |sample| sample.3);
    let complaints = complaints(&pages, plots);
    assert!(complaints.is_empty(), "{} complaints\n  {}", complaints.len(), complaints.join("\n  "));
}

#[test]
fn a_name_from_a_store_is_a_text_in_every_form() {
    let scratch = Scratch::new();
    let mut written = Vec::new();
    for (number, base) in Base::both(&scratch).into_iter().enumerate() {
        hostile().write(&base);
        let out = scratch.join(format!("out-{number}"));
        report(&base.url(), "daily", Some("2026-03-02"), &out).unwrap();
        assert_eq!(base.ask("SELECT count(*) FROM runs"), "1");
        written.push(files(&out));
    }
    assert!(written[0] == written[1], "both databases give the same bytes");
    for (name, bytes) in &written[0] {
        let text = String::from_utf8_lossy(bytes);
        if name.ends_with(".md") || name.ends_with(".html") {
            assert!(!text.contains("<script") && !text.contains("<img"), "{name}");
        }
        if name.ends_with(".md") || name.ends_with(".html") {
            assert!(!text.contains('\u{202e}'), "{name}: a name turns the text around it");
        }
        if name.ends_with(".csv") {
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            for row in reader.records() {
                let row = row.unwrap_or_else(|why| panic!("{name}: {why}"));
                let formula =
                    row.iter().find(|cell| cell.starts_with(['=', '+', '-', '@']) && cell.parse::<f64>().is_err());
                assert_eq!(formula, None, "{name}");
            }
        }
    }
    // Kept under a name that no file system minds.
    let base = Base::Sqlite(scratch.join("plant.db"));
    let default = std::process::Command::new(twinwright_tests::program())
        .args(["report", "daily", "--on", "2026-03-02", "--format", "md", "--store", &base.url()])
        .current_dir(scratch.path())
        .output()
        .expect("the program starts");
    assert_eq!(default.status.code(), Some(0), "{}", twinwright_tests::said(&default));
    let page = twinwright_tests::shown(&default);
    assert!(page.contains("wrote reports/HYPERLINK-x-script-alert-1-script/daily-2026-03-02.md"), "{page}");
    assert!(scratch.join("reports/HYPERLINK-x-script-alert-1-script/daily-2026-03-02.md").is_file());
}
