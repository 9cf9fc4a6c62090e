//! A source of readings that keeps its word: an MQTT 3.1.1 publisher at QoS 1 with nothing of the engine in it.
//!
//! What [`Source::settle`] returned after is with the broker for good; what was cut off before is published again.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Publishes without an answer at most.
const WINDOW: usize = 200;
const PATIENCE: Duration = Duration::from_secs(60);

/// One publisher with a session of its own.
#[derive(Debug)]
pub struct Source {
    port: u16,
    id: String,
    line: TcpStream,
    next: u16,
    /// Without an answer yet: number and packet.
    open: VecDeque<(u16, Vec<u8>)>,
    heard: Vec<u8>,
}

impl Source {
    pub fn connect(port: u16, id: &str) -> Source {
        Source { port, id: id.to_owned(), line: dial(port, id), next: 1, open: VecDeque::new(), heard: Vec::new() }
    }

    /// Publishes at QoS 1; waits while too many are without an answer.
    pub fn publish(&mut self, topic: &str, payload: &[u8]) {
        while self.open.len() >= WINDOW {
            self.listen();
        }
        let packet = publish(topic, payload, self.next);
        self.send(&packet);
        self.open.push_back((self.next, packet));
        self.next = self.next.checked_add(1).unwrap_or(1);
    }

    /// Waits until the broker has everything.
    pub fn settle(&mut self) {
        while !self.open.is_empty() {
            self.listen();
        }
    }

    fn send(&mut self, packet: &[u8]) {
        if self.line.write_all(packet).is_err() {
            self.dial_again();
            let _ = self.line.write_all(packet);
        }
    }

    /// Reads answers; what was without one on a line that broke is sent again, marked as sent before.
    fn listen(&mut self) {
        let mut some = [0; 4096];
        match self.line.read(&mut some) {
            Ok(0) | Err(_) => return self.dial_again(),
            Ok(count) => self.heard.extend_from_slice(&some[..count]),
        }
        while self.heard.len() >= 4 {
            assert_eq!(self.heard[0], 0x40, "only acknowledgements are expected, not {:?}", &self.heard[..4]);
            let number = u16::from_be_bytes([self.heard[2], self.heard[3]]);
            self.open.retain(|(open, _)| *open != number);
            self.heard.drain(..4);
        }
    }

    fn dial_again(&mut self) {
        self.line = dial(self.port, &self.id);
        self.heard.clear();
        for (_, packet) in &mut self.open {
            packet[0] |= 0x08;
            let _ = self.line.write_all(packet);
        }
    }
}

fn dial(port: u16, id: &str) -> TcpStream {
    let begun = Instant::now();
    loop {
        if let Ok(line) = greet(port, id) {
            return line;
        }
        assert!(begun.elapsed() < PATIENCE, "the broker on port {port} does not answer");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A connection with a session that lasts.
fn greet(port: u16, id: &str) -> std::io::Result<TcpStream> {
    let mut line = TcpStream::connect(("127.0.0.1", port))?;
    line.set_nodelay(true)?;
    line.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, 0, 0, 0];
    text(&mut body, id);
    line.write_all(&packet(0x10, &body))?;
    let mut answer = [0; 4];
    line.read_exact(&mut answer)?;
    if answer[0] == 0x20 && answer[3] == 0 { Ok(line) } else { Err(std::io::ErrorKind::ConnectionRefused.into()) }
}

fn publish(topic: &str, payload: &[u8], number: u16) -> Vec<u8> {
    let mut body = Vec::with_capacity(topic.len() + payload.len() + 8);
    text(&mut body, topic);
    body.extend_from_slice(&number.to_be_bytes());
    body.extend_from_slice(payload);
    packet(0x32, &body)
}

/// A packet of any sort: its head, its length in groups of seven bits, its body.
pub fn packet(head: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![head];
    let mut left = body.len();
    loop {
        let group = (left & 0x7f) as u8;
        left >>= 7;
        packet.push(if left > 0 { group | 0x80 } else { group });
        if left == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}

/// A text with its length before it.
pub fn text(body: &mut Vec<u8>, text: &str) {
    body.extend_from_slice(&(text.len() as u16).to_be_bytes());
    body.extend_from_slice(text.as_bytes());
}
