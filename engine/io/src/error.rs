//! What can go wrong while recording, said in one sentence with the path.
//!
//! Every error carries the file or folder it is about; nothing here prints.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a run could not be recorded.
#[derive(Debug)]
pub enum RecordError {
    /// The operating system said no: disk full, no permission, a file in the way.
    File { path: PathBuf, doing: &'static str, source: io::Error },
    /// The output folder holds things that no run made.
    Occupied { path: PathBuf },
    /// Two tables of one run would get the same file.
    SameFile { path: PathBuf },
    /// What was handed in does not fit the table.
    Content { path: PathBuf, why: String },
}

impl RecordError {
    pub(crate) fn file(path: &Path, doing: &'static str, source: io::Error) -> RecordError {
        RecordError::File { path: path.to_owned(), doing, source }
    }

    pub(crate) fn content(path: &Path, why: impl fmt::Display) -> RecordError {
        RecordError::Content { path: path.to_owned(), why: why.to_string() }
    }

    /// The file or folder it is about.
    pub fn path(&self) -> &Path {
        match self {
            RecordError::File { path, .. }
            | RecordError::Occupied { path }
            | RecordError::SameFile { path }
            | RecordError::Content { path, .. } => path,
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordError::File { path, doing, source } => write!(f, "cannot {doing} {}: {source}", path.display()),
            RecordError::Occupied { path } => write!(
                f,
                "the output folder {} holds files that no run made; name another folder or empty this one",
                path.display()
            ),
            RecordError::SameFile { path } => {
                write!(f, "two tables of this run would both be written to {}; rename one kind", path.display())
            }
            RecordError::Content { path, why } => write!(f, "cannot write {}: {why}", path.display()),
        }
    }
}

impl std::error::Error for RecordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            RecordError::File { source, .. } => Some(source),
            _ => None,
        }
    }
}
