//! Where machine files are found: beside the scenario, in a folder that was named, among the shipped ones.

use crate::Trouble;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use twinwright_core::files::node::LONGEST_FILE;
use twinwright_core::{Document, Library};

macro_rules! shipped {
    ($($kind:literal),* $(,)?) => {
        [$(($kind, include_str!(concat!("../../../machine-configs/", $kind, ".toml")))),*]
    };
}

/// The machines that come with the program.
pub const SHIPPED: [(&str, &str); 11] = shipped![
    "centrifugal-pump",
    "cmp",
    "cnc-spindle",
    "conveyor",
    "cvd",
    "lithography-stepper",
    "metrology",
    "plasma-etcher",
    "pvd",
    "screw-compressor",
    "shop-lathe",
];

/// The kinds within reach of a scenario.
#[derive(Debug, Clone, Default)]
pub struct Kinds {
    /// Folders, in the order they are looked through.
    pub folders: Vec<PathBuf>,
}

impl Kinds {
    /// Kinds for a scenario file, with a folder of the user's own.
    pub fn beside(scenario: &Path, machines: Option<&Path>) -> Kinds {
        let beside = scenario.parent().map(Path::to_path_buf);
        Kinds { folders: beside.into_iter().chain(machines.map(Path::to_path_buf)).collect() }
    }
}

impl Library for Kinds {
    fn find(&self, kind: &str) -> Option<Document> {
        // A kind is a plain name: nothing that could leave its folder.
        if kind.is_empty() || !kind.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
            return None;
        }
        for folder in &self.folders {
            let path = folder.join(format!("{kind}.toml"));
            if path.is_file()
                && let Ok(document) = read_document(&path)
            {
                return Some(document);
            }
        }
        let (name, text) = SHIPPED.iter().find(|(name, _)| *name == kind)?;
        Some(Document { name: format!("{name}.toml (shipped)"), text: (*text).to_owned() })
    }

    fn known(&self) -> Vec<String> {
        let mut known: Vec<String> = SHIPPED.iter().map(|(name, _)| (*name).to_owned()).collect();
        for folder in &self.folders {
            // The parent of a bare file name is empty.
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(1000);
            let names = entries.filter_map(|entry| {
                let path = entry.path();
                let is_machine = path.extension().is_some_and(|ending| ending == "toml")
                    && read_document(&path).is_ok_and(|document| document.text.contains("machine/1"));
                is_machine.then(|| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).flatten()
            });
            known.extend(names);
        }
        known.sort();
        known.dedup();
        known
    }
}

/// Reads a file as text; one that is too long is cut where the parser will refuse it anyway.
pub fn read_document(path: &Path) -> Result<Document, Trouble> {
    let name = path.display().to_string();
    let failed = |error: std::io::Error| Trouble::Input(format!("{name}: cannot be read: {error}"));
    if path.is_dir() {
        return Err(Trouble::Input(format!("{name}: this is a folder, not a file")));
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LONGEST_FILE as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > LONGEST_FILE {
        let size =
            std::fs::metadata(path).map_or(String::from("more than that"), |meta| format!("{} bytes", meta.len()));
        return Err(Trouble::Input(format!(
            "{name}:1:1: this file is too long: {size}, at most {LONGEST_FILE} bytes are read"
        )));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
        Trouble::Input(format!("{name}:{line}:{column}: this is not UTF-8 text"))
    })?;
    Ok(Document { name, text: text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text) })
}
