//! Doors: who posts is answered once it is stored, with the reason where it is not; strangers are not listened to.

use super::{Hall, START_MS, Store, names, plan, refused};
use crate::generate::plant;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use twinwright_model::feeds::{FeedPlan, FeedWire, HttpFeed, Mapping, Secret};
use twinwright_tests::decode::{self, Seen};
use twinwright_tests::{Scratch, said, twinwright};

fn door(token: bool) -> FeedPlan {
    let token = token.then(|| Secret::File("token.txt".to_owned()));
    plan(FeedWire::Http(HttpFeed { listen: "127.0.0.1:0".to_owned(), token, body: 100_000 }), Mapping::default())
}

fn open(store: Store, token: bool) -> (Hall, Scratch) {
    let scratch = Scratch::new();
    scratch.write("token.txt", "let-me-in\n");
    let hall = Hall::open(&door(token), &names(&["P-1"], &["s", "mode"]), store, scratch.path());
    (hall, scratch)
}

fn port(hall: &Hall) -> u16 {
    hall.running().address.expect("it listens").port()
}

/// One request, as bytes; status and the whole answer.
fn ask(port: u16, head: &str, body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the door is open");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit can be set");
    let told = head.contains("content-length");
    let length = if told { String::new() } else { format!("\r\ncontent-length: {}", body.len()) };
    let head = format!("{head}{length}\r\nhost: here\r\nconnection: close\r\n\r\n");
    // A door that refuses need not read to the end.
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0), answer)
}

const READINGS: &str = "POST /readings HTTP/1.1\r\nauthorization: Bearer let-me-in";

const LONG: &str = "POST /readings HTTP/1.1\r\nauthorization: Bearer let-me-in\r\ncontent-length: 100001";

#[test]
fn posts_are_answered_by_what_became_of_them() {
    let (hall, _scratch) = open(Store::Works, true);
    let write = "POST /api/v2/write?precision=ms HTTP/1.1\r\nauthorization: Token let-me-in";
    let good = "{\"machine\":\"P-1\",\"sensor\":\"s\",\"value\":1,\"timestamp_ms\":1767225600000}";
    let bad = "{\"machine\":\"P-1\",\"sensor\":\"t\",\"value\":1}";
    for (head, body, status, readings, words) in [
        (READINGS, good.to_owned(), 204, 1, ""),
        (READINGS, format!("[{good},{good}]"), 204, 2, ""),
        (READINGS, format!("{good}\n{good}\n{good}\n"), 204, 3, ""),
        (READINGS, format!("{good}\n{bad}\n"), 200, 1, "has no sensor `t`"),
        (READINGS, bad.to_owned(), 400, 0, "unknown_sensor"),
        (READINGS, "{\"machine\":".to_owned(), 400, 0, "byte 12"),
        (READINGS, String::new(), 400, 0, "empty"),
        (write, "x,machine=P-1 s=1 1767225600000\nx,machine=P-1,sensor=s value=2".to_owned(), 204, 2, ""),
        (write, "x,machine=P-1 s=1 1767225600000\nnonsense".to_owned(), 200, 1, "line 2"),
        (write, "nonsense".to_owned(), 400, 0, "line 1"),
        (write, String::new(), 204, 0, ""),
        (LONG, String::new(), 413, 0, "100000 bytes"),
        ("POST /readings HTTP/1.1", good.to_owned(), 401, 0, "Bearer"),
        ("POST /readings HTTP/1.1\r\nauthorization: Bearer let-me-im", good.to_owned(), 401, 0, ""),
        ("POST /readings HTTP/1.1\r\nauthorization: Basic let-me-in", good.to_owned(), 401, 0, ""),
        ("POST /readings HTTP/1.1\r\nauthorization: Bearer ", good.to_owned(), 401, 0, ""),
        ("GET /readings HTTP/1.1\r\nauthorization: Bearer let-me-in", String::new(), 405, 0, ""),
        ("POST /else HTTP/1.1\r\nauthorization: Bearer let-me-in", good.to_owned(), 404, 0, "/readings"),
        (
            "POST /write?precision=days HTTP/1.1\r\nauthorization: Bearer let-me-in",
            good.to_owned(),
            400,
            0,
            "precision",
        ),
        (
            "POST /readings HTTP/1.1\r\nauthorization: Bearer let-me-in\r\ncontent-encoding: br",
            good.to_owned(),
            415,
            0,
            "gzip",
        ),
        (
            "POST /readings HTTP/1.1\r\nauthorization: Bearer let-me-in\r\ncontent-encoding: gzip",
            good.to_owned(),
            400,
            0,
            "gzip",
        ),
    ] {
        let before = hall.values().len();
        let (found, answer) = ask(port(&hall), head, body.as_bytes());
        assert_eq!(found, status, "{head}\n{answer}");
        assert!(answer.contains(words), "{head}: {answer}");
        assert_eq!(hall.values().len() - before, readings, "{head} {body:.80}");
    }
}

