//! What the benches share: machines to simulate, columns to write, and honest clocks.
//!
//! A bench asks one question and prints one figure a line; everything that two of them need lies here, so that they
//! measure the same plant. Nothing here may change what the engine does: only its public front door is used.

pub mod bare;
pub mod meter;
pub mod plants;
pub mod ready;

use std::io::Write;
use std::process::ExitCode;

/// A way in which a bench cannot go on, in words.
pub type Refused = Box<dyn std::error::Error>;

/// A bench's main: hands over the words of the command line, and says on stderr why it could not go on.
pub fn main_of(serve: impl FnOnce(&[&str]) -> Result<(), Refused>) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match serve(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(2)
        }
    }
}
