//! A private Redis: on a free port, in a folder of the test, asked through its own command line tool.
//!
//! `Line` stands between an outlet and the server and cuts the connection where a test wants it cut.

use super::{ServerProcess, listens, on_free_port};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// redis-server with settings of the test's own; it writes nothing to disk unless these say so.
#[derive(Debug)]
pub struct Redis {
    server: ServerProcess,
    folder: PathBuf,
    settings: Vec<String>,
    pub port: u16,
}

impl Redis {
    pub fn start(folder: &Path, settings: &[&str]) -> Redis {
        let folder = folder.join("redis");
        let settings: Vec<String> = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let (server, port) = on_free_port(|port| Redis::process(&folder, port, &settings));
        Redis { server, folder, settings, port }
    }

    fn process(folder: &Path, port: u16, settings: &[String]) -> Result<ServerProcess, String> {
        std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--dir"]).arg(folder).args(["--port", &port.to_string()]);
        ServerProcess::start(command.args(settings), &folder.join("log"), || listens(port))
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    pub fn start_again(&mut self) {
        let server = Redis::process(&self.folder, self.port, &self.settings);
        self.server = server.unwrap_or_else(|why| panic!("Redis does not start again: {why}"));
    }

    /// The answers to commands, one a line, as redis-cli gives them in JSON.
    pub fn ask(&self, commands: &[&str]) -> Vec<Value> {
        let mut client = Command::new("redis-cli")
            .args(["-p", &self.port.to_string(), "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("redis-cli starts");
        let mut input = client.stdin.take().expect("its input is ours");
        let lines = commands.join("\n") + "\n";
        let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
        let output = client.wait_with_output().expect("redis-cli ends");
        writer.join().expect("no panic").expect("redis-cli reads its input");
        let text = String::from_utf8_lossy(&output.stdout);
        let answers = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")));
        let answers: Vec<Value> = answers.collect();
        assert_eq!(answers.len(), commands.len(), "{text}");
        answers
    }
}

/// A line to a server on the loopback that a test can cut.
#[derive(Debug)]
pub struct Line {
    pub port: u16,
    cut: Arc<AtomicUsize>,
}

impl Line {
    /// Whenever what goes to the server contains `word`, it gets there, the answer does not come back, and the line is
    /// dead; so often, then no more.
    pub fn to(server: u16, word: &'static str, times: usize) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback can be bound");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let cut = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&cut);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let counter = Arc::clone(&counter);
                std::thread::spawn(move || {
                    Line::join(client, upstream, word, || {
                        counter
                            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < times).then_some(n + 1))
                            .is_ok()
                    })
                });
            }
        });
        Line { port, cut }
    }

    fn join(mut client: TcpStream, mut server: TcpStream, word: &str, may_cut: impl Fn() -> bool) -> Option<()> {
        let (mut back, mut answers) = (client.try_clone().ok()?, server.try_clone().ok()?);
        std::thread::spawn(move || std::io::copy(&mut answers, &mut back));
        let mut bytes = vec![0; 1 << 20];
        loop {
            let length = client.read(&mut bytes).ok().filter(|length| *length > 0)?;
            let hears = bytes[..length].windows(word.len()).any(|part| part == word.as_bytes());
            if hears && may_cut() {
                // First nothing comes back any more, then the server gets it all, then the line is dead.
                let _ = client.shutdown(Shutdown::Write);
                let _ = server.write_all(&bytes[..length]);
                let _ = server.shutdown(Shutdown::Write);
                let _ = client.shutdown(Shutdown::Both);
                return None;
            }
            server.write_all(&bytes[..length]).ok()?;
        }
    }

    /// How often it was cut.
    pub fn cuts(&self) -> usize {
        self.cut.load(Ordering::Relaxed)
    }
}
