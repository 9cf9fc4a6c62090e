//! Borders: what packages may depend on, what features may import, and that what documents name is there.

use super::none;
use super::scan::{sources, walk};
use std::collections::BTreeSet;
use twinwright::library::SHIPPED;
use twinwright_tests::project;

/// All that these packages may depend on. A new one needs its line here, and a reason in the change that adds it.
const MAY_DEPEND: [(&str, &[&str]); 2] = [
    ("engine/model", &["jiff", "serde", "serde_json", "strsim"]),
    (
        "engine/core",
        &[
            "bevy_ecs",
            "libm",
            "nalgebra",
            "postcard",
            "pulp",
            "serde",
            "serde_json",
            "siphasher",
            "smallvec",
            "strsim",
            "toml",
            "twinwright-model",
        ],
    ),
];

/// What these packages must never depend on.
const MUST_NOT_DEPEND: [(&str, &[&str], &str); 3] = [
    (
        "engine/core",
        &["tokio", "twinwright-io", "twinwright", "rand", "rayon", "chrono"],
        "the core is a world without an outside",
    ),
    ("engine/io", &["bevy_ecs", "twinwright-core", "twinwright", "clap"], "io knows plain data, not the world"),
    ("engine/model", &["twinwright-core", "twinwright-io", "twinwright"], "the model is what all others know"),
];

/// Folders of the core that are features: they meet through world, plan, dice and files, not through each other.
const FEATURES: [&str; 13] = [
    "drivers",
    "wear",
    "sensing",
    "faults",
    "limits",
    "maintenance",
    "links",
    "groups",
    "script",
    "economy",
    "detection",
    "alerts",
    "judge",
];

/// The few that may: (who, whom, why).
const MAY_IMPORT: [(&str, &str, &str); 12] = [
    ("alerts", "detection", "findings become alerts by the detector's name"),
    ("alerts", "limits", "limits raise alerts by themselves where there are no rules"),
    ("alerts", "links", "trouble upstream hides what it causes"),
    ("alerts", "maintenance", "a rule's condition reads numbers of a machine by `Source`"),
    ("detection", "limits", "a sensor's limits are what is judged"),
    ("detection", "sensing", "it looks at panels, lane by lane"),
    ("limits", "economy", "alerts are counted on the machine's meters"),
    ("maintenance", "limits", "a condition may ask for an open alert"),
    ("maintenance", "wear", "work restores wear"),
    ("script", "maintenance", "both read numbers of a machine by `Source`"),
    ("sensing", "limits", "a sensor's limits are part of its plan"),
    ("wear", "economy", "one pass over the machines ages them and reads their meters"),
];

fn dependencies(package: &str) -> Vec<(usize, String)> {
    let text = std::fs::read_to_string(project().join(package).join("Cargo.toml")).expect("a package has a manifest");
    let mut found = Vec::new();
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            inside = line == "[dependencies]";
        } else if inside && let Some(name) = line.split(['.', '=', ' ']).next().filter(|name| !name.is_empty()) {
            found.push((at + 1, name.to_owned()));
        }
    }
    found
}

#[test]
fn packages_depend_on_what_they_may_and_on_nothing_else() {
    let mut broken = Vec::new();
    for (package, may) in MAY_DEPEND {
        for (line, name) in dependencies(package).into_iter().filter(|(_, name)| !may.contains(&name.as_str())) {
            broken.push(format!("{package}/Cargo.toml:{line}: `{name}` is not on its list"));
        }
    }
    for (package, never, why) in MUST_NOT_DEPEND {
        for (line, name) in dependencies(package).into_iter().filter(|(_, name)| never.contains(&name.as_str())) {
            broken.push(format!("{package}/Cargo.toml:{line}: `{name}`: {why}"));
        }
    }
    none("package borders are dependency rules", &broken);
}

#[test]
fn features_do_not_import_each_other() {
    let mut broken = Vec::new();
    let mut used = BTreeSet::new();
    for source in sources().iter().filter(|source| !source.is_test) {
        let Some(path) = source.name.strip_prefix("engine/core/src/") else { continue };
        let feature = path.split(['/', '.']).next().unwrap_or_default();
        if !FEATURES.contains(&feature) {
            continue;
        }
        for (at, line) in source.text.lines().enumerate() {
            for other in FEATURES.into_iter().filter(|other| *other != feature && imports(line, other)) {
                used.insert((feature.to_owned(), other));
                if !MAY_IMPORT.iter().any(|(who, whom, _)| *who == feature && *whom == other) {
                    broken.push(format!("{}:{}: {feature} imports {other}", source.name, at + 1));
                }
            }
        }
    }
    for (who, whom, why) in MAY_IMPORT {
        if !used.contains(&(who.to_owned(), whom)) {
            broken.push(format!(
                "tests/promises/tidy/borders.rs: {who} imports {whom} no more ({why}): take it off the list"
            ));
        }
    }
    none("features meet through the world, not through each other", &broken);
}

/// Whether a line names a module of the core: `crate::wear::`, or `crate::{faults, wear}`.
fn imports(line: &str, module: &str) -> bool {
    let line = line.split("//").next().unwrap_or_default();
    let Some((_, rest)) = line.split_once("crate::") else { return false };
    let mut words = rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    if rest.starts_with('{') { words.any(|word| word == module) } else { line.contains(&format!("crate::{module}::")) }
}

