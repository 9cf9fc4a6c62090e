//! Line protocol over HTTP: what leaves is what InfluxDB and VictoriaMetrics have afterwards, whatever happens between.

use crate::wires::{self, Place, Said, carry, counted, outlet, readings, refused, run, same, stream, wanted};
use std::collections::BTreeMap;
use std::io::Write;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::outlets::{Tally, http};
use twinwright_model::Parcel;
use twinwright_tests::Scratch;
use twinwright_tests::servers::free_port;
use twinwright_tests::servers::influx::{Influx, Scripted, Victoria, say};

const MILLI: i64 = 1_000_000;

fn of_influx(server: &Influx) -> BTreeMap<Place, Said> {
    let place = |[time, machine, sensor, value, quality]: [String; 5]| {
        let value = (!value.is_empty()).then(|| value.parse().expect("a number"));
        let quality = if quality.is_empty() { "good".to_owned() } else { quality };
        ((machine, sensor, time.parse().expect("nanoseconds")), (value, quality))
    };
    let rows = server.readings();
    let found: BTreeMap<Place, Said> = rows.iter().cloned().map(place).collect();
    assert_eq!(found.len(), rows.len(), "a reading is there twice");
    found
}

/// VictoriaMetrics keeps no words, so what it has is what there is a value for.
fn of_victoria(server: &Victoria) -> BTreeMap<Place, f64> {
    let rows = server.readings();
    let place = |(machine, sensor, time, value)| ((machine, sensor, time * MILLI), value);
    let found: BTreeMap<Place, f64> = rows.iter().cloned().map(place).collect();
    assert_eq!(found.len(), rows.len(), "a reading is there twice");
    found
}

/// VictoriaMetrics keeps a block of values with one exponent and 18 digits: a stream without the very great and small.
fn even(parcels: Vec<Arc<Parcel>>) -> Vec<Arc<Parcel>> {
    let even = |value: f32| if value.is_nan() || (0.01..1e6).contains(&value.abs()) { value } else { 1.5 };
    let parcel = |parcel: &Arc<Parcel>| {
        let value = parcel.value.iter().map(|value| even(*value)).collect();
        Arc::new(Parcel { value, ..(**parcel).clone() })
    };
    parcels.iter().map(parcel).collect()
}

fn same_values(found: &BTreeMap<Place, f64>, wanted: &BTreeMap<Place, Said>) {
    let wanted: BTreeMap<&Place, f64> = wanted.iter().filter_map(|(place, said)| Some((place, said.0?))).collect();
    assert!(found.keys().eq(wanted.keys().copied()), "{} found, {} wanted", found.len(), wanted.len());
    let altered = found.values().zip(wanted.values()).filter(|(found, wanted)| found != wanted);
    let altered: Vec<_> = altered.collect();
    assert!(altered.is_empty(), "{} altered, the first of them {:?}", altered.len(), altered[0]);
}

#[test]
fn influxdb_has_every_reading_to_the_nanosecond_as_it_left() {
    let scratch = Scratch::new();
    let server = Influx::start(scratch.path(), false);
    let parcels = stream(3, 400, 1_000_001);
    let tally = Tally::default();
    let mut wire = outlet(http::open, &format!("http://127.0.0.1:{}/write?db=plant&batch=1000", server.port));
    run(carry(wire.as_mut(), &parcels, &tally, |_| ())).unwrap();
    same(&of_influx(&server), &wanted(&parcels));
    assert_eq!(counted(&tally), [readings(&parcels), readings(&parcels), 0]);
}

#[test]
fn victoriametrics_has_the_same_values_over_both_versions_packed_or_not() {
    let scratch = Scratch::new();
    let server = Victoria::start(scratch.path(), &[]);
    let parcels = even(stream(4, 100, 250 * MILLI));
    let ways = ["?org=o&bucket=b&token=any", "/api/v2/write?bucket=b&gzip=no", "/write?db=p&gzip=no&batch=7", "?db=p"];
    for (parcel, way) in parcels.iter().zip(ways) {
        let tally = Tally::default();
        let mut wire = outlet(http::open, &format!("http://127.0.0.1:{}{way}", server.port));
        run(carry(wire.as_mut(), std::slice::from_ref(parcel), &tally, |_| ())).unwrap();
    }
    same_values(&of_victoria(&server), &wanted(&parcels));
}