#[test]
fn a_small_body_that_unpacks_to_a_large_one_is_not_unpacked_to_its_end() {
    use flate2::{Compression, write::GzEncoder};
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    let block = vec![b' '; 1 << 20];
    (0..60).for_each(|_| packer.write_all(&block).expect("it packs"));
    let bomb = packer.finish().expect("it packs");
    assert!(bomb.len() < 100_000);
    let (hall, _scratch) = open(Store::Works, true);
    let head = format!("{READINGS}\r\ncontent-encoding: gzip");
    assert_eq!(ask(port(&hall), &head, &bomb).0, 413);
}

#[test]
fn a_post_is_not_answered_before_it_is_stored() {
    let (hall, _scratch) = open(Store::Hangs, true);
    let port = port(&hall);
    let good = format!("{{\"machine\":\"P-1\",\"sensor\":\"s\",\"value\":1,\"timestamp_ms\":{START_MS}}}");
    let body = good.clone();
    let posted = std::thread::spawn(move || ask(port, READINGS, body.as_bytes()));
    hall.wait("it is heard", |heard| heard.receipts.len() == 1);
    std::thread::sleep(Duration::from_millis(100));
    assert!(!posted.is_finished(), "it waits");
    hall.heard.lock().unwrap().receipts.pop().expect("a receipt").done();
    assert_eq!(posted.join().expect("it is answered").0, 204);
    // What is thrown away was not stored: come again.
    let posted = std::thread::spawn(move || ask(port, READINGS, good.as_bytes()));
    hall.wait("it is heard", |heard| heard.receipts.len() == 1);
    hall.heard.lock().unwrap().receipts.clear();
    let (status, answer) = posted.join().expect("it is answered");
    assert!(status == 503 && answer.to_lowercase().contains("retry-after: 1"), "{answer}");
}

#[test]
fn who_holds_seats_and_says_nothing_does_not_keep_others_out_for_long() {
    let (hall, _scratch) = open(Store::Works, true);
    let mut silent: Vec<TcpStream> =
        (0..64).map(|_| TcpStream::connect(("127.0.0.1", port(&hall))).expect("there is a seat")).collect();
    let begun = Instant::now();
    let good = b"{\"machine\":\"P-1\",\"sensor\":\"s\",\"value\":1}";
    // It waits for a seat, at most as long as a visit lasts; here somebody goes.
    silent.truncate(63);
    assert_eq!(ask(port(&hall), READINGS, good).0, 204);
    assert!(begun.elapsed() < Duration::from_secs(50));
}

#[test]
fn a_door_that_is_open_to_others_needs_a_token() {
    let mut open = door(false);
    if let FeedWire::Http(wire) = &mut open.wire {
        wire.listen = "0.0.0.0:0".to_owned();
    }
    let said = refused(&open, &std::env::temp_dir()).to_string();
    assert!(said.contains("expected a token"), "{said}");
    let said = refused(&door(true), &std::env::temp_dir().join("none")).to_string();
    assert!(said.contains("token"), "{said}");
}

#[test]
fn what_our_own_outlet_posts_is_understood_to_the_last_reading() {
    let scratch = plant("");
    let channels = names(&["F-1", "F-2", "F-3", "V-1", "V-2"], &["temp", "hum", "flow"]);
    let mut open = door(true);
    if let FeedWire::Http(wire) = &mut open.wire {
        wire.body = 1 << 22;
    }
    scratch.write("token.txt", "let-me-in\n");
    let hall = Hall::open(&open, &channels, Store::Works, scratch.path());
    let url = format!("http://127.0.0.1:{}/write?token=let-me-in", port(&hall));
    let output = twinwright(scratch.path(), &["generate", "plant.toml", "--to", &url, "--to", "file:all.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let expected = understood(decode::file(&scratch.join("all.csv")));
    let seen = hall.seen();
    assert_eq!(seen.len(), expected.len());
    assert!(seen == expected, "{:?}", seen.iter().zip(&expected).find(|(a, b)| a != b));
}

/// What is no number is bad.
pub(super) fn understood(mut seen: Vec<Seen>) -> Vec<Seen> {
    for reading in &mut seen {
        if reading.3.is_none() {
            reading.4 = "bad".to_owned();
        }
    }
    seen.sort();
    seen
}
