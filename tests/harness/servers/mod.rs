//! Private servers for tests: each test starts its own on a free port or a socket of its own and stops it by dropping it.
//!
//! Nothing is shared between tests and nothing outlives one: a server is killed with its test, even when that panics.

pub mod influx;
pub mod mosquitto;
pub mod postgres;
pub mod proxy;
pub mod redis;
pub mod s3;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server process of one test.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    log: PathBuf,
}

/// How long a server may take until it answers; a busy machine is slow.
const READY: Duration = Duration::from_secs(60);

impl ServerProcess {
    /// Starts a server with its output in `log`, and waits until `ready` says so. A server that ends before is an error
    /// with the end of its log.
    pub fn start(command: &mut Command, log: &Path, ready: impl Fn() -> bool) -> Result<ServerProcess, String> {
        let file = std::fs::File::create(log).map_err(|e| format!("{}: {e}", log.display()))?;
        let errors = file.try_clone().map_err(|e| e.to_string())?;
        let child = command.stdin(Stdio::null()).stdout(file).stderr(errors).spawn();
        let child =
            child.map_err(|e| format!("{:?} does not start: {e}; tests/run installs it", command.get_program()))?;
        let mut server = ServerProcess { child, log: log.to_path_buf() };
        let begun = Instant::now();
        while !ready() {
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("the server ended with {status}:\n{}", server.said()));
            }
            if begun.elapsed() > READY {
                return Err(format!("the server does not answer:\n{}", server.said()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(server)
    }

    /// What it wrote, for messages.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Stops it at once, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that was free a moment ago. Whoever takes it must be ready to try another one.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback can be bound");
    listener.local_addr().expect("a bound socket has an address").port()
}

/// Whether something listens there.
pub fn listens(port: u16) -> bool {
    TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), Duration::from_millis(200)).is_ok()
}

/// Tries `start` on one free port after another: between finding a port and taking it, another test may have.
pub fn on_free_port<T>(start: impl Fn(u16) -> Result<T, String>) -> (T, u16) {
    let mut why = String::new();
    for _ in 0..5 {
        let port = free_port();
        match start(port) {
            Ok(server) => return (server, port),
            Err(message) => why = message,
        }
    }
    panic!("no server could be started: {why}");
}

/// A plain HTTP request to the loopback: status and body.
pub fn http(port: u16, request_line: &str, body: &[u8]) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "{request_line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    Ok((status, if chunked { unchunked(body) } else { body.to_owned() }))
}

fn unchunked(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || tail.len() < size {
            break;
        }
        body.push_str(&tail[..size]);
        rest = tail[size..].trim_start_matches("\r\n");
    }
    body
}
