//! `twinwright init NAME`: a commented pair of files that runs, to start from.

use crate::Trouble;
use std::path::{Path, PathBuf};

const MACHINE: &str = include_str!("init/machine.toml");
const SCENARIO: &str = include_str!("init/scenario.toml");

/// Writes `NAME.toml` and `NAME-scenario.toml` into a folder; never over a file that exists.
pub fn write_pair(folder: &Path, name: &str) -> Result<[PathBuf; 2], Trouble> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(Trouble::Input(format!(
            "`{name}` cannot name a kind: lower-case letters, digits and `-`, at most 64"
        )));
    }
    let paths = [folder.join(format!("{name}.toml")), folder.join(format!("{name}-scenario.toml"))];
    if let Some(there) = paths.iter().find(|path| path.exists()) {
        return Err(Trouble::Input(format!("{} is there already; nothing was written", there.display())));
    }
    for (path, text) in paths.iter().zip([MACHINE, SCENARIO]) {
        std::fs::write(path, text.replace("KIND", name))
            .map_err(|error| Trouble::World(format!("cannot write {}: {error}", path.display())))?;
    }
    Ok(paths)
}
