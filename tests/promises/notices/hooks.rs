//! A webhook's server on a socket, with nothing of the engine in it: it keeps what was posted, and answers as a test says.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was posted.
#[derive(Debug, Clone)]
pub(crate) struct Posted {
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

impl Posted {
    pub(crate) fn header(&self, name: &str) -> String {
        let found = self.head.iter().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        });
        found.unwrap_or_else(|| panic!("{name} is missing in {:?}", self.head))
    }

    pub(crate) fn id(&self) -> String {
        self.header("x-twinwright-id")
    }
}

/// What a server does with a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// These bytes, and then it closes.
    Bytes(Vec<u8>),
    /// This head, and then a body without end.
    Endless(String),
    /// Nothing, until the other side goes away.
    Hang,
    /// It reads nothing, and writes header lines for ever.
    Headers,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Reply {
        Reply::with(status, "")
    }

    /// `more` are header lines.
    pub(crate) fn with(status: u16, more: &str) -> Reply {
        Reply::Bytes(
            format!("HTTP/1.1 {status} Because\r\n{more}content-length: 3\r\nconnection: close\r\n\r\nwhy")
                .into_bytes(),
        )
    }
}

/// A server of one test, gone when it is dropped.
pub(crate) struct Hook {
    port: u16,
    inside: Arc<Inside>,
}

struct Inside {
    posted: Mutex<Vec<Posted>>,
    connections: AtomicU64,
    /// Bytes of endless answers that were taken.
    taken: AtomicU64,
    ended: AtomicBool,
}

impl Hook {
    /// `answer` gets what was posted and how often this id came before.
    pub(crate) fn start(answer: impl Fn(&Posted, usize) -> Reply + Send + Sync + 'static) -> Hook {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback can be bound");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let inside = Arc::new(Inside {
            posted: Mutex::default(),
            connections: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let (hook, answer) = (Hook { port, inside: inside.clone() }, Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if inside.ended.load(Ordering::Relaxed) {
                    return;
                }
                inside.connections.fetch_add(1, Ordering::Relaxed);
                let (inside, answer) = (inside.clone(), answer.clone());
                std::thread::spawn(move || {
                    let _ = inside.serve(stream, &*answer);
                });
            }
        });
        hook
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/notices?key=k", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn posted(&self) -> Vec<Posted> {
        self.inside.posted.lock().expect("no thread panics").clone()
    }

    pub(crate) fn connections(&self) -> u64 {
        self.inside.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn taken(&self) -> u64 {
        self.inside.taken.load(Ordering::Relaxed)
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        self.inside.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Inside {
    fn serve(&self, stream: TcpStream, answer: &dyn Fn(&Posted, usize) -> Reply) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_write_timeout(Some(Duration::from_secs(30)))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let mut posted = Posted { head, body: String::new() };
        let length = posted.header("content-length").parse().expect("a length is a number");
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        posted.body = String::from_utf8(body).expect("a body is UTF-8");
        let before = {
            let mut all = self.posted.lock().expect("no thread panics");
            let before = all.iter().filter(|other| other.id() == posted.id()).count();
            all.push(posted.clone());
            before
        };
        self.reply(stream, &mut reader, answer(&posted, before))
    }

    fn reply(&self, mut stream: TcpStream, reader: &mut impl Read, reply: Reply) -> std::io::Result<()> {
        match reply {
            Reply::Bytes(bytes) => stream.write_all(&bytes),
            Reply::Hang => reader.read(&mut [0]).map(|_| ()),
            Reply::Endless(head) => {
                stream.write_all(head.as_bytes())?;
                self.pour(stream, &[b'x'; 65_536])
            }
            Reply::Headers => {
                stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
                self.pour(stream, &b"x-more: and more and more and more and more and more\r\n".repeat(1_000))
            }
        }
    }

    /// A gigabyte, unless the other side has had enough.
    fn pour(&self, mut stream: TcpStream, some: &[u8]) -> std::io::Result<()> {
        while self.taken.load(Ordering::Relaxed) < 1 << 30 {
            stream.write_all(some)?;
            self.taken.fetch_add(some.len() as u64, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// HMAC-SHA256 as openssl has it.
pub(crate) fn openssl_hmac(secret: &str, text: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha256", "-hmac", secret]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("openssl starts; tests/run installs it");
    child.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("openssl reads");
    let output = child.wait_with_output().expect("openssl ends");
    String::from_utf8_lossy(&output.stdout).trim().rsplit(' ').next().unwrap_or_default().to_owned()
}
