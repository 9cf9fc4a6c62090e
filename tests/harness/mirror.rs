//! `twinwright live` as a process: started, asked to stop, killed as a power cut would, and what it said.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Far above what a busy machine needs.
const ENOUGH: Duration = Duration::from_secs(60);

/// A live engine of one test.
#[derive(Debug)]
pub struct Mirror {
    shared: Arc<Shared>,
    out: PathBuf,
    err: PathBuf,
}

#[derive(Debug)]
struct Shared {
    child: Mutex<Child>,
    /// It is killed as soon as it says this.
    last_word: Mutex<Option<String>>,
}

impl Shared {
    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().expect("nobody panics with a child in hand")
    }
}

impl Mirror {
    /// Starts the program in a folder, with standard output and errors in files of that name there.
    pub fn start(folder: &Path, name: &str, arguments: &[&str]) -> Mirror {
        let (out, err) = (folder.join(format!("{name}.out")), folder.join(format!("{name}.err")));
        let open = |path: &Path| {
            File::options().create(true).append(true).open(path).expect("a file in a temporary folder can be written")
        };
        let mut child = Command::new(crate::program())
            .arg("live")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(open(&out))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let says = child.stderr.take().expect("it was asked for");
        let shared = Arc::new(Shared { child: Mutex::new(child), last_word: Mutex::default() });
        let (log, listener) = (open(&err), shared.clone());
        std::thread::spawn(move || listen(says, log, &listener));
        Mirror { shared, out, err }
    }

    /// Starts it and waits until it hears its feeds.
    pub fn ready(folder: &Path, name: &str, arguments: &[&str]) -> Mirror {
        let before = std::fs::read_to_string(folder.join(format!("{name}.err"))).unwrap_or_default().len();
        let mut mirror = Mirror::start(folder, name, arguments);
        mirror.wait_for("it hears its feeds", |mirror| mirror.said()[before..].contains("mirroring"));
        mirror
    }

    /// Standard output since the first start under this name.
    pub fn shown(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap_or_default()
    }

    /// Standard error since then.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.err).unwrap_or_default()
    }

    /// The end of it, for messages.
    pub fn last_words(&self) -> String {
        let said = self.said();
        let lines: Vec<&str> = said.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    pub fn id(&self) -> u32 {
        self.shared.child().id()
    }

    /// As a power cut would.
    pub fn kill(&mut self) {
        let mut child = self.shared.child();
        let _ = child.kill();
        let _ = child.wait();
    }

    /// As a power cut would, the next time that it says this.
    pub fn kill_at(&mut self, word: &str) {
        *self.shared.last_word.lock().expect("a word can be set") = Some(word.to_owned());
        self.ended();
    }

    /// As `systemctl stop` would; how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.ended()
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.id().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the engine can be sent {name}");
    }

    /// How it ended, if it has.
    fn end(&self) -> Option<ExitStatus> {
        self.shared.child().try_wait().expect("a child can be asked how it is")
    }

    /// Waits until it has ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.end() {
                return status;
            }
            assert!(begun.elapsed() < ENOUGH, "it does not end:\n{}", self.last_words());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until something holds, as long as it runs.
    pub fn wait_for(&mut self, what: &str, holds: impl Fn(&Mirror) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            if let Some(status) = self.end() {
                std::thread::sleep(Duration::from_millis(50));
                assert!(holds(self), "it ended with {status} before {what}:\n{}", self.last_words());
                return;
            }
            assert!(begun.elapsed() < ENOUGH, "it takes too long until {what}:\n{}", self.last_words());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Writes down what it says, and kills it at a word.
fn listen(mut says: ChildStderr, mut log: File, shared: &Shared) {
    let mut some = [0; 16 * 1024];
    while let Ok(count @ 1..) = says.read(&mut some) {
        let text = &some[..count];
        let mut word = shared.last_word.lock().expect("a word can be read");
        if word.as_ref().is_some_and(|word| text.windows(word.len()).any(|part| part == word.as_bytes())) {
            let _ = shared.child().kill();
            *word = None;
        }
        drop(word);
        let _ = log.write_all(text);
    }
}