#[test]
fn every_package_forbids_unsafe_code_and_takes_the_shared_lints() {
    let top = std::fs::read_to_string(project().join("Cargo.toml")).expect("the workspace has a manifest");
    assert!(top.contains("unsafe_code = \"forbid\""), "Cargo.toml: unsafe code is forbidden in the whole workspace");
    let mut broken = Vec::new();
    for package in ["engine/model", "engine/core", "engine/io", "engine/twinwright", "tests", "bench"] {
        let text = std::fs::read_to_string(project().join(package).join("Cargo.toml")).unwrap_or_default();
        if !text.contains("[lints]\nworkspace = true") {
            broken.push(format!("{package}/Cargo.toml:1: `[lints] workspace = true` is missing"));
        }
    }
    none("one set of lints for all", &broken);
}

#[test]
fn every_shipped_machine_is_in_the_folder_and_in_the_program() {
    let mut names = Vec::new();
    walk(&project(), "machine-configs", ".toml", &mut names);
    let shipped = SHIPPED.map(|(kind, _)| format!("machine-configs/{kind}.toml"));
    assert_eq!(names, shipped, "machine-configs/ and the list in engine/twinwright/src/library.rs are not the same");
    let guide = std::fs::read_to_string(project().join("machine-configs/README.md")).unwrap_or_default();
    let unsaid: Vec<String> = SHIPPED
        .iter()
        .filter(|(kind, _)| !guide.contains(&format!("`{kind}`")))
        .map(|(kind, _)| format!("machine-configs/README.md:1: does not speak of `{kind}`"))
        .collect();
    none("a machine that nobody can find is not shipped", &unsaid);
}

#[test]
fn every_scenario_stands_in_the_guide() {
    let mut names = Vec::new();
    walk(&project(), "scenarios", ".toml", &mut names);
    let guide = std::fs::read_to_string(project().join("scenarios/README.md")).unwrap_or_default();
    let unsaid: Vec<String> = names
        .iter()
        .filter(|name| !guide.contains(name.trim_start_matches("scenarios/")))
        .map(|name| format!("scenarios/README.md:1: does not speak of {name}"))
        .collect();
    none("a scenario is found by its question", &unsaid);
}

#[test]
fn every_top_folder_says_what_it_is() {
    let folders = ["engine", "machine-configs", "scenarios", "migrations", "tests", "bench"];
    let broken: Vec<String> = folders
        .iter()
        .filter(|folder| !project().join(folder).join("README.md").is_file())
        .map(|folder| format!("{folder}/README.md: is missing"))
        .collect();
    none("a folder without a word is a riddle", &broken);
}

/// Paths that a text names, in backticks or as links, with their lines.
fn named_paths(text: &str) -> Vec<(usize, String)> {
    const TOPS: [&str; 8] =
        ["engine/", "tests/", "bench/", "scenarios/", "machine-configs/", "migrations/", ".ci/", "LICENSE"];
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for piece in line.split(['`', '(', ')', '"', ' ', ',', '|']) {
            let piece = piece.trim_end_matches(['.', ':', ';']);
            let plain = piece.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '-' | '_'));
            if plain && TOPS.iter().any(|top| piece.starts_with(top)) {
                found.push((at + 1, piece.to_owned()));
            }
        }
    }
    found
}

#[test]
fn what_documents_name_is_there() {
    let mut documents = vec!["README.md".to_owned(), "engine/ARCHITECTURE.md".to_owned()];
    walk(&project(), "engine/decisions", ".md", &mut documents);
    let mut broken = Vec::new();
    for name in documents {
        let text = std::fs::read_to_string(project().join(&name)).unwrap_or_default();
        let paths = named_paths(&text);
        if paths.is_empty() && !name.contains("decisions") {
            broken.push(format!("{name}:1: is missing, or names no path"));
        }
        for (line, path) in paths.into_iter().filter(|(_, path)| !project().join(path).exists()) {
            broken.push(format!("{name}:{line}: {path} is not there"));
        }
    }
    none("a map with streets that are gone is worse than none", &broken);
}

#[test]
fn nothing_speaks_of_one_persons_computer() {
    let homes = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/Us", "ers/"),
        concat!("C:", "\\\\"),
        concat!("/wo", "rk/"),
    ];
    let mut names = vec!["README.md".to_owned(), ".ci/run".to_owned(), "tests/run".to_owned(), "Cargo.toml".to_owned()];
    for top in ["engine", "tests", "bench", "scenarios", "machine-configs", "migrations"] {
        for ending in [".rs", ".toml", ".md", ".py", ".sh", ".sql", ".css"] {
            walk(&project(), top, ending, &mut names);
        }
    }
    let mut broken = Vec::new();
    for name in names {
        let text = std::fs::read_to_string(project().join(&name)).unwrap_or_default();
        for (at, line) in text.lines().enumerate() {
            if let Some(home) = homes.iter().find(|home| line.contains(**home)) {
                broken.push(format!("{name}:{}: `{home}` is a place on somebody's computer", at + 1));
            }
        }
    }
    none("a fresh clone anywhere must do", &broken);
}
