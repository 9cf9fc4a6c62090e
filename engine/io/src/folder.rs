//! The output folder of a run: replaced when a run made it, refused when anything else lies in it.
//!
//! A run's folder is known by the file `.twinwright-run`, which lists every file the run made, one a line.
//! Replacing deletes what is listed and nothing else, so a note that somebody left beside the results stays.
//! Files grow under a name ending in `.part` and get their own name when they are whole; whoever drops one before
//! that leaves nothing. A folder that was dropped before [`RunFolder::keep`] is taken away again.

use crate::RecordError;
use std::cell::RefCell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const MARKER: &str = ".twinwright-run";
const PART: &str = ".part";

/// An output folder that this run may write to.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    marker: RefCell<File>,
    /// Folders that this run made, outermost first.
    made: RefCell<Vec<PathBuf>>,
    kept: bool,
}

/// A file that is not whole yet.
#[derive(Debug)]
pub struct PartFile {
    path: PathBuf,
    part: PathBuf,
    file: Option<File>,
    written: u64,
}

impl RunFolder {
    /// Makes the folder, or empties it of what an earlier run made. A non-empty folder of another origin is refused.
    pub fn open(path: impl Into<PathBuf>) -> Result<RunFolder, RecordError> {
        let path = path.into();
        if path.join(MARKER).is_file() {
            remove_listed(&path)?;
        } else if path.exists() {
            let mut entries = fs::read_dir(&path).map_err(|e| RecordError::file(&path, "read the folder", e))?;
            if entries.next().is_some() {
                return Err(RecordError::Occupied { path });
            }
        }
        let mut made = Vec::new();
        make_folders(&path, &mut made)?;
        let name = path.join(MARKER);
        let marker = File::create(&name).map_err(|e| RecordError::file(&name, "create", e))?;
        Ok(RunFolder { path, marker: RefCell::new(marker), made: RefCell::new(made), kept: false })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a file; `name` is relative to the folder, with `/` between folders.
    pub fn create(&self, name: &str) -> Result<PartFile, RecordError> {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            make_folders(parent, &mut self.made.borrow_mut())?;
        }
        self.list(name)?;
        let part = self.path.join(format!("{name}{PART}"));
        match OpenOptions::new().write(true).read(true).create_new(true).open(&part) {
            Ok(file) => Ok(PartFile { path, part, file: Some(file), written: 0 }),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(RecordError::SameFile { path }),
            Err(e) => Err(RecordError::file(&path, "create", e)),
        }
    }

    /// Writes a small file at once.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RecordError> {
        let mut file = self.create(name)?;
        file.append(bytes)?;
        file.finish()
    }

    /// A run folder inside this one, for one variant; it is replaced together with this one.
    pub fn subfolder(&self, name: &str) -> Result<RunFolder, RecordError> {
        self.list(&format!("{name}/"))?;
        RunFolder::open(self.path.join(name))
    }

    /// The run is recorded: from now on the folder stays.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    fn list(&self, name: &str) -> Result<(), RecordError> {
        let line = format!("{name}\n");
        let mut marker = self.marker.borrow_mut();
        marker.write_all(line.as_bytes()).map_err(|e| RecordError::file(&self.path.join(MARKER), "write", e))
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // Nobody is left to tell about a failure here, and what stays is known by its marker to the next run.
        let _ = remove_listed(&self.path);
        for folder in self.made.borrow().iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

impl PartFile {
    /// A file of its own, outside any run's folder; one that is there is replaced when this one is whole. Two programs
    /// that write the same file do so apart: whoever is last to finish has it.
    pub fn at(path: &Path) -> Result<PartFile, RecordError> {
        let mut part = path.as_os_str().to_owned();
        part.push(format!(".{}{PART}", std::process::id()));
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|e| RecordError::file(path, "create", e))?;
        Ok(PartFile { path: path.to_owned(), part, file: Some(file), written: 0 })
    }

    /// Leaves it as it is, under the name that says that it is not whole.
    pub(crate) fn leave(mut self) {
        self.part = PathBuf::new();
    }

    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Where the file will lie.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        self.write_all(bytes).map_err(|e| RecordError::file(&self.path, "write", e))
    }

    pub(crate) fn handle(&self) -> io::Result<&File> {
        self.file.as_ref().ok_or_else(|| io::Error::other("the file is closed"))
    }

    /// The file is whole: gives it its name.
    pub fn finish(mut self) -> Result<(), RecordError> {
        self.file = None;
        fs::rename(&self.part, &self.path).map_err(|e| RecordError::file(&self.path, "finish", e))
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.handle()?.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        self.file = None;
        // After `finish` there is none of that name any more.
        let _ = fs::remove_file(&self.part);
    }
}

/// A name as a file can bear it: what a file system or a shell would stumble over becomes `_`.
pub fn file_name(name: &str) -> String {
    let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
    let name: String = name.chars().map(|c| if bad(c) { '_' } else { c }).collect();
    if name.is_empty() || name.starts_with('.') { format!("_{name}") } else { name }
}

fn make_folders(path: &Path, made: &mut Vec<PathBuf>) -> Result<(), RecordError> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make_folders(parent, made)?;
    }
    fs::create_dir(path).map_err(|e| RecordError::file(path, "create the folder", e))?;
    made.push(path.to_owned());
    Ok(())
}

/// Deletes what the marker in `path` lists, then the marker.
fn remove_listed(path: &Path) -> Result<(), RecordError> {
    let marker = path.join(MARKER);
    let listed = fs::read_to_string(&marker).map_err(|e| RecordError::file(&marker, "read", e))?;
    for name in listed.lines() {
        let inside = !name.is_empty() && !name.split('/').any(|step| step == "..") && !name.starts_with('/');
        if !inside {
            return Err(RecordError::content(&marker, format!("it lists `{name}`, which no run makes")));
        }
        if let Some(folder) = name.strip_suffix('/') {
            let folder = path.join(folder);
            if folder.join(MARKER).is_file() {
                remove_listed(&folder)?;
            }
            let _ = fs::remove_dir(&folder);
            continue;
        }
        for file in [path.join(name), path.join(format!("{name}{PART}"))] {
            remove_if_there(&file)?;
        }
        let mut folder = Path::new(name).parent();
        while let Some(inner) = folder.filter(|inner| !inner.as_os_str().is_empty()) {
            // Fails, rightly, while something else lies in it.
            let _ = fs::remove_dir(path.join(inner));
            folder = inner.parent();
        }
    }
    remove_if_there(&marker)
}

fn remove_if_there(file: &Path) -> Result<(), RecordError> {
    match fs::remove_file(file) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(RecordError::file(file, "replace", e)),
        _ => Ok(()),
    }
}
