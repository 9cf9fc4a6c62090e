//! Why a table could not be read: the file, the place in it, and what was expected.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug)]
pub enum ReadError {
    /// The file is not there or is not what it should be: whoever named it can mend it.
    Input { path: PathBuf, place: Option<(u64, u64)>, why: String },
    /// The operating system said no.
    World { path: PathBuf, source: io::Error },
}

impl ReadError {
    /// `place` is line and column, from 1.
    pub fn input(path: &Path, place: Option<(u64, u64)>, why: impl fmt::Display) -> ReadError {
        ReadError::Input { path: path.to_owned(), place, why: why.to_string() }
    }

    pub(super) fn of_io(path: &Path, source: io::Error) -> ReadError {
        match source.kind() {
            io::ErrorKind::NotFound => ReadError::input(path, None, "there is no such file"),
            // What a decompressor says of bytes that it does not know.
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                ReadError::input(path, None, format!("it is broken: {source}"))
            }
            _ if source.raw_os_error().is_none() => ReadError::input(path, None, format!("it is broken: {source}")),
            _ => ReadError::World { path: path.to_owned(), source },
        }
    }

    pub fn is_input(&self) -> bool {
        matches!(self, ReadError::Input { .. })
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Input { path, place: Some((line, column)), why } => {
                write!(f, "{}:{line}:{column}: {why}", path.display())
            }
            ReadError::Input { path, place: None, why } => write!(f, "{}: {why}", path.display()),
            ReadError::World { path, source } => write!(f, "cannot read {}: {source}", path.display()),
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ReadError::World { source, .. } => Some(source),
            ReadError::Input { .. } => None,
        }
    }
}
