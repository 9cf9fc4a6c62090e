//! A backup's file: its name comes last, and its digest lies beside it.

use super::Watch;
use crate::outlets::trouble::OutletTrouble;
use crate::store::ledger::hexadecimal;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

const STEP: usize = 1024 * 1024;

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Where a file is while it grows.
pub(super) fn part(path: &Path) -> PathBuf {
    beside(path, ".part")
}

fn digest_file(path: &Path) -> PathBuf {
    beside(path, ".sha256")
}

pub(super) fn trouble(path: &Path, error: &Error) -> OutletTrouble {
    OutletTrouble::lasting(format!("{}: {error}", path.display()))
}

/// A backup takes nothing's place, and what an earlier one left unfinished goes.
pub(super) fn must_be_free(to: &Path) -> Result<(), OutletTrouble> {
    if to.symlink_metadata().is_ok() {
        let what = "this file is there already; a backup never takes the place of another file";
        return Err(OutletTrouble::input(format!("{}: {what}", to.display())));
    }
    if to.file_name().is_none() {
        return Err(OutletTrouble::input(format!("{}: this names no file", to.display())));
    }
    discard(to);
    Ok(())
}

/// Takes away what is not finished.
pub(super) fn discard(to: &Path) {
    let part = part(to);
    for ending in ["", "-wal", "-shm", "-journal"] {
        // What is not there is no trouble.
        let _ = fs::remove_file(beside(&part, ending));
    }
}

pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a file safe, whatever happens to the power.
pub(super) fn settle(path: &Path) -> Result<(), OutletTrouble> {
    File::open(path).and_then(|file| file.sync_all()).map_err(|error| trouble(path, &error))
}

/// Gives a finished file its name. Answers its size and digest.
pub(super) fn hand_over(to: &Path) -> Result<(u64, String), OutletTrouble> {
    let part = part(to);
    settle(&part)?;
    let (bytes, digest) = digest(&part, None)?;
    let name = to.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = digest_file(to);
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(format!("{digest}  {name}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&part, to)?;
        File::open(folder(to))?.sync_all()
    };
    write().map_err(|error| trouble(to, &error))?;
    Ok((bytes, digest))
}

pub(super) fn has_digest(from: &Path) -> bool {
    digest_file(from).is_file()
}

/// Refuses a backup that is not what its digest says. Answers its digest.
pub(super) fn check(from: &Path, watch: &Watch<'_>) -> Result<String, OutletTrouble> {
    let (_, found) = digest(from, Some(watch))?;
    let beside = digest_file(from);
    match fs::read_to_string(&beside) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(found),
        Err(error) => Err(trouble(&beside, &error)),
        Ok(text) if text.split_whitespace().next() == Some(found.as_str()) => Ok(found),
        Ok(_) => Err(OutletTrouble::lasting(format!(
            "{}: this backup is damaged: its digest is not the one in {}",
            from.display(),
            beside.display()
        ))),
    }
}

fn digest(path: &Path, watch: Option<&Watch<'_>>) -> Result<(u64, String), OutletTrouble> {
    let opened = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => OutletTrouble::input(format!("{}: there is no such file", path.display())),
        _ => trouble(path, &error),
    });
    let mut file = opened?;
    let of = file.metadata().map_or(0, |about| about.len());
    let mut whole = Sha256::new();
    let mut buffer = vec![0; STEP];
    let mut bytes = 0;
    loop {
        if let Some(watch) = watch {
            watch.ended()?;
            (watch.tell)(bytes, of);
        }
        match file.read(&mut buffer) {
            Ok(0) => return Ok((bytes, hexadecimal(&whole.finalize()))),
            Ok(count) => {
                whole.update(&buffer[..count]);
                bytes += count as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(trouble(path, &error)),
        }
    }
}
