//! `twinwright live` as a process: started, asked to stop, killed as a power cut would, and what it said.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Far above what a busy machine needs.
const ENOUGH: Duration = Duration::from_secs(60);

/// A live engine of one test.
#[derive(Debug)]
pub struct Mirror {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Mirror {
    /// Starts the program in a folder, with standard output and errors in files of that name there.
    pub fn start(folder: &Path, name: &str, arguments: &[&str]) -> Mirror {
        let (out, err) = (folder.join(format!("{name}.out")), folder.join(format!("{name}.err")));
        let open = |path: &Path| {
            File::options().create(true).append(true).open(path).expect("a file in a temporary folder can be written")
        };
        let child = Command::new(crate::program())
            .arg("live")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(open(&out))
            .stderr(open(&err))
            .spawn()
            .expect("the program starts");
        Mirror { child, out, err }
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
        self.child.id()
    }

    /// As a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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

    /// Waits until it has ended by itself.
    pub fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked how it is") {
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
            if let Ok(Some(status)) = self.child.try_wait() {
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
