//! Reads the sources of the project, and finds the functions in them.
//!
//! It knows just enough of Rust for well-formatted code: a function ends at the brace that stands as deep as it began.

use std::path::Path;
use twinwright_tests::project;

/// A source file; `name` is its path from the top of the project.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) is_test: bool,
}

/// A function and how long it is.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) line: usize,
    pub(crate) lines: usize,
}

/// All Rust files of the project.
pub(crate) fn sources() -> Vec<Source> {
    let mut names = Vec::new();
    for top in ["engine", "tests", "bench"] {
        walk(&project(), top, ".rs", &mut names);
    }
    assert!(names.len() > 50, "only {} sources found: is this the project?", names.len());
    let read = |name: String| {
        let is_test = name.starts_with("tests/") || name.contains("/tests/") || name.ends_with("/tests.rs");
        let text = std::fs::read_to_string(project().join(&name)).expect("a source is UTF-8");
        Source { name, text, is_test }
    };
    names.into_iter().map(read).collect()
}

/// Files below a folder that end in something, by their path from the top, in order.
pub(crate) fn walk(top: &Path, folder: &str, ending: &str, names: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(top.join(folder)) else { return };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() && !name.ends_with("/target") {
            walk(top, &name, ending, names);
        } else if name.ends_with(ending) {
            names.push(name);
        }
    }
}

/// The functions of a file, tests at its end left out.
pub(crate) fn functions(source: &Source) -> Vec<Function> {
    let lines: Vec<&str> = source.text.lines().take_while(|line| *line != "mod tests {").collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let depth = line.len() - line.trim_start().len();
        let end = format!("{}}}", &line[..depth]);
        // A signature without a body ends in a semicolon before any brace.
        let body = lines[at..].iter().position(|line| line.contains('{')).unwrap_or(usize::MAX);
        let bare = lines[at..].iter().position(|line| line.trim_end().ends_with(';')).unwrap_or(usize::MAX);
        if line.trim_end().ends_with('}') || bare < body {
            continue;
        }
        if let Some(length) = lines[at..].iter().position(|line| *line == end) {
            found.push(Function { name, line: at + 1, lines: length + 1 });
        }
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let mut rest = line.trim_start();
    for word in ["pub(crate) ", "pub(super) ", "pub ", "const ", "async ", "unsafe "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let rest = rest.strip_prefix("fn ")?;
    Some(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
}

#[test]
fn the_scan_finds_functions_and_their_lengths() {
    let text =
        "//! x\npub fn one() {\n    two();\n}\n\ntrait T {\n    fn bare(&self);\n    fn two(&self) {\n    }\n}\n";
    let source = Source { name: "x.rs".into(), text: text.into(), is_test: false };
    let found: Vec<(String, usize)> = functions(&source).into_iter().map(|f| (f.name, f.lines)).collect();
    assert_eq!(found, [("one".to_owned(), 3), ("two".to_owned(), 2)]);
}
