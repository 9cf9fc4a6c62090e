//! The metrics page: a scraper reads the counters as they are, and no guest can hold the page or the run up.

use crate::wires::run;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use twinwright_io::outlets::metrics::MetricsPage;
use twinwright_io::outlets::{Tally, count};
use twinwright_tests::Scratch;
use twinwright_tests::servers::http;

const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// Serves while `guests` ask.
fn while_serving<T>(
    tallies: Vec<(String, Arc<Tally>)>,
    simulated: &Arc<AtomicU64>,
    guests: impl FnOnce(u16) -> T,
) -> T {
    let page = MetricsPage::bind(FREE).expect("a free port");
    let port = page.address().port();
    let simulated = Arc::clone(simulated);
    run(async {
        let serving = tokio::spawn(page.serve(tallies, simulated));
        let said = tokio::task::block_in_place(|| guests(port));
        serving.abort();
        said
    })
}

/// A name and its labels.
type Series = (String, Vec<(String, String)>);

/// Name and labels of every sample, with its value, and the type of every family: a strict reader of text format 0.0.4.
fn parse(page: &str) -> (BTreeMap<Series, f64>, BTreeMap<String, String>) {
    let (mut samples, mut kinds, mut helped) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    assert!(page.ends_with('\n'), "the last line ends too");
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, text) = help.split_once(' ').expect("a help has a text");
            assert!(!text.is_empty() && !helped.contains(&name.to_owned()), "{line}");
            helped.push(name.to_owned());
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a type has a name");
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert!(samples.keys().all(|(known, _): &Series| known != name), "a type stands before its samples");
            assert_eq!(kinds.insert(name.to_owned(), kind.to_owned()), None, "{line}");
        } else {
            let (key, value) = sample(line);
            assert!(kinds.contains_key(&key.0) && helped.contains(&key.0), "{line}: no type, no help");
            assert_eq!(samples.insert(key, value), None, "{line}: stands twice");
        }
    }
    (samples, kinds)
}

fn sample(line: &str) -> (Series, f64) {
    let end = line.find(['{', ' ']).expect("a value follows a name");
    let name = &line[..end];
    assert!(
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit())
    );
    let mut labels = Vec::new();
    let mut rest = &line[end..];
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").expect("a label has a value");
            let (value, after) = quoted(after);
            labels.push((label.to_owned(), value));
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').expect("a space stands before the value");
    ((name.to_owned(), labels), value.parse().expect("a value is a number"))
}

fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut marks = text.char_indices();
    while let Some((at, mark)) = marks.next() {
        match mark {
            '"' => return (value, &text[at + 1..]),
            '\\' => match marks.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, mark @ ('\\' | '"'))) => value.push(mark),
                other => panic!("no such escape: {other:?}"),
            },
            mark => value.push(mark),
        }
    }
    panic!("no end of a label in {text}");
}