/// Delivers while `upset` does something to the server before some of the parcels, in a thread of its own.
fn carry_through(url: &str, parcels: &[Arc<Parcel>], upset: impl FnMut() + Send + 'static) -> Tally {
    let tally = Tally::default();
    let mut wire = outlet(http::open, url);
    let upset = Arc::new(std::sync::Mutex::new(upset));
    let mut upsets = Vec::new();
    run(carry(wire.as_mut(), parcels, &tally, |number| {
        if number % 10 == 5 {
            let upset = Arc::clone(&upset);
            upsets.push(std::thread::spawn(move || (upset.lock().expect("nobody panicked"))()));
        }
    }))
    .unwrap();
    upsets.into_iter().for_each(|upset| upset.join().expect("the server comes back"));
    tally
}

#[test]
fn nothing_is_lost_or_doubled_when_influxdb_is_killed_mid_stream() {
    let scratch = Scratch::new();
    let server = Arc::new(std::sync::Mutex::new(Influx::start(scratch.path(), false)));
    let parcels = stream(30, 100, 1_000_000);
    let port = server.lock().unwrap().port;
    let other = Arc::clone(&server);
    let url = format!("http://127.0.0.1:{port}/write?db=plant&batch=100&timeout=5%20s");
    let tally = carry_through(&url, &parcels, move || {
        let mut server = other.lock().unwrap();
        server.kill();
        server.start_again();
    });
    same(&of_influx(&server.lock().unwrap()), &wanted(&parcels));
    assert_eq!(counted(&tally)[..2], [readings(&parcels); 2]);
}

#[test]
fn nothing_is_lost_or_doubled_when_victoriametrics_restarts_mid_stream() {
    let scratch = Scratch::new();
    let server = Arc::new(std::sync::Mutex::new(Victoria::start(scratch.path(), &[])));
    let parcels = even(stream(30, 100, MILLI));
    let port = server.lock().unwrap().port;
    let other = Arc::clone(&server);
    let tally = carry_through(&format!("http://127.0.0.1:{port}?bucket=b&batch=100"), &parcels, move || {
        let mut server = other.lock().unwrap();
        server.stop();
        server.start_again();
    });
    same_values(&of_victoria(&server.lock().unwrap()), &wanted(&parcels));
    assert_eq!(counted(&tally)[..2], [readings(&parcels); 2]);
}

#[test]
fn a_wrong_password_or_database_is_one_clear_line_before_anything_is_sent() {
    let scratch = Scratch::new();
    let server = Influx::start(scratch.path(), true);
    let at = |user: &str, rest: &str| format!("http://{user}127.0.0.1:{}/write?{rest}", server.port);
    let said = |url: &str| match run(async { outlet(http::open, url).open().await }) {
        Err(OutletTrouble::Lasting(why)) => why,
        other => panic!("{url}: {other:?}"),
    };
    let why = said(&at("ann:wr%C3%B6ng@", "db=plant"));
    assert!(why.contains("401 Unauthorized: authorization failed") && why.contains("http://ann@127.0.0.1"), "{why}");
    assert!(!why.contains("wrö") && !why.contains("wr%"), "{why}");
    assert!(said(&at("", "db=plant")).contains("expected a `token`, or user and password"));
    let why = said(&at("ann:se%3Acret@", "db=nowhere"));
    assert!(why.contains("404 Not Found: database not found: \"nowhere\""), "{why}");
    assert!(!why.contains('\n'), "{why}");
    let file = scratch.write("secret", "se:cret\nand more\n");
    let right = at("ann@", &format!("db=plant&password_file={}", file.display()));
    assert_eq!(run(async { outlet(http::open, &right).open().await }), Ok(()));
}

