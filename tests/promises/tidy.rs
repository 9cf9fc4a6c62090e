//! The rules of this code base, as tests that answer with file, line and reason.
//!
//! A rule that cannot hold yet is a ratchet: what breaks it is listed with its size, and may only get better. `scan`
//! reads the sources; here are the rules about sources, in `borders` those about packages and folders.

mod borders;
mod scan;

use scan::{Source, functions, sources};

/// Files that are longer than 400 lines, and how long at most. A file that shrank must give back what it does not need.
const LONG_FILES: [(&str, usize); 0] = [];
const LONGEST_FILE: usize = 400;

/// Functions that are longer than 70 lines, with how long at most.
const LONG_FUNCTIONS: [(&str, &str, usize); 0] = [];
const LONGEST_FUNCTION: usize = 70;

/// Ends a test with every place that breaks a rule.
pub(crate) fn none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}\n  {}", broken.join("\n  "));
}

#[test]
fn every_source_file_opens_by_saying_what_it_is() {
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| !source.text.starts_with("//! "))
        .map(|source| {
            format!("{}:1: does not open with `//! ` and what the file is, why, and what it must never do", source.name)
        })
        .collect();
    none("a reader who opens a file must know where he is", &broken);
}

#[test]
fn no_file_is_longer_than_a_person_holds_in_mind() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test) {
        let lines = source.text.lines().count();
        let most = LONG_FILES.iter().find(|(name, _)| *name == source.name).map(|(_, most)| *most);
        if lines > most.unwrap_or(LONGEST_FILE) {
            broken.push(format!("{}:{lines}: {lines} lines, at most {}", source.name, most.unwrap_or(LONGEST_FILE)));
        }
        if let Some(most) = most.filter(|most| lines + 30 < *most) {
            broken
                .push(format!("{}:1: {lines} lines now: lower its {most} in LONG_FILES, or take it out", source.name));
        }
    }
    none("a file that grows without end becomes the one that nobody can change", &broken);
}

#[test]
fn no_function_is_longer_than_a_page() {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test) {
        for function in functions(source) {
            let listed = |(name, known, _): &&(&str, &str, usize)| *name == source.name && *known == function.name;
            let most = LONG_FUNCTIONS.iter().find(listed).map_or(LONGEST_FUNCTION, |(_, _, most)| *most);
            if function.lines > most {
                let (name, lines) = (&function.name, function.lines);
                broken.push(format!("{}:{}: `{name}` has {lines} lines, at most {most}", source.name, function.line));
            }
        }
    }
    none("a function is one thought", &broken);
}

#[test]
fn no_file_is_named_after_nothing() {
    const BANNED: [&str; 9] =
        ["util", "utils", "common", "helper", "helpers", "types", "misc", "components", "systems"];
    let broken: Vec<String> = sources()
        .iter()
        .filter(|source| {
            let steps = source.name.trim_end_matches(".rs").split('/');
            steps.into_iter().any(|step| BANNED.contains(&step))
        })
        .map(|source| format!("{}:1: name it after what it holds", source.name))
        .collect();
    none("a file called after a kind of code attracts everything of that kind", &broken);
}

/// Lines of what is no test, with their numbers and without comments.
fn code(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let end = source.text.find("#[cfg(test)]\nmod tests {").unwrap_or(source.text.len());
    let lines = source.text[..end].lines().enumerate();
    lines.map(|(at, line)| (at + 1, line.split("//").next().unwrap_or_default()))
}

fn banned_in(rule: &str, wanted: impl Fn(&Source) -> bool, banned: &[(&str, &str)]) {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| wanted(source)) {
        for (line, text) in code(source) {
            for (_, reason) in banned.iter().filter(|(word, _)| text.contains(word)) {
                broken.push(format!("{}:{line}: {reason}", source.name));
            }
        }
    }
    none(rule, &broken);
}

#[test]
fn nothing_is_left_to_be_done_later() {
    let banned = [
        (concat!("to", "do!"), "what is not done yet is not merged yet"),
        (concat!("unimpl", "emented!"), "what is not done yet is not merged yet"),
        (concat!("db", "g!("), "a look at a value while writing"),
        (concat!("FIX", "ME"), "mend it, or open an issue"),
    ];
    banned_in("main is always done", |_| true, &banned);
}

#[test]
fn nothing_but_a_test_unwraps() {
    let banned = [(".unwrap()", "say what went wrong, or why it cannot (`expect`)")];
    banned_in(
        "bad input is an answer, never a panic",
        |source| !source.is_test && source.name.starts_with("engine/"),
        &banned,
    );
}

#[test]
fn errors_are_printed_in_one_place() {
    let banned = [("println!", "only main.rs prints"), ("eprint", "only main.rs prints")];
    // A build script speaks to cargo by printing.
    let printers = ["engine/twinwright/src/main.rs", "engine/io/build.rs"];
    let wanted = |source: &Source| {
        source.name.starts_with("engine/") && !source.is_test && !printers.contains(&source.name.as_str())
    };
    banned_in("whoever prints decides what a person sees", wanted, &banned);
}

#[test]
fn the_core_knows_no_clock_file_socket_thread_or_chance_order() {
    let banned = [
        ("std::time", "the core knows no clock"),
        ("std::fs", "the core opens no file"),
        ("std::net", "the core has no socket"),
        ("std::thread", "a world is single-threaded"),
        ("std::env", "what a run does follows from its plan"),
        ("HashMap", "its order changes from run to run"),
        ("HashSet", "its order changes from run to run"),
        ("thread_rng", "luck is addressed by name"),
        ("mul_add(", "fused on some CPUs only"),
        ("async ", "the core is not asynchronous"),
    ];
    let wanted = |source: &Source| source.name.starts_with("engine/core/src") && !source.is_test;
    banned_in("the same plan gives the same bytes", wanted, &banned);
}
