//! Wrong files and what is said about them, word for word: `tests/bad/**/X.toml` beside `X.expected`.
//!
//! A message is part of the program: a person reads it when something went wrong. It changes on purpose or not at all.
//! `TWINWRIGHT_RENEW=1 cargo test --release bad_files` writes the messages of today; read them before you keep them.
//! A file without a mistake is a machine that the wrong scenarios and sites beside it name.

mod sizes;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use twinwright_tests::{project, said, shown, twinwright};

/// Files of the corpus in which nothing is wrong.
const FINE: [&str; 3] = ["fan.toml", "misnamed.toml", "moody.toml"];

fn files_in(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == ending));
    files.sort();
    files
}

fn folders() -> [PathBuf; 3] {
    ["machine", "scenario", "site"].map(|sort| project().join("tests/bad").join(sort))
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[test]
fn each_wrong_file_is_answered_word_for_word() {
    let renew = std::env::var_os("TWINWRIGHT_RENEW").is_some();
    let (mut wrong, mut differ) = (0, Vec::new());
    for folder in folders() {
        for path in files_in(&folder, "toml") {
            let name = name_of(&path);
            let output = twinwright(&folder, &["check", &name]);
            if FINE.contains(&name.as_str()) {
                assert_eq!(output.status.code(), Some(0), "{name}: {}", said(&output));
                continue;
            }
            wrong += 1;
            assert_eq!(output.status.code(), Some(2), "{name} is found wrong");
            assert_eq!(shown(&output), "", "{name}: faults go to stderr");
            let expected = path.with_extension("expected");
            if renew {
                std::fs::write(&expected, said(&output)).expect("the corpus can be written");
            }
            let known = std::fs::read_to_string(&expected).unwrap_or_default();
            if known != said(&output) {
                differ.push(format!("--- {name}: expected\n{known}+++ now\n{}", said(&output)));
            }
        }
    }
    assert!(wrong >= 90, "{wrong} wrong files are too few");
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}

#[test]
fn each_expectation_belongs_to_a_file() {
    for folder in folders() {
        for path in files_in(&folder, "expected") {
            assert!(path.with_extension("toml").is_file(), "{} has no file", path.display());
        }
    }
}

/// The short names of mistakes in the sources: the first text after a call that makes a fault.
fn codes_in(source: &str) -> BTreeSet<String> {
    let mut codes = BTreeSet::new();
    for call in ["Fault::new(", "ExprFault::new(", ".say(", "self.fault(", "self.stop("] {
        for (at, _) in source.match_indices(call) {
            let text = source[at..].split('"').nth(1).unwrap_or_default();
            if !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
                codes.insert(text.to_owned());
            }
        }
    }
    codes
}

fn sources(folder: &Path, all: &mut String) {
    for entry in std::fs::read_dir(folder).expect("the sources are there").flatten() {
        let path = entry.path();
        if path.is_dir() && !path.ends_with("tests") {
            sources(&path, all);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            all.push_str(&std::fs::read_to_string(&path).expect("a source is text"));
        }
    }
}

#[test]
fn each_sort_of_mistake_has_a_file_that_makes_it() {
    let mut source = String::new();
    for folder in ["files", "plan", "expression", "drivers", "faults", "site"] {
        sources(&project().join("engine/core/src").join(folder), &mut source);
    }
    let mut said = String::new();
    for folder in folders() {
        for path in files_in(&folder, "expected") {
            said.push_str(&std::fs::read_to_string(path).expect("an expectation is text"));
        }
    }
    let codes = codes_in(&source);
    assert!(codes.len() > 40, "the sources are read: {codes:?}");
    let absent: Vec<&String> = codes.iter().filter(|code| !said.contains(&format!("[{code}]"))).collect();
    assert!(absent.is_empty(), "no file of tests/bad makes these mistakes: {absent:?}");
}
