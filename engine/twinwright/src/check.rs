//! `twinwright check`: every fault of every file, for a person or for a machine.

use crate::Trouble;
use crate::generate::outlets::wrong_outlets;
use crate::library::{Kinds, read_document};
use std::path::{Path, PathBuf};
use twinwright_core::Document;
use twinwright_core::judge::JudgeSpec;
use twinwright_core::plan::{self, Changes};
use twinwright_core::site;
use twinwright_model::{Diagnostic, Time};

/// What a file says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    Machine,
    Scenario,
    Site,
    Judge,
}

impl Sort {
    fn name(self) -> &'static str {
        match self {
            Sort::Machine => "machine",
            Sort::Scenario => "scenario",
            Sort::Site => "site",
            Sort::Judge => "judge",
        }
    }
}

/// Judges by the schema line, else by what else stands in the file.
pub fn sort_of(document: &Document) -> Sort {
    let schema = document.text.lines().take(200).find(|line| line.trim_start().starts_with("schema"));
    match schema {
        Some(line) if line.contains("machine/") => Sort::Machine,
        Some(line) if line.contains("scenario/") => Sort::Scenario,
        Some(line) if line.contains("site/") => Sort::Site,
        Some(line) if line.contains("judge/") => Sort::Judge,
        _ if document.text.contains("[feed.") => Sort::Site,
        _ if document.text.contains("[[machine]]") => Sort::Scenario,
        _ => Sort::Machine,
    }
}

/// All faults of one file; the machine files of a scenario or a site are checked with it.
pub fn check_file(path: &Path, machines: Option<&Path>) -> Result<(Sort, Vec<Diagnostic>), Trouble> {
    let document = read_document(path)?;
    let sort = sort_of(&document);
    let diagnostics = match sort {
        Sort::Machine => plan::compile_kind(&document),
        Sort::Scenario => match plan::study(&document, &Kinds::beside(path, machines), &Changes::default()) {
            Ok(study) => wrong_outlets(path, study.base()),
            Err(faults) => faults,
        },
        // When it begins is no matter of the file.
        Sort::Site => site::compile(&document, &Kinds::beside(path, machines), Time(0)).err().unwrap_or_default(),
        Sort::Judge => JudgeSpec::read(&document).err().unwrap_or_default(),
    };
    Ok((sort, diagnostics))
}

/// Checks files one after another. The lines are for stdout; faults come back as trouble.
pub fn check_files(paths: &[PathBuf], machines: Option<&Path>) -> (Vec<String>, Vec<Diagnostic>, Vec<Trouble>) {
    let (mut fine, mut faults, mut unread) = (Vec::new(), Vec::new(), Vec::new());
    for path in paths {
        match check_file(path, machines) {
            Ok((sort, found)) if found.is_empty() => {
                fine.push(format!("{}: {} fine", path.display(), sort.name()));
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
