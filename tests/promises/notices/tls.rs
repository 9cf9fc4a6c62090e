//! Through TLS: openssl's server stands before a webhook and a mailbox, with a certificate that a private authority signed.
//!
//! Which authorities a machine trusts is told to a process by its environment, so whoever trusts this one is a process of its
//! own: this test program once more.

use super::{notice, open, step};
use crate::mqtt::tls::certify;
use crate::wires::run;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use twinwright_io::notices::Verdict;
use twinwright_tests::Scratch;
use twinwright_tests::servers::free_port;

const PORTS: &str = "TWINWRIGHT_TEST_PORTS";

/// What is inside of a TLS connection, as pipes.
struct Tunnel {
    child: Child,
    port: u16,
    talk: Option<JoinHandle<String>>,
}

impl Tunnel {
    fn start(folder: &Path, talk: fn(&mut dyn BufRead, &mut dyn Write) -> std::io::Result<String>) -> Tunnel {
        let port = free_port();
        let mut command = Command::new("openssl");
        command
            .args(["s_server", "-quiet", "-cert", "server.pem", "-key", "server.key", "-accept"])
            .arg(format!("127.0.0.1:{port}"));
        command.current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("openssl starts; tests/run installs it");
        while !is_bound(port) {
            assert!(child.try_wait().is_ok_and(|ended| ended.is_none()), "openssl does not listen");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let (mut input, output) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let talk = std::thread::spawn(move || talk(&mut BufReader::new(output), &mut input).unwrap_or_default());
        Tunnel { child, port, talk: Some(talk) }
    }

    /// All that was said.
    fn heard(mut self) -> String {
        let talk = self.talk.take().expect("it is asked once");
        let _ = self.child.kill();
        talk.join().expect("no thread panics")
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether somebody listens there, without a connection: the first one must be the one that is meant.
fn is_bound(port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    table.lines().any(|line| line.contains(&format!(":{port:04X} 00000000:0000 0A ")))
}

/// Reads a request and its body, and says yes.
fn as_webhook(reader: &mut dyn BufRead, writer: &mut dyn Write) -> std::io::Result<String> {
    let (mut head, mut length) = (String::new(), 0);
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head)? > 0 {
        let last = head.lines().last().unwrap_or_default().to_ascii_lowercase();
        length = last.strip_prefix("content-length:").map_or(length, |text| text.trim().parse().unwrap_or(0));
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    writer.write_all(b"HTTP/1.1 204 Fine\r\nconnection: close\r\n\r\n")?;
    writer.flush()?;
    Ok(head + &String::from_utf8_lossy(&body))
}

/// Says yes to all, and takes one mail.
fn as_mailbox(reader: &mut dyn BufRead, writer: &mut dyn Write) -> std::io::Result<String> {
    let mut heard = String::new();
    let mut say = |text: &str| writer.write_all(text.as_bytes()).and_then(|()| writer.flush());
    say("220 mail\r\n")?;
    let mut in_text = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(heard);
        }
        heard.push_str(&line);
        match line.trim_end() {
            "." => {
                in_text = false;
                say("250 taken\r\n")?;
            }
            _ if in_text => {}
            "DATA" => {
                in_text = true;
                say("354 go on\r\n")?;
            }
            "QUIT" => {
                say("221 bye\r\n")?;
                return Ok(heard);
            }
            line if line.starts_with("EHLO") => say("250-mail\r\n250 AUTH PLAIN\r\n")?,
            line if line.starts_with("AUTH PLAIN") => say("235 welcome\r\n")?,
            _ => say("250 ok\r\n")?,
        }
    }
}

/// One notice through each.
fn deliver(webhook: u16, mailbox: u16) -> [Verdict; 2] {
    let hook = [("private", "true"), ("secret", "s")];
    let mail = [("from", "twin@example.com"), ("to", "ann@example.com"), ("password", "p")];
    let wires = [
        open("webhook.ops", &format!("https://localhost:{webhook}/"), &hook).unwrap(),
        open("email.ops", &format!("smtps://ann@localhost:{mailbox}"), &mail).unwrap(),
    ];
    let told = [notice(1, step(1, 1, "raised", "active", "high"))];
    wires.map(|mut wire| run(async { wire.deliver(&told).await }).unwrap().remove(0))
}

#[test]
fn a_certificate_that_nobody_signed_is_not_trusted_and_one_that_is_known_is() {
    let scratch = Scratch::new();
    certify(scratch.path());
    let tunnels = || [Tunnel::start(scratch.path(), as_webhook), Tunnel::start(scratch.path(), as_mailbox)];
    let [webhook, mailbox] = tunnels();
    for verdict in deliver(webhook.port, mailbox.port) {
        assert!(matches!(&verdict, Verdict::Again(why, None) if why.contains("certificate")), "{verdict:?}");
    }
    let [webhook, mailbox] = tunnels();
    let mut trusting = Command::new(std::env::current_exe().expect("a test knows its own path"));
    trusting.args(["--exact", "notices::tls::whoever_trusts_the_authority_delivers", "--ignored", "--test-threads=1"]);
    trusting.env("SSL_CERT_FILE", scratch.join("ca.pem")).env_remove("SSL_CERT_DIR");
    let output =
        trusting.env(PORTS, format!("{} {}", webhook.port, mailbox.port)).output().expect("this program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let (hooked, mailed) = (webhook.heard(), mailbox.heard());
    assert!(hooked.starts_with("POST / HTTP/1.1\r\n") && hooked.contains("\"uid\":\"run/1\""), "{hooked}");
    // `\0ann\0p`
    assert!(mailed.contains("AUTH PLAIN AGFubgBw") && mailed.contains("run/1"), "{mailed}");
}

/// Run by the test above, in a process of its own.
#[test]
#[ignore = "needs the ports that the test above gives it"]
fn whoever_trusts_the_authority_delivers() {
    let Ok(ports) = std::env::var(PORTS) else { return };
    let ports: Vec<u16> = ports.split(' ').map(|port| port.parse().expect("a port")).collect();
    for verdict in deliver(ports[0], ports[1]) {
        assert!(matches!(verdict, Verdict::Delivered(_)), "{verdict:?}");
    }
}
