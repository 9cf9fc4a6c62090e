//! A private MQTT broker, and a subscriber that has nothing of the engine in it: mosquitto and mosquitto_sub.
//!
//! A subscriber's session is made before it starts, so it misses nothing that is published afterwards.

use super::{ServerProcess, listens, on_free_port};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Whatever a test waits for; far above what a busy machine needs.
const ENOUGH: Duration = Duration::from_secs(60);

/// A broker of one test.
#[derive(Debug)]
pub struct Mosquitto {
    server: ServerProcess,
    folder: PathBuf,
    port: u16,
}

impl Mosquitto {
    /// Starts a broker that keeps everything for its subscribers; `more` are lines of its configuration, where
    /// `listener` is already there. Without a line about users, anyone may come.
    pub fn start(folder: &Path, more: &str) -> Mosquitto {
        let (server, port) = on_free_port(|port| {
            let anyone = if more.contains("password_file") { "false" } else { "true" };
            let mut lines = format!("user root\nlistener {port} 127.0.0.1\nallow_anonymous {anyone}\n");
            lines.push_str("max_queued_messages 0\nmax_inflight_messages 1000\nqueue_qos0_messages true\n");
            writeln!(lines, "{more}").map_err(|e| e.to_string())?;
            std::fs::write(folder.join("mosquitto.conf"), lines).map_err(|e| e.to_string())?;
            serve(folder, port)
        });
        Mosquitto { server, folder: folder.to_path_buf(), port }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn said(&self) -> String {
        self.server.said()
    }

    /// From now on the broker keeps these topics for whoever comes as this client.
    pub fn keep_for(&self, client: &str, filter: &str) {
        let port = self.port.to_string();
        let words = ["-p", &port, "-q", "1", "-c", "-i", client, "-t", filter, "-E"];
        let made = Command::new("mosquitto_sub").args(words).status();
        assert!(made.expect("mosquitto_sub starts; tests/run installs it").success(), "a session can be made");
    }

    /// As a crash would.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// As an administrator would: it saves what it has, if it was told to.
    pub fn stop(&mut self) {
        let id = self.server.id();
        let asked = Command::new("kill").arg(id.to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()), "the broker can be asked to stop");
        let ended = || std::fs::read_to_string(format!("/proc/{id}/stat")).is_ok_and(|stat| stat.contains(") Z"));
        wait_until("the broker stops", ended);
        self.server.kill();
    }

    /// Starts it again where it was.
    pub fn start_again(&mut self) {
        self.server = serve(&self.folder, self.port).expect("the broker starts on the port that it had");
    }
}

fn serve(folder: &Path, port: u16) -> Result<ServerProcess, String> {
    let mut command = Command::new(program("mosquitto"));
    command.arg("-c").arg(folder.join("mosquitto.conf")).current_dir(folder);
    let log = folder.join("mosquitto.log");
    ServerProcess::start(&mut command, &log, || listens(port))
}

/// Debian keeps servers where only root looks.
fn program(name: &str) -> PathBuf {
    let place = Path::new("/usr/sbin").join(name);
    if place.is_file() { place } else { PathBuf::from(name) }
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < ENOUGH, "waited too long: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Someone who listens.
#[derive(Debug)]
pub struct Subscriber {
    child: Child,
    port: u16,
    heard: PathBuf,
}

impl Subscriber {
    /// Listens to all topics at QoS 1; a message is a line of `format`: `%t %p` is topic and payload.
    pub fn start(broker: &Mosquitto, format: &str) -> Subscriber {
        Subscriber::of(broker, "#", format)
    }

    /// Listens to some topics.
    pub fn of(broker: &Mosquitto, filter: &str, format: &str) -> Subscriber {
        let port = broker.port.to_string();
        let heard = broker.folder.join("heard.txt");
        let session = ["-p", &port, "-q", "1", "-c", "-i", "listener", "-t", filter];
        broker.keep_for("listener", filter);
        let file = std::fs::File::create(&heard).expect("the test's folder can be written");
        let mut command = Command::new("mosquitto_sub");
        command.args(session).args(["-F", format]).stdin(Stdio::null()).stdout(file).stderr(Stdio::null());
        let child = command.spawn().expect("mosquitto_sub starts");
        Subscriber { child, port: broker.port, heard }
    }

    /// All lines so far.
    pub fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.heard).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.split('\n').filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Waits until this line comes, whatever else does.
    pub fn wait_for(&self, line: &str) {
        wait_until(line, || self.lines().iter().any(|heard| heard == line));
    }

    /// Everything that was published before: publishes a last message and waits until it comes.
    pub fn all(&self) -> Vec<String> {
        let port = self.port.to_string();
        let last = ["-p", &port, "-q", "1", "-t", "the/end", "-m", "the/end"];
        let sent = Command::new("mosquitto_pub").args(last).status();
        assert!(sent.is_ok_and(|status| status.success()), "the last message can be published");
        let ended = || self.lines().last().is_some_and(|line| line.contains("the/end"));
        wait_until("the last message comes", ended);
        let mut lines = self.lines();
        lines.pop();
        lines
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
