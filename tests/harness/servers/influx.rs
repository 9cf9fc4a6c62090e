//! Servers that take line protocol: InfluxDB 1.6, VictoriaMetrics, and one that says what a test wants it to say.
//!
//! Each has its data in a folder of the test and can be killed, stopped and started again on the same port.

use super::{ServerProcess, http, listens, on_free_port};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// InfluxDB 1.6 with a database `plant`.
#[derive(Debug)]
pub struct Influx {
    server: ServerProcess,
    folder: PathBuf,
    pub port: u16,
}

impl Influx {
    /// With `auth`, an admin `ann` with the password `se:cret` comes first.
    pub fn start(folder: &Path, auth: bool) -> Influx {
        let folder = folder.join("influx");
        let (server, port) = on_free_port(|port| Influx::process(&folder, port, auth));
        let influx = Influx { server, folder, port };
        if auth {
            influx.query("CREATE USER ann WITH PASSWORD 'se:cret' WITH ALL PRIVILEGES");
        }
        influx.query("CREATE DATABASE plant");
        influx
    }

    fn process(folder: &Path, port: u16, auth: bool) -> Result<ServerProcess, String> {
        std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
        let at = |name: &str| folder.join(name).display().to_string();
        let settings = format!(
            "reporting-disabled = true\nbind-address = \"127.0.0.1:0\"\n[meta]\ndir = \"{}\"\nlogging-enabled = false\n\
             [data]\ndir = \"{}\"\nwal-dir = \"{}\"\nquery-log-enabled = false\n\
             [http]\nbind-address = \"127.0.0.1:{port}\"\nlog-enabled = false\nauth-enabled = {auth}\n\
             [monitor]\nstore-enabled = false\n[subscriber]\nenabled = false\n[continuous_queries]\nenabled = false\n",
            at("meta"),
            at("data"),
            at("wal")
        );
        let file = folder.join("influxdb.conf");
        std::fs::write(&file, settings).map_err(|e| e.to_string())?;
        let ready = || matches!(http(port, "GET /ping", b""), Ok((204, _)));
        ServerProcess::start(Command::new("influxd").arg("run").arg("-config").arg(file), &folder.join("log"), ready)
    }

    /// Kills it, as a crash would.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again, without authentication.
    pub fn start_again(&mut self) {
        let server = Influx::process(&self.folder, self.port, false);
        self.server = server.unwrap_or_else(|why| panic!("InfluxDB does not start again: {why}"));
    }

    /// The answer to a statement.
    pub fn query(&self, statement: &str) -> String {
        let line = format!("POST /query?db=plant&epoch=ns&u=ann&p=se%3Acret&q={}", encoded(statement));
        let (status, body) = http(self.port, &line, b"").expect("InfluxDB answers");
        assert_eq!(status, 200, "{statement}: {body}");
        body
    }

    /// Time, machine, sensor, value and quality of every reading, as its own tool shows them.
    pub fn readings(&self) -> Vec<[String; 5]> {
        let output = Command::new("influx")
            .args(["-host", "127.0.0.1", "-port", &self.port.to_string(), "-database", "plant"])
            .args(["-format", "csv", "-precision", "ns", "-execute"])
            .arg("SELECT machine, sensor, value, quality FROM readings")
            .output()
            .expect("influx starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut lines = text.lines();
        let head = lines.next();
        assert_eq!(head, Some("name,time,machine,sensor,value,quality"), "{}", String::from_utf8_lossy(&output.stderr));
        lines.map(|line| all(&cells(line)[1..])).collect()
    }
}

/// VictoriaMetrics, which takes both versions of the protocol and keeps numbers by the millisecond.
#[derive(Debug)]
pub struct Victoria {
    server: ServerProcess,
    folder: PathBuf,
    more: Vec<String>,
    pub port: u16,
}

impl Victoria {
    pub fn start(folder: &Path, more: &[String]) -> Victoria {
        let folder = folder.join("victoria");
        let (server, port) = on_free_port(|port| Victoria::process(&folder, port, more));
        Victoria { server, folder, more: more.to_vec(), port }
    }

