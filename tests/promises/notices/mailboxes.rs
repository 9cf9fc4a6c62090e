//! A mail server on a socket, with as much of SMTP as a sender needs to hear: it keeps mails, or refuses as a test says.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A mail as it came: who it was for, and all of its text.
#[derive(Debug, Clone)]
pub(super) struct Mail {
    pub(super) to: Vec<String>,
    pub(super) raw: String,
}

impl Mail {
    /// The head with folded lines made whole.
    pub(super) fn head(&self) -> Vec<String> {
        let head = self.raw.split_once("\r\n\r\n").map_or("", |(head, _)| head);
        head.replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n").map(str::to_owned).collect()
    }

    pub(super) fn header(&self, name: &str) -> String {
        let found =
            self.head().into_iter().filter_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
        let found: Vec<String> = found.collect();
        assert_eq!(found.len(), 1, "{name} in {:?}", self.head());
        found[0].clone()
    }

    /// The text with the soft line ends of quoted-printable taken out.
    pub(super) fn text(&self) -> String {
        self.raw.replace("=\r\n", "").replace("=3D", "=")
    }
}

/// A server of one test, gone when it is dropped.
pub(super) struct Mailbox {
    pub(super) port: u16,
    inside: Arc<Inside>,
}

struct Inside {
    mails: Mutex<Vec<Mail>>,
    /// Commands that came.
    said: Mutex<Vec<String>>,
    ended: AtomicBool,
}

impl Mailbox {
    /// `answer` says what follows a mail's text, by how many came before: `250 ok`, `451 later`, `554 never`.
    pub(super) fn start(answer: impl Fn(usize) -> &'static str + Send + Sync + 'static) -> Mailbox {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback can be bound");
        let port = listener.local_addr().expect("a bound socket has an address").port();
        let inside =
            Arc::new(Inside { mails: Mutex::default(), said: Mutex::default(), ended: AtomicBool::new(false) });
        let (mailbox, answer) = (Mailbox { port, inside: inside.clone() }, Arc::new(answer));
        std::thread::spawn(move || {
            let mut before = 0;
            for stream in listener.incoming().flatten() {
                if inside.ended.load(Ordering::Relaxed) {
                    return;
                }
                let _ = inside.serve(stream, &*answer, &mut before);
            }
        });
        mailbox
    }

    pub(super) fn mails(&self) -> Vec<Mail> {
        self.inside.mails.lock().expect("no thread panics").clone()
    }

    pub(super) fn said(&self) -> Vec<String> {
        self.inside.said.lock().expect("no thread panics").clone()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.inside.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Inside {
    fn serve(
        &self,
        mut stream: TcpStream,
        answer: &dyn Fn(usize) -> &'static str,
        before: &mut usize,
    ) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut reader = BufReader::new(stream.try_clone()?);
        stream.write_all(b"220 mail.example.com\r\n")?;
        let mut mail = Mail { to: Vec::new(), raw: String::new() };
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            self.said.lock().expect("no thread panics").push(line.clone());
            let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match word.as_str() {
                "EHLO" | "HELO" => stream.write_all(b"250-mail.example.com\r\n250 8BITMIME\r\n")?,
                "RCPT" => {
                    mail.to.push(line[8..].to_owned());
                    stream.write_all(b"250 ok\r\n")?;
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n")?;
                    mail.raw = text_of(&mut reader)?;
                    let answer = answer(*before);
                    *before += 1;
                    if answer.starts_with('2') {
                        self.mails.lock().expect("no thread panics").push(mail.clone());
                    }
                    mail.to.clear();
                    stream.write_all(format!("{answer}\r\n").as_bytes())?;
                }
                "QUIT" => return stream.write_all(b"221 bye\r\n"),
                _ => stream.write_all(b"250 ok\r\n")?,
            }
        }
    }
}

/// Lines up to a lone dot; a doubled dot at the beginning of one is one.
fn text_of(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line == ".\r\n" || line.is_empty() {
            return Ok(text);
        }
        text.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
