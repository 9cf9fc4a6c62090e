//! Which files hold the readings: of a run's folder, and of what came back.

use crate::Trouble;
use std::fs;
use std::path::{Path, PathBuf};
use twinwright_io::readback::TableForm;

/// What a run leaves that are no readings.
const BESIDE: [&str; 2] = ["events.jsonl", "alerts.jsonl"];

/// The readings of a run: one long table, or a wide one for each kind. Of several formats, the one that tells most.
pub(super) fn of_run(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    if folder.is_file() {
        return Ok(vec![folder.to_owned()]);
    }
    if !folder.is_dir() {
        return Err(Trouble::Input(format!("{}: there is no such folder", folder.display())));
    }
    let found = readings_in(folder)?;
    if found.is_empty() {
        return Err(Trouble::Input(format!(
            "{}: holds no readings; expected readings.csv, .jsonl or .parquet, or such files in readings/, as `run \
             --readings` and `generate --out` leave them",
            folder.display()
        )));
    }
    Ok(found)
}

/// The received files, those of a folder by their names.
pub(super) fn received(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Trouble> {
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let mut found = readings_in(path)?;
        if found.is_empty() {
            found = tables_in(path)?;
            found.retain(|file| file.file_name().is_none_or(|name| BESIDE.iter().all(|other| name != *other)));
        }
        if found.is_empty() {
            let message = format!("{}: holds no .csv, .jsonl or .parquet file", path.display());
            return Err(Trouble::Input(message));
        }
        all.extend(found);
    }
    if all.is_empty() {
        return Err(Trouble::Input("nothing was received; expected a file or a folder".to_owned()));
    }
    Ok(all)
}

fn readings_in(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let mut found = tables_in(folder)?;
    found.retain(|file| stem(file) == "readings");
    let inner = folder.join("readings");
    if inner.is_dir() {
        found.extend(tables_in(&inner)?);
    }
    // The same table in several formats is one table: Parquet knows NaN from nothing, CSV too, JSON does not.
    found.sort_by_key(|file| (file.parent().map(Path::to_path_buf), stem(file), TableForm::of(file)));
    found.dedup_by_key(|file| (file.parent().map(Path::to_path_buf), stem(file)));
    Ok(found)
}

fn stem(file: &Path) -> String {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(&name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned()
}

/// The tables of a folder by name.
fn tables_in(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let wrong = |e: std::io::Error| Trouble::World(format!("cannot read the folder {}: {e}", folder.display()));
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.is_file() && TableForm::of(&path).is_some() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
