//! The README says what the program says: its summary, its picture, its error message, its keys.
//!
//! `TWINWRIGHT_RENEW=1 cargo test --release readme` writes what the program says now into the README and the picture.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use twinwright::report::picture::picture;
use twinwright::run::{self, Settings};
use twinwright_core::files::scenario::published_schema;
use twinwright_core::measures::NAMES;
use twinwright_tests::{Scratch, project, said, shown, twinwright};

const SHOWN: &str = "scenarios/fab-bay-month.toml";
const PICTURE: &str = "scenarios/fab-bay-month.svg";

fn readme() -> (PathBuf, String) {
    let path = project().join("README.md");
    let text = std::fs::read_to_string(&path).expect("the README is there");
    (path, text)
}

fn renews() -> bool {
    std::env::var_os("TWINWRIGHT_RENEW").is_some()
}

/// The `text` block of the README that has a line with `mark` in it, without its fences.
fn block_with(text: &str, mark: &str) -> String {
    let blocks = text.split("```text\n").skip(1).filter_map(|rest| rest.split_once("\n```"));
    let found: Vec<&str> = blocks.map(|(block, _)| block).filter(|block| block.contains(mark)).collect();
    assert_eq!(found.len(), 1, "README.md: one text block says `{mark}`");
    found[0].to_owned()
}

/// Lines that depend on how fast this computer is, and on where it writes.
fn without_speed(text: &str) -> String {
    let kept =
        |line: &&str| !line.contains("x real time") && !line.ends_with(" a second") && !line.starts_with("written to");
    text.lines().filter(kept).map(str::trim_end).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn compare(mark: &str, now: &str) {
    let (path, text) = readme();
    let block = block_with(&text, mark);
    if without_speed(&block) != without_speed(now) && renews() {
        std::fs::write(&path, text.replace(&block, now.trim_end())).expect("the README can be written");
        return;
    }
    assert_eq!(without_speed(&block), without_speed(now), "README.md shows what the program said once; renew it");
}

#[test]
fn the_summary_in_the_readme_is_what_the_program_prints() {
    let scratch = Scratch::new();
    let scenario = project().join(SHOWN);
    let output = twinwright(scratch.path(), &["run", &scenario.display().to_string()]);
    assert!(output.status.success(), "{}", said(&output));
    compare("A fab bay for thirty days", &shown(&output));
}

#[test]
fn the_answer_in_the_readme_is_what_the_program_answers() {
    let scratch = Scratch::new();
    let scenario = project().join("scenarios/monthly-swap.toml");
    let output = twinwright(scratch.path(), &["run", &scenario.display().to_string()]);
    assert!(output.status.success(), "{}", said(&output));
    let mark = "$ twinwright run scenarios/monthly-swap.toml";
    compare(mark, &format!("{mark}\n{}", shown(&output)));
}

#[test]
fn what_verify_finds_in_the_readme_is_what_it_finds() {
    let scratch = Scratch::new();
    let scenario = project().join("scenarios/line-with-a-bad-gateway.toml").display().to_string();
    let asked = ["generate", &scenario, "--out", "out/truth", "--readings", "--truth", "--labels", "skab,nab"];
    let output = twinwright(scratch.path(), &asked);
    assert!(output.status.success(), "{}", said(&output));
    let output = twinwright(scratch.path(), &["verify", "out/gateway.csv", "--against", "out/truth"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let page = shown(&output);
    let (table, _) = page.split_once("\nlost, the first ones").expect("it lists what was lost");
    compare("$ twinwright verify", &format!("$ twinwright verify out/gateway.csv --against out/truth\n{table}"));
}

#[test]
fn the_mistakes_in_the_readme_are_answered_as_it_says() {
    let scratch = Scratch::new();
    assert!(twinwright(scratch.path(), &["init", "my-fan"]).status.success());
    let machine = scratch.join("my-fan.toml");
    let text = std::fs::read_to_string(&machine).expect("init wrote it");
    let wrong = text.replace("6*bearing^2", "6*baering^2").replace("on_delay = \"30 s\"", "on_delay = \"30 sec\"");
    assert_ne!(text, wrong);
    scratch.write("my-fan.toml", wrong);
    let output = twinwright(scratch.path(), &["check", "my-fan.toml"]);
    assert_eq!(output.status.code(), Some(2));
    compare("$ twinwright check", &format!("$ twinwright check my-fan.toml\n{}", said(&output)));
}

#[test]
fn the_picture_in_the_readme_is_what_the_program_draws() {
    let scratch = Scratch::new();
    let mut settings = Settings::of(&project().join(SHOWN));
    (settings.out, settings.quiet) = (Some(scratch.join("out")), true);
    let plan = Arc::new(run::plan(&settings).unwrap_or_else(|trouble| panic!("{trouble}")));
    let outcome = run::run(&settings, &plan, &AtomicBool::new(false)).unwrap_or_else(|trouble| panic!("{trouble}"));
    let drawn = picture(&outcome.report);
    let path = project().join(PICTURE);
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept != drawn && renews() {
        std::fs::write(&path, drawn).expect("the picture can be written");
        return;
    }
    assert!(kept == drawn, "{PICTURE} is not what the program draws now: TWINWRIGHT_RENEW=1 draws it anew");
}

/// All names of properties in a JSON Schema.
fn keys_of(schema: &serde_json::Value, keys: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(entries) => {
            for (key, value) in entries {
                if let (true, Some(properties)) = (key == "properties", value.as_object()) {
                    keys.extend(properties.keys().cloned());
                }
                keys_of(value, keys);
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| keys_of(item, keys)),
        _ => {}
    }
}

#[test]
fn every_key_of_both_files_and_every_measure_stands_in_the_readme() {
    let (_, text) = readme();
    let mut keys = BTreeSet::new();
    for which in ["machine", "scenario"] {
        keys_of(&published_schema(which).expect("both schemas are published"), &mut keys);
    }
    keys.extend(NAMES.map(str::to_owned));
    let words: BTreeSet<&str> = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
    let absent: Vec<&String> = keys.iter().filter(|key| !words.contains(key.as_str())).collect();
    assert!(absent.is_empty(), "README.md does not say what these are: {absent:?}");
}

#[test]
fn the_report_of_a_run_asks_nobody_for_anything() {
    let scratch = Scratch::new();
    let scenario = project().join("scenarios/sensor-faults-labelled.toml");
    let run = |out: &str, threads: &str| {
        let scenario = scenario.display().to_string();
        let output = twinwright(scratch.path(), &["run", &scenario, "--quiet", "--out", out, "--threads", threads]);
        assert!(output.status.success(), "{}", said(&output));
        std::fs::read_to_string(scratch.join(out).join("report.html")).expect("a run writes its report")
    };
    let html = run("one", "1");
    for outward in ["http:", "https:", "src=", "@import", "url(", "<script", "<link"] {
        assert!(!html.contains(outward), "report.html has `{outward}` in it");
    }
    assert!(html == run("two", "2"), "the report depends on the number of threads");
}
