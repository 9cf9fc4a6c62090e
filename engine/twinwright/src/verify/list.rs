//! The list of all findings, as CSV.
//!
//! It must never cost what it tells of: a place among the compared files is refused before anything is written, and
//! the list grows under a name ending in `.part` until it is whole, so that one that was there stays until then.

use super::Settings;
use super::findings::Finding;
use crate::Trouble;
use std::fmt::Display;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

const HEAD: [&str; 8] = ["finding", "machine", "sensor", "time", "expected", "received", "file", "row"];

#[derive(Debug)]
pub(super) struct List {
    path: PathBuf,
    /// Where it grows; none once it is whole, and none for a pipe or device, which cannot be renamed to.
    part: Option<PathBuf>,
    writer: csv::Writer<File>,
}

impl List {
    pub(super) fn create(path: &Path) -> Result<List, Trouble> {
        let path = true_path(path);
        let refused = |e: &dyn Display| Trouble::World(format!("cannot write {}: {e}", path.display()));
        let is_ordinary = fs::metadata(&path).map_or(true, |known| known.is_file()) && !path.starts_with("/dev");
        let part = is_ordinary.then(|| {
            let mut part = path.clone().into_os_string();
            part.push(".part");
            PathBuf::from(part)
        });
        let file = File::create(part.as_ref().unwrap_or(&path)).map_err(|e| refused(&e))?;
        let mut list = List { path: path.clone(), part, writer: csv::Writer::from_writer(file) };
        list.writer.write_record(HEAD).map_err(|e| refused(&e))?;
        Ok(list)
    }

    pub(super) fn add(&mut self, finding: &Finding) -> Result<(), Trouble> {
        let time = finding.time.map(|time| time.to_string()).unwrap_or_default();
        let (file, row) = match &finding.place {
            Some((file, row)) => (file.display().to_string(), row.to_string()),
            None => (String::new(), String::new()),
        };
        let Finding { sort, machine, sensor, expected, received, .. } = finding;
        let cells = [sort.name(), machine, sensor, &time, expected, received, &file, &row];
        self.writer.write_record(cells).map_err(|e| self.refused(&e))
    }

    /// The list is whole: gives it its name.
    pub(super) fn finish(mut self) -> Result<(), Trouble> {
        self.writer.flush().map_err(|e| self.refused(&e))?;
        if let Some(part) = &self.part {
            fs::rename(part, &self.path).map_err(|e| self.refused(&e))?;
        }
        self.part = None;
        Ok(())
    }

    fn refused(&self, why: &dyn Display) -> Trouble {
        Trouble::World(format!("cannot write {}: {why}", self.path.display()))
    }
}

impl Drop for List {
    fn drop(&mut self) {
        if let Some(part) = &self.part {
            // Nobody is left to tell about a failure here.
            let _ = fs::remove_file(part);
        }
    }
}

/// Refuses a list that is one of the compared files or lies in one of the compared folders.
pub(super) fn check(list: &Path, settings: &Settings) -> Result<(), Trouble> {
    let place = true_path(list);
    let refuse = |what: String| Err(Trouble::Input(format!("--list {}: {what}; name another file", list.display())));
    if place.is_dir() {
        return refuse("this is a folder".to_owned());
    }
    let compared = settings.received.iter().map(|path| (path, "what was received"));
    for (path, what) in compared.chain([(&settings.against, "what the run made")]) {
        let known = true_path(path);
        if place == known {
            return refuse(format!("this is {what}, which the list would replace"));
        }
        if known.is_dir() && place.starts_with(&known) {
            return refuse(format!("this lies in {}, which holds {what}", path.display()));
        }
    }
    Ok(())
}

/// The path without links and detours; of a file that is not there yet, that of its folder with its name.
fn true_path(path: &Path) -> PathBuf {
    if path.starts_with("/dev") {
        // `/dev/stdout` stands for a file that somebody else has opened.
        return path.to_owned();
    }
    path.canonicalize().unwrap_or_else(|_| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match (folder.canonicalize(), path.file_name()) {
            (Ok(folder), Some(name)) => folder.join(name),
            _ => path.to_owned(),
        }
    })
}
