//! Why a command could not do what it was asked, and which exit code that is.
//!
//! 1: the answer is no. 2: the input is wrong. 3: the world failed. Errors are printed in one place, `main`.

use std::fmt;
use twinwright_io::RecordError;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_model::Diagnostic;

/// What went wrong.
#[derive(Debug)]
pub enum Trouble {
    /// An expectation did not hold; each line says which figure missed which limit.
    No(Vec<String>),
    /// Faults in files, each at its place.
    Files(Vec<Diagnostic>),
    /// Something asked for that cannot be: said in one sentence.
    Input(String),
    /// Disk, permission, memory.
    World(String),
}

impl Trouble {
    pub fn exit_code(&self) -> u8 {
        match self {
            Trouble::No(_) => 1,
            Trouble::Files(_) | Trouble::Input(_) => 2,
            Trouble::World(_) => 3,
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::No(lines) => f.write_str(&lines.join("\n")),
            Trouble::Files(diagnostics) => {
                for diagnostic in diagnostics {
                    write!(f, "{diagnostic}")?;
                }
                let count = diagnostics.len();
                write!(f, "{count} fault{} found", if count == 1 { "" } else { "s" })
            }
            Trouble::Input(message) | Trouble::World(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Trouble {}

impl From<RecordError> for Trouble {
    fn from(error: RecordError) -> Trouble {
        match error {
            RecordError::Occupied { .. } => Trouble::Input(error.to_string()),
            other => Trouble::World(other.to_string()),
        }
    }
}

impl From<OutletTrouble> for Trouble {
    fn from(trouble: OutletTrouble) -> Trouble {
        match trouble {
            OutletTrouble::Input(message) => Trouble::Input(message),
            other => Trouble::World(other.to_string()),
        }
    }
}
