//! `twinwright check`: every fault of every file, for a person or for a machine.

use crate::Trouble;
use crate::generate::outlets::wrong_outlets;
use crate::library::{Kinds, read_document};
use std::path::{Path, PathBuf};
use twinwright_core::Document;
use twinwright_core::plan::{self, Changes};
use twinwright_model::Diagnostic;

/// What a file says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Machine,
    Scenario,
}

/// Judges by the schema line, else by what else stands in the file.
pub fn sort_of(document: &Document) -> Sort {
    let schema = document.text.lines().take(200).find(|line| line.trim_start().starts_with("schema"));
    match schema {
        Some(line) if line.contains("machine/") => Sort::Machine,
        Some(line) if line.contains("scenario/") => Sort::Scenario,
        _ if document.text.contains("[[machine]]") => Sort::Scenario,
        _ => Sort::Machine,
    }
}

/// All faults of one file; a scenario's machine files are checked with it.
pub fn check_file(path: &Path, machines: Option<&Path>) -> Result<(Sort, Vec<Diagnostic>), Trouble> {
    let document = read_document(path)?;
    let sort = sort_of(&document);
    let diagnostics = match sort {
        Sort::Machine => plan::compile_kind(&document),
        Sort::Scenario => match plan::study(&document, &Kinds::beside(path, machines), &Changes::default()) {
            Ok(study) => wrong_outlets(path, study.base()),
            Err(faults) => faults,
        },
    };
    Ok((sort, diagnostics))
}

/// Checks files one after another. The lines are for stdout; faults come back as trouble.
pub fn check_files(paths: &[PathBuf], machines: Option<&Path>) -> (Vec<String>, Vec<Diagnostic>, Vec<Trouble>) {
    let (mut fine, mut faults, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        match check_file(path, machines) {
            Ok((sort, found)) if found.is_empty() => {
                let sort = if sort == Sort::Machine { "machine" } else { "scenario" };
                fine.push(format!("{}: {sort} fine", path.display()));
            }
            Ok((_, found)) => faults.extend(found),
            Err(trouble) => unread.push(trouble),
        }
    }
    faults.sort_by(|a, b| {
        (&a.place.file, a.place.line, a.place.column).cmp(&(&b.place.file, b.place.line, b.place.column))
    });
    faults.dedup();
    (fine, faults, unread)
}