#[test]
fn a_scraper_reads_every_counter_of_every_outlet() {
    let names = ["mqtt.plant", "a \"b\" \\c\nd", "same", "same"];
    let tallies = names.map(|name| (name.to_owned(), Arc::new(Tally::default())));
    for (factor, (_, tally)) in (1..).zip(&tallies) {
        let counters = [&tally.made, &tally.sent, &tally.acknowledged, &tally.retried, &tally.dropped];
        let more = [&tally.lost, &tally.duplicated, &tally.reordered, &tally.delayed];
        counters.into_iter().chain(more).zip(1..).for_each(|(counter, number)| count(counter, factor * number));
    }
    let simulated = Arc::new(AtomicU64::new(61_005));
    let (page, later) = while_serving(tallies.to_vec(), &simulated, |port| {
        let (status, page) = http(port, "GET /metrics", b"").unwrap();
        assert_eq!(status, 200);
        tallies[0].1.sent.store(u64::MAX, Ordering::Relaxed);
        (page, http(port, "GET /metrics", b"").unwrap().1)
    });
    let (samples, kinds) = parse(&page);
    let states = ["made", "sent", "acknowledged", "retried", "dropped", "lost", "duplicated", "reordered", "delayed"];
    for (factor, outlet) in (1..).zip(["mqtt.plant", "a \"b\" \\c\nd", "same", "same #2"]) {
        for (number, state) in (1..).zip(states) {
            let labels = vec![("outlet".to_owned(), outlet.to_owned()), ("state".to_owned(), state.to_owned())];
            let found = samples.get(&("twinwright_readings_total".to_owned(), labels));
            assert_eq!(found, Some(&f64::from(factor * number)), "{outlet} {state}");
        }
    }
    assert_eq!(samples.len(), 4 * 9 + 1);
    assert_eq!(samples.get(&("twinwright_simulated_seconds".to_owned(), vec![])), Some(&61.005));
    assert_eq!(
        (kinds["twinwright_readings_total"].as_str(), kinds["twinwright_simulated_seconds"].as_str()),
        ("counter", "gauge")
    );
    assert!(later.contains("state=\"sent\"} 18446744073709551615\n"), "{later}");
    read_by_the_public_client(&page);
}

/// Where Python has Prometheus' own client, that one reads the page too.
fn read_by_the_public_client(page: &str) {
    let scratch = Scratch::new();
    let file = scratch.write("page", page);
    let script = "import sys\ntry:\n    from prometheus_client.parser import text_string_to_metric_families as read\n\
                  except ImportError:\n    sys.exit(3)\n\
                  print(sum(len(family.samples) for family in read(open(sys.argv[1]).read())))";
    let Ok(output) = Command::new("python3").args(["-c", script]).arg(file).output() else { return };
    if output.status.code() != Some(3) {
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "37", "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn anything_but_the_page_is_not_found_and_nonsense_is_no_harm() {
    while_serving(Vec::new(), &Arc::default(), |port| {
        for request in ["GET /", "GET /metrics/", "POST /metrics", "DELETE /metrics", "GET /../metrics"] {
            assert_eq!(http(port, request, b"body").unwrap().0, 404, "{request}");
        }
        assert_eq!(http(port, "GET /metrics?name=x", b"").unwrap().0, 200);
        for nonsense in [&b"\0\0\0\0\r\n\r\n"[..], b"GET /metrics HTTP/9.9\r\n\r\n", &[b'a'; 1_000_000]] {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let _ = stream.write_all(nonsense);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            assert!(!answer.starts_with(b"HTTP/1.1 200"));
        }
        assert_eq!(http(port, "GET /metrics", b"").unwrap().0, 200);
        let head = raw(port, b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n");
        assert!(head.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{head}");
        assert!(head.to_lowercase().contains("connection: close"), "{head}");
    });
}

fn raw(port: u16, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn guests_that_say_nothing_are_put_out_and_keep_nobody_out_for_long() {
    while_serving(Vec::new(), &Arc::default(), |port| {
        let begun = Instant::now();
        let mut idlers: Vec<TcpStream> = (0..32).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
        for (number, idler) in idlers.iter_mut().enumerate() {
            // Some begin to ask and never end.
            idler.write_all(&b"GET /metrics HTT"[..number % 17]).unwrap();
        }
        assert_eq!(http(port, "GET /metrics", b"").unwrap().0, 200);
        let waited = begun.elapsed();
        assert!(waited >= Duration::from_secs(9), "a 33rd guest was let in after {waited:?}");
        for mut idler in idlers {
            idler.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            let mut rest = Vec::new();
            match idler.read_to_end(&mut rest) {
                Ok(_) => {}
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "it is still there"),
            }
        }
    });
}

#[test]
fn an_address_that_is_taken_is_said_so() {
    let page = MetricsPage::bind(FREE).unwrap();
    let why = MetricsPage::bind(page.address()).unwrap_err().to_string();
    assert!(why.contains(&format!("cannot listen on {}", page.address())) && why.contains("in use"), "{why}");
}
