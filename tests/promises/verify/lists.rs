//! The list of findings never costs anything that was there, and never looks whole before it is.

use super::small_run;
use std::path::{Path, PathBuf};
use twinwright::verify::{Settings, verify};
use twinwright_tests::{Scratch, said, twinwright};

#[test]
fn a_list_never_replaces_what_is_compared() {
    let scratch = Scratch::new();
    let table = "time,machine,sensor,value,quality\n2026-01-01T00:00:00.000Z,P-1,temp,1.5,good\n";
    for folder in ["run", "back", "run/inner"] {
        std::fs::create_dir(scratch.join(folder)).unwrap();
    }
    let kept = ["run/readings.csv", "run/events.jsonl", "back/part.csv", "got.csv"];
    kept.iter().for_each(|name| drop(scratch.write(name, table)));
    std::os::unix::fs::symlink(scratch.join("got.csv"), scratch.join("link.csv")).unwrap();
    let refused = [
        ("got.csv", "this is what was received"),
        ("./run/../got.csv", "this is what was received"),
        ("link.csv", "this is what was received"),
        ("run/readings.csv", "this lies in run, which holds what the run made"),
        ("run/events.jsonl", "this lies in run"),
        ("run/new.csv", "this lies in run"),
        ("run/inner/new.csv", "this lies in run"),
        ("back/part.csv", "this lies in back, which holds what was received"),
        ("back/new.csv", "this lies in back"),
        ("run", "this is a folder"),
    ];
    for (list, expected) in refused {
        let arguments = ["verify", "got.csv", "back", "--against", "run", "--list", list];
        let output = twinwright(scratch.path(), &arguments);
        assert_eq!(output.status.code(), Some(2), "{list}: {}", said(&output));
        let said = said(&output);
        assert!(said.contains(&format!("--list {list}: {expected}")), "{list}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
        kept.iter().for_each(|name| assert_eq!(std::fs::read_to_string(scratch.join(name)).unwrap(), table, "{name}"));
        assert!(!scratch.join("run/new.csv").exists() && !scratch.join("back/new.csv").exists());
    }
    let output = twinwright(
        scratch.path(),
        &["verify", "got.csv", "--against", "run/readings.csv", "--list", "run/readings.csv"],
    );
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(scratch.join("run/readings.csv")).unwrap(), table);
}

#[test]
fn a_list_bears_its_name_only_when_it_is_whole() {
    let scratch = Scratch::new();
    let run = small_run(&scratch);
    let settings = |received: &str| {
        let mut settings = Settings::of(vec![scratch.join("one.csv"), scratch.join(received)], run.clone());
        settings.list = Some(scratch.join("list.csv"));
        settings
    };
    let list = || std::fs::read_to_string(scratch.join("list.csv")).unwrap();
    scratch.write("one.csv", "time,machine,sensor,value\n2026-01-01T00:00:00Z,P-1,temp,9\n");
    scratch.write("none.csv", "machine,sensor,value\n");
    scratch.write("list.csv", "an older list\n");
    assert!(verify(&settings("none.csv")).is_err(), "the second file has no times");
    assert_eq!(list(), "an older list\n");
    assert!(!scratch.join("list.csv.part").exists());
    verify(&settings("one.csv")).unwrap();
    // The first row is altered, comes again altered, and the other reading is lost.
    assert_eq!(list().lines().count(), 1 + 4, "{}", list());
    assert!(list().starts_with("finding,machine,") && !scratch.join("list.csv.part").exists());
}

#[test]
fn a_list_may_go_to_a_device() {
    let scratch = Scratch::new();
    let run = small_run(&scratch);
    let mut settings = Settings::of(vec![run.clone()], run);
    settings.list = Some(PathBuf::from("/dev/null"));
    assert!(verify(&settings).unwrap().clean());
    assert!(!Path::new("/dev/null").is_file() && !Path::new("/dev/null.part").exists());
}
