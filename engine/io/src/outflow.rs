//! What a table's bytes flow into: a file that is not whole yet, packed or plain; standard output; a device.
//!
//! Formats write here and know nothing of names, compression or who reads. Only [`Outflow::seal`] ends the stream, and
//! only then a file may get its name.

use crate::RecordError;
use crate::folder::PartFile;
use crate::table::TableWriter;
use flate2::write::GzEncoder;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Stdout, Write};
use std::path::{Path, PathBuf};

/// How a file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Packing {
    #[default]
    Plain,
    Gzip,
    Zstd,
}

/// Where bytes go.
pub(crate) struct Outflow {
    path: PathBuf,
    channel: Channel,
}

enum Channel {
    Part(PartFile),
    Gzip(Box<GzEncoder<PartFile>>),
    Zstd(Box<zstd::Encoder<'static, PartFile>>),
    /// A device, a pipe: it is written as it stands and never gets another name.
    Device(File),
    Stdout(Stdout),
}

impl Packing {
    /// From a file name's last ending, and the name without it.
    pub fn of(name: &str) -> (Packing, &str) {
        if let Some(stem) = name.strip_suffix(".gz") {
            (Packing::Gzip, stem)
        } else if let Some(stem) = name.strip_suffix(".zst") {
            (Packing::Zstd, stem)
        } else {
            (Packing::Plain, name)
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Packing::Plain => "",
            Packing::Gzip => ".gz",
            Packing::Zstd => ".zst",
        }
    }
}

impl Outflow {
    pub(crate) fn stdout() -> Outflow {
        Outflow { path: PathBuf::from("stdout"), channel: Channel::Stdout(io::stdout()) }
    }

    /// A file by its path; what is no regular file (`/dev/null`, a named pipe) is written as it stands.
    pub(crate) fn open(path: &Path, packing: Packing) -> Result<Outflow, RecordError> {
        let failed = |e| RecordError::file(path, "create", e);
        if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
            let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
            return Ok(Outflow { path: path.to_owned(), channel: Channel::Device(file) });
        }
        if path.is_dir() {
            return Err(failed(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let part = PartFile::at(path)?;
        let channel = match packing {
            Packing::Plain => Channel::Part(part),
            Packing::Gzip => Channel::Gzip(Box::new(GzEncoder::new(part, flate2::Compression::fast()))),
            // zstd's level 1: nearly as small as its default on readings, and faster.
            Packing::Zstd => Channel::Zstd(Box::new(zstd::Encoder::new(part, 1).map_err(failed)?)),
        };
        Ok(Outflow { path: path.to_owned(), channel })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        self.write_all(bytes).map_err(|e| RecordError::file(&self.path, "write", e))
    }

    /// Whether what is written becomes something shorter.
    pub(crate) fn is_packed(&self) -> bool {
        matches!(self.channel, Channel::Gzip(_) | Channel::Zstd(_))
    }

    /// How large the file has grown; nothing for what is no file.
    pub(crate) fn written(&self) -> u64 {
        match &self.channel {
            Channel::Part(part) => part.written(),
            Channel::Gzip(packed) => packed.get_ref().written(),
            Channel::Zstd(packed) => packed.get_ref().written(),
            Channel::Device(_) | Channel::Stdout(_) => 0,
        }
    }

    /// Ends the stream. A file still waits for its name.
    pub(crate) fn seal(self) -> Result<Option<PartFile>, RecordError> {
        let failed = |e| RecordError::file(&self.path, "write", e);
        match self.channel {
            Channel::Part(part) => Ok(Some(part)),
            Channel::Gzip(packed) => packed.finish().map(Some).map_err(failed),
            Channel::Zstd(packed) => packed.finish().map(Some).map_err(failed),
            Channel::Device(_) => Ok(None),
            Channel::Stdout(mut out) => out.flush().map(|()| None).map_err(failed),
        }
    }
}

/// Ends a table that goes into a run's folder: its file waits for its name.
pub(crate) fn sealed_part(table: Box<dyn TableWriter>) -> Result<PartFile, RecordError> {
    let flow = table.finish()?;
    let path = flow.path().to_owned();
    flow.seal()?.ok_or_else(|| RecordError::content(&path, "a run's table is a file"))
}

impl From<PartFile> for Outflow {
    fn from(part: PartFile) -> Outflow {
        Outflow { path: part.path().to_owned(), channel: Channel::Part(part) }
    }
}

impl Write for Outflow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.channel {
            Channel::Part(part) => part.write(bytes),
            Channel::Gzip(packed) => packed.write(bytes),
            Channel::Zstd(packed) => packed.write(bytes),
            Channel::Device(file) => file.write(bytes),
            Channel::Stdout(out) => out.write(bytes),
        }
    }

    /// What was written becomes visible to a reader of a plain file or of stdout.
    fn flush(&mut self) -> io::Result<()> {
        match &mut self.channel {
            Channel::Stdout(out) => out.flush(),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Outflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outflow").field("path", &self.path).finish_non_exhaustive()
    }
}
