//! A bad line: a TCP proxy that cuts all connections each time that so many bytes went to the server, and that can stand still or
//! be slow.
//!
//! What was on its way at a cut is lost in both directions, as on a real line. By itself it cuts by bytes and never by time, so a
//! slow machine sees the same.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How often a line that stands still looks whether it may go on.
const LOOK: Duration = Duration::from_millis(5);

/// A proxy on a port of its own, gone when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    inside: Arc<Inside>,
}

#[derive(Debug)]
struct Inside {
    server: u16,
    every: u64,
    most_cuts: u64,
    passed: AtomicU64,
    cuts: AtomicU64,
    ended: AtomicBool,
    /// Connections stand, new ones are taken, and nothing gets through either way.
    still: AtomicBool,
    /// Milliseconds that each piece is late.
    delay: AtomicU64,
    lines: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// Passes on to `server`; cuts after each `every` bytes to it, `most_cuts` times in all.
    pub fn start(server: u16, every: u64, most_cuts: u64) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback can be bound");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let inside = Arc::new(Inside {
            server,
            every,
            most_cuts,
            passed: AtomicU64::new(0),
            cuts: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            still: AtomicBool::new(false),
            delay: AtomicU64::new(0),
            lines: Mutex::default(),
        });
        let proxy = Proxy { port, inside: inside.clone() };
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if inside.ended.load(Ordering::Relaxed) {
                    return;
                }
                inside.connect(client);
            }
        });
        proxy
    }

    /// Passes on to `server` and cuts nothing by itself.
    pub fn to(server: u16) -> Proxy {
        Proxy::start(server, u64::MAX, 0)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Nothing gets through any more, and nobody is told.
    pub fn stand_still(&self) {
        self.inside.still.store(true, Ordering::Relaxed);
    }

    /// What stood still goes on.
    pub fn go_on(&self) {
        self.inside.still.store(false, Ordering::Relaxed);
    }

    /// Each piece is late by so much from now on.
    pub fn delay(&self, by: Duration) {
        self.inside.delay.store(by.as_millis() as u64, Ordering::Relaxed);
    }

    pub fn cuts(&self) -> u64 {
        self.inside.cuts.load(Ordering::Relaxed)
    }

    /// Cuts now.
    pub fn cut(&self) {
        self.inside.cut();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.inside.ended.store(true, Ordering::Relaxed);
        self.inside.cut();
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Inside {
    fn connect(self: &Arc<Inside>, client: TcpStream) {
        // Without a server the client sees its line end at once.
        let Ok(server) = TcpStream::connect(("127.0.0.1", self.server)) else { return };
        let both = |stream: &TcpStream| stream.try_clone().expect("a socket has a second handle");
        self.lines.lock().expect("no thread panics").extend([both(&client), both(&server)]);
        let (from_client, to_server, inside) = (both(&client), both(&server), self.clone());
        let back = self.clone();
        std::thread::spawn(move || pass(from_client, to_server, |bytes| inside.waits() && inside.may_pass(bytes)));
        std::thread::spawn(move || pass(server, client, |_| back.waits()));
    }

    /// Holds a piece for as long as the line holds it; false when it will not get through.
    fn waits(&self) -> bool {
        let delay = Duration::from_millis(self.delay.load(Ordering::Relaxed));
        if !delay.is_zero() {
            std::thread::sleep(delay);
        }
        while self.still.load(Ordering::Relaxed) && !self.ended.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
        }
        !self.ended.load(Ordering::Relaxed)
    }

    /// Whether these bytes still go through; if not, they are where the line breaks.
    fn may_pass(&self, bytes: usize) -> bool {
        let before = self.passed.fetch_add(bytes as u64, Ordering::Relaxed);
        let due = (before + bytes as u64) / self.every > before / self.every;
        if due && self.cuts.load(Ordering::Relaxed) < self.most_cuts {
            self.cuts.fetch_add(1, Ordering::Relaxed);
            self.cut();
            return false;
        }
        true
    }

    fn cut(&self) {
        for line in self.lines.lock().expect("no thread panics").drain(..) {
            let _ = line.shutdown(Shutdown::Both);
        }
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, may_pass: impl Fn(usize) -> bool) {
    let mut bytes = [0; 4096];
    while let Ok(length) = from.read(&mut bytes)
        && length > 0
        && may_pass(length)
        && to.write_all(&bytes[..length]).is_ok()
    {}
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