/// What an outlet says when a server answers in a certain way: to a knock, and to readings.
fn answered(
    timeout: &str,
    answer: impl Fn(&mut std::net::TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> [Result<(), OutletTrouble>; 2] {
    let server = Scripted::start(move |_, stream| answer(stream));
    let url = format!("http://ann:geheim@127.0.0.1:{}/write?db=plant&timeout={timeout}", server.port);
    let freight = wires::freight(&stream(1, 1, 1)[0]);
    let (tally, mut wire) = (Tally::default(), outlet(http::open, &url));
    let answers = run(async { [wire.open().await, wire.deliver(&freight, &tally).await] });
    for trouble in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        let why = trouble.to_string();
        assert!(
            !why.contains("geheim") && !why.contains("db=plant") && !why.contains('\n') && why.len() < 500,
            "{why}"
        );
    }
    assert_eq!(counted(&tally)[1], if answers[1].is_ok() { freight.readings } else { 0 });
    answers
}

#[test]
fn what_may_pass_and_what_will_not_follows_from_the_servers_answer() {
    let lasting = |answer: &Result<(), OutletTrouble>, part: &str| {
        assert!(matches!(answer, Err(OutletTrouble::Lasting(why)) if why.contains(part)), "{part}: {answer:?}");
    };
    let passing = |answer: &Result<(), OutletTrouble>, part: &str| {
        assert!(matches!(answer, Err(OutletTrouble::Passing(why)) if why.contains(part)), "{part}: {answer:?}");
    };
    let words = "{\"code\":\"x\",\"message\":\"so\\nnot\"}";
    for status in ["401 Unauthorized", "403 Forbidden", "404 Not Found", "405 Method Not Allowed", "302 Found"] {
        answered("10%20s", move |to| say(to, status, "", words)).iter().for_each(|answer| lasting(answer, ": so not"));
    }
    // Of an empty knock these say nothing, of readings they do.
    for status in ["400 Bad Request", "413 Payload Too Large", "422 Unprocessable"] {
        let [knock, readings] = answered("10%20s", move |to| say(to, status, "", words));
        assert_eq!(knock, Ok(()));
        lasting(&readings, ": so not");
    }
    for status in ["500 Oh", "502 Bad Gateway", "503 Service Unavailable", "429 Too Many", "408 Request Timeout"] {
        answered("10%20s", move |to| say(to, status, "", words)).iter().for_each(|answer| passing(answer, ": so not"));
    }
    let far = "retry-after: 3600\r\n";
    answered("10%20s", move |to| say(to, "429 Too Many", far, "")).iter().for_each(|answer| passing(answer, "429"));
    for status in ["204 No Content", "200 OK", "202 Accepted"] {
        assert_eq!(answered("10%20s", move |to| say(to, status, "", "")), [Ok(()), Ok(())]);
    }
    answered("10%20s", |to| say(to, "200 OK", "", "<!doctype html><p>hi"))
        .iter()
        .for_each(|it| lasting(it, "a web page"));
    answered("10%20s", |to| say(to, "200 OK", "", "{\"error\":\"timeout\"}"))
        .iter()
        .for_each(|it| lasting(it, "timeout"));
    answered("10%20s", |to| to.write_all(b"\x15\x03\x01\x00\x02\x02\x46"))
        .iter()
        .for_each(|it| passing(it, "connection failed"));
    answered("10%20s", |to| to.write_all(b"")).iter().for_each(|it| passing(it, "connection failed"));
    let silence = |_: &mut std::net::TcpStream| {
        std::thread::sleep(Duration::from_secs(2));
        Ok(())
    };
    answered("200%20ms", silence).iter().for_each(|it| passing(it, "no answer within 200 ms"));
}

#[test]
fn an_endless_body_is_not_read_to_its_end() {
    let endless = |to: &mut std::net::TcpStream| {
        write!(to, "HTTP/1.1 400 Bad Request\r\ncontent-length: 104857600\r\n\r\n")?;
        (0..1600).try_for_each(|_| to.write_all(&[b'x'; 65_536]))
    };
    let [_, said] = answered("10%20s", endless);
    let Err(OutletTrouble::Lasting(why)) = said else { panic!("{said:?}") };
    assert!(why.ends_with(&"x".repeat(200)) && !why.contains(&"x".repeat(201)), "{why}");
    let drip = |to: &mut std::net::TcpStream| {
        write!(to, "HTTP/1.1 500 Oh\r\ncontent-length: 1000\r\n\r\nslow")?;
        (0..20).try_for_each(|_| {
            std::thread::sleep(Duration::from_millis(100));
            to.write_all(b".")
        })
    };
    let begun = Instant::now();
    answered("300%20ms", drip).iter().for_each(|it| assert!(matches!(it, Err(OutletTrouble::Passing(_))), "{it:?}"));
    assert!(begun.elapsed() < Duration::from_secs(30), "it waits for a body that drips");
}

#[test]
fn only_the_batch_that_was_not_answered_goes_again_and_retry_after_is_waited_for() {
    let server = Scripted::start(|request, to| match request.number {
        2 => to.write_all(b"HTTP/1.1 5"),
        5 => say(to, "429 Too Many Requests", "retry-after: 1\r\n", ""),
        _ => say(to, "204 No Content", "", ""),
    });
    let parcels = stream(1, 50, 1);
    let tally = Tally::default();
    let mut wire = outlet(http::open, &format!("http://127.0.0.1:{}/write?db=p&batch=100", server.port));
    let begun = Instant::now();
    run(carry(wire.as_mut(), &parcels, &tally, |_| ())).unwrap();
    // 600 readings in six batches; the second of them was cut off and the fourth was sent away for a second.
    assert_eq!(counted(&tally), [600, 600, 200]);
    assert_eq!(server.asked(), 10, "two knocks, six batches, two of them again");
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_server_that_is_not_there_is_trouble_that_may_pass_and_counts_nothing() {
    let port = free_port();
    let (tally, freight) = (Tally::default(), wires::freight(&stream(1, 1, 1)[0]));
    let mut wire = outlet(http::open, &format!("http://ann:geheim@127.0.0.1:{port}/write?db=plant"));
    for said in run(async { [wire.open().await, wire.deliver(&freight, &tally).await] }) {
        let Err(OutletTrouble::Passing(why)) = said else { panic!("{said:?}") };
        assert!(why.starts_with(&format!("http://ann@127.0.0.1:{port}/write: cannot be reached: ")), "{why}");
        assert!(why.contains("refused"), "{why}");
    }
    assert_eq!(counted(&tally), [0, 0, 0]);
}

#[test]
fn https_takes_a_plants_own_authority_and_nobody_elses() {
    let scratch = Scratch::new();
    let (key, certificate) = (scratch.join("key.pem"), scratch.join("certificate.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"])
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let [key, certificate] = [key, certificate].map(|path| path.display().to_string());
    let more = ["-tls".to_owned(), format!("-tlsKeyFile={key}"), format!("-tlsCertFile={certificate}")];
    let server = Victoria::start(scratch.path(), &more);
    let said = |rest: &str| {
        let url = format!("https://127.0.0.1:{}?bucket=b{rest}", server.port);
        run(async { outlet(http::open, &url).open().await })
    };
    assert_eq!(said(&format!("&ca={certificate}")), Ok(()));
    let strange = said("");
    assert!(matches!(&strange, Err(OutletTrouble::Lasting(why)) if why.contains("certificate")), "{strange:?}");
    let why = refused(http::open, &format!("https://127.0.0.1?bucket=b&ca={key}"));
    assert!(why.contains("holds no certificate"), "{why}");
}

#[test]
fn what_cannot_be_asked_for_is_refused_before_it_starts() {
    for (rest, part) in [
        ("", "expected `?org=...&bucket=...` (version 2) or `?db=...` (version 1)"),
        ("/write?db=p&precision=ms", "precision"),
        ("/write?db=p&batch=0", "batch"),
        ("/write?db=p&gzip=perhaps", "gzip"),
        ("/write?db=p&timeout=0%20s", "timeout"),
        ("/write?db=p&token_env=NOT_THERE_AT_ALL", "NOT_THERE_AT_ALL"),
        ("/write?db=p&token=a%0Ab", "token"),
        ("/write?db=p&ca=/not/there.pem", "ca: cannot read"),
    ] {
        let why = refused(http::open, &format!("http://localhost:8086{rest}"));
        assert!(why.contains(part) && why.contains("http://localhost:8086"), "{why}");
    }
}