    fn process(folder: &Path, port: u16, more: &[String]) -> Result<ServerProcess, String> {
        std::fs::create_dir_all(folder).map_err(|e| e.to_string())?;
        let mut command = Command::new("victoria-metrics");
        command
            .arg(format!("-storageDataPath={}", folder.join("data").display()))
            .arg(format!("-httpListenAddr=127.0.0.1:{port}"))
            // A sample that comes twice counts once; old ones are kept; little memory.
            .args(["-dedup.minScrapeInterval=1ms", "-retentionPeriod=100y", "-memory.allowedBytes=256MB"])
            .args(more);
        ServerProcess::start(&mut command, &folder.join("log"), || listens(port))
    }

    /// Asks it to stop and waits until it has; what it had acknowledged is on disk then.
    pub fn stop(&mut self) {
        let asked = Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        assert!(asked.is_ok_and(|status| status.success()), "VictoriaMetrics cannot be asked to stop");
        let begun = Instant::now();
        while !self.server.said().contains("has been stopped") {
            assert!(begun.elapsed() < Duration::from_secs(60), "does not stop:\n{}", self.server.said());
            std::thread::sleep(Duration::from_millis(10));
        }
        self.server.kill();
    }

    pub fn start_again(&mut self) {
        let server = Victoria::process(&self.folder, self.port, &self.more);
        self.server = server.unwrap_or_else(|why| panic!("VictoriaMetrics does not start again: {why}"));
    }

    /// Machine, sensor, time in milliseconds and value of every reading that has one.
    pub fn readings(&self) -> Vec<(String, String, i64, f64)> {
        let asked = |line| http(self.port, line, b"").expect("VictoriaMetrics answers");
        asked("GET /internal/force_flush");
        let (status, body) = asked("GET /api/v1/export?match[]=readings_value");
        assert_eq!(status, 200, "{body}");
        let series = body.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")));
        series.flat_map(|series: Value| samples(&series)).collect()
    }
}

fn samples(series: &Value) -> Vec<(String, String, i64, f64)> {
    let label = |name: &str| series["metric"][name].as_str().expect("a label is text").to_owned();
    let list = |name: &str| series[name].as_array().expect("samples are lists").clone();
    let times = list("timestamps").into_iter().map(|time| time.as_i64().expect("a time is whole"));
    let values = list("values").into_iter().map(|value| value.as_f64().expect("a value is a number"));
    times.zip(values).map(|(time, value)| (label("machine"), label("sensor"), time, value)).collect()
}

fn all<const N: usize>(cells: &[String]) -> [String; N] {
    cells.to_vec().try_into().unwrap_or_else(|cells| panic!("{N} cells, not {cells:?}"))
}

/// The cells of a CSV line.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut marks = line.chars().peekable();
    while let Some(mark) = marks.next() {
        let cell = cells.last_mut().expect("there is always one");
        match mark {
            '"' if quoted && marks.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            mark => cell.push(mark),
        }
    }
    cells
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A server that answers each request with the bytes that a test gives for it, then hangs up.
#[derive(Debug)]
pub struct Scripted {
    pub port: u16,
    asked: Arc<AtomicUsize>,
}

/// A request as it came: the head, and the body as it is.
#[derive(Debug)]
pub struct Request {
    /// From 0.
    pub number: usize,
    pub head: String,
    pub body: Vec<u8>,
}

impl Scripted {
    /// `answer` writes what it likes; the thread ends with the test's process.
    pub fn start(answer: impl Fn(&Request, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback can be bound");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let asked = Arc::new(AtomicUsize::new(0));
        let numbers = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Ok((request, mut stream)) = Scripted::hear(stream, &numbers) {
                    // The client may have hung up first.
                    let _ = answer(&request, &mut stream);
                }
            }
        });
        Scripted { port, asked }
    }

    fn hear(stream: TcpStream, numbers: &AtomicUsize) -> std::io::Result<(Request, TcpStream)> {
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {}
        let lengths =
            head.lines().filter_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        let length: usize = { lengths }.next().unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        Ok((Request { number: numbers.fetch_add(1, Ordering::Relaxed), head, body }, reader.into_inner()))
    }

    /// Requests so far.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// A whole answer.
pub fn say(stream: &mut TcpStream, status: &str, more: &str, body: &str) -> std::io::Result<()> {
    write!(stream, "HTTP/1.1 {status}\r\nconnection: close\r\n{more}content-length: {}\r\n\r\n{body}", body.len())
}
