//! What the promises are tested with: scenarios from text, the program as a process, folders that go away.
//!
//! Every test makes its own folder and its own files; nothing is shared, so all of them run in parallel.

pub mod decode;
pub mod load;
pub mod mirror;
pub mod servers;
pub mod source;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use twinwright_core::plan::compile;
use twinwright_core::{Document, Library, Plan};

/// The top folder of the project.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// Machine files given as text, by the kind that they name.
#[derive(Debug, Default)]
pub struct Texts(pub Vec<(String, String)>);

impl Library for Texts {
    fn find(&self, kind: &str) -> Option<Document> {
        let (name, text) = self.0.iter().find(|(name, _)| name == kind)?;
        Some(Document { name: format!("{name}.toml"), text: text.clone() })
    }

    fn known(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// A plan from the text of one machine file of kind `unit` and a scenario; faults end the test with their text.
pub fn plan_of(machine: &str, scenario: &str) -> Arc<Plan> {
    let head = "schema = \"machine/1\"\nkind = \"unit\"\n";
    let machine = if machine.contains("schema") { machine.to_owned() } else { format!("{head}{machine}") };
    let library = Texts(vec![("unit".to_owned(), machine)]);
    let document = Document { name: "scenario.toml".to_owned(), text: scenario.to_owned() };
    match compile(&document, &library) {
        Ok(plan) => Arc::new(plan),
        Err(faults) => panic!("{}", faults.iter().map(ToString::to_string).collect::<String>()),
    }
}

/// The head of a scenario with `count` machines U-1 ... of kind `unit`.
pub fn scenario(count: u32, duration: &str, tick: &str, rest: &str) -> String {
    format!(
        "schema = \"scenario/1\"\ntitle = \"test\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"{duration}\"\n\
         tick = \"{tick}\"\n[[machine]]\nid = \"U-{{1..{count}}}\"\nkind = \"unit\"\n{rest}"
    )
}

/// A folder of this test alone, gone when it is dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch::new()
    }
}

impl Scratch {
    pub fn new() -> Scratch {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("twinwright-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary folder can be made");
        Scratch(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file in a temporary folder can be written");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program that was built with these tests.
pub fn program() -> PathBuf {
    let mut path = std::env::current_exe().expect("a test knows its own path");
    path.pop();
    if path.ends_with("deps") {
        path.pop();
    }
    let path = path.join("twinwright");
    assert!(path.is_file(), "{} is not built; tests/run builds it first", path.display());
    path
}

/// Runs the program in a folder.
pub fn twinwright(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program()).args(arguments).current_dir(folder).output().expect("the program starts")
}

/// Standard error as text.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Standard output as text.
pub fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
