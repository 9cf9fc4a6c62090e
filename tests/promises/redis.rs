//! Redis: dashboards find the newest readings, what machines are doing, and each alert once, whatever the line does.

use crate::wires::{
    self, Place, START, Said, carry, counted, manifest, outlet, readings, refused, run, same, stream, wanted,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::outlets::{Tally, redis};
use twinwright_model::{AlertRecord, AlertState, EventRecord, Parcel, Severity, Time};
use twinwright_tests::Scratch;
use twinwright_tests::servers::redis::{Line, Redis};
use twinwright_tests::servers::{free_port, influx};

/// Every set of readings: key, and its members with their scores from the oldest to the newest.
fn sets(server: &Redis) -> BTreeMap<String, Vec<(Value, f64)>> {
    let keys: Vec<String> = manifest()
        .machines
        .iter()
        .flat_map(|machine| {
            manifest().sensors.iter().map(|s| format!("realtime:{}:{}", machine.id, s.name)).collect::<Vec<_>>()
        })
        .collect();
    let command = |key: &String| format!("ZRANGE {} 0 -1 WITHSCORES", json!(key));
    let commands: Vec<String> = keys.iter().map(command).collect();
    let answers = server.ask(&commands.iter().map(String::as_str).collect::<Vec<_>>());
    let member = |pair: &Value| {
        let member = pair[0].as_str().expect("a member is text");
        (serde_json::from_str(member).expect("a member is JSON"), pair[1].as_f64().expect("a score is a number"))
    };
    keys.into_iter()
        .zip(&answers)
        .map(|(key, set)| (key, set.as_array().expect("a set").iter().map(member).collect()))
        .collect()
}

/// The readings that the sets hold.
fn found(server: &Redis) -> BTreeMap<Place, Said> {
    let mut found = BTreeMap::new();
    let machines: Vec<String> = manifest().machines.iter().map(|machine| machine.id.clone()).collect();
    for (key, members) in sets(server) {
        let machine =
            machines.iter().find(|machine| key.starts_with(&format!("realtime:{machine}:"))).expect("a machine");
        let sensor = &key["realtime:".len() + machine.len() + 1..];
        for (member, score) in members {
            let millis = member["timestamp_ms"].as_i64().expect("milliseconds");
            let nanos = member.get("timestamp_ns").map_or(millis * 1_000_000, |ns| ns.as_i64().expect("nanoseconds"));
            assert!(
                (score - nanos as f64 / 1e6).abs() < 1e-3 && nanos.div_euclid(1_000_000) == millis,
                "{member} {score}"
            );
            assert!(member["seq"].is_u64(), "{member}");
            let said = (member["value"].as_f64(), member["quality"].as_str().expect("a word").to_owned());
            let place = (machine.clone(), sensor.to_owned(), nanos);
            assert!(found.insert(place, said).is_none(), "a reading is there twice");
        }
    }
    found
}

fn alert(
    machine: u32,
    second: i64,
    rule: &str,
    severity: Severity,
    state: AlertState,
    suppressed: bool,
) -> AlertRecord {
    AlertRecord {
        time: Time(START + second * 1_000_000_000),
        machine,
        future: 0,
        sensor: "vibration".to_owned(),
        rule: rule.to_owned(),
        severity,
        state,
        value: 4.7,
        limit: 4.5,
        suppressed,
    }
}

fn mode(machine: u32, second: i64, name: &str) -> EventRecord {
    let detail = [("mode", json!(name)), ("before", json!("running"))];
    let detail: Map<String, Value> = detail.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    EventRecord { time: Time(START + second * 1_000_000_000), machine, future: 0, event: "mode", detail }
}

fn queue(server: &Redis, severity: &str) -> Vec<Value> {
    let answer = server.ask(&[&format!("LRANGE alerts:queue:{severity} 0 -1")]);
    let parsed = |text: &Value| serde_json::from_str(text.as_str().expect("text")).expect("an alert is JSON");
    answer[0].as_array().expect("a list").iter().map(parsed).collect()
}

#[test]
fn redis_has_every_reading_once_even_when_it_is_delivered_twice() {
    let scratch = Scratch::new();
    let server = Redis::start(scratch.path(), &[]);
    let parcels = stream(3, 300, 300_000);
    let tally = Tally::default();
    let mut wire = outlet(redis::open, &format!("redis://127.0.0.1:{}", server.port));
    run(carry(wire.as_mut(), &parcels, &tally, |_| ())).unwrap();
    same(&found(&server), &wanted(&parcels));
    assert_eq!(counted(&tally), [readings(&parcels), readings(&parcels), 0]);
    run(carry(wire.as_mut(), &parcels, &tally, |_| ())).unwrap();
    same(&found(&server), &wanted(&parcels));
}

#[test]
fn only_the_newest_readings_stay_and_not_for_ever() {
    let scratch = Scratch::new();
    let server = Redis::start(scratch.path(), &[]);
    let parcels = stream(4, 700, 1_000_000_000);
    let mut wire = outlet(redis::open, &format!("redis://127.0.0.1:{}/2?keep=50&ttl=90%20min", server.port));
    run(carry(wire.as_mut(), &parcels, &Tally::default(), |_| ())).unwrap();
    let answers = server.ask(&["SELECT 2", "ZCARD realtime:P-101:vibration", "TTL realtime:P-101:vibration"]);
    assert_eq!(answers[1], json!(50));
    assert!((5_300..=5_400).contains(&answers[2].as_i64().unwrap()), "{answers:?}");
    let newest = server.ask(&["SELECT 2", "ZRANGE realtime:P-101:vibration 0 0 WITHSCORES"]);
    assert_eq!(newest[1][0][1], json!(START / 1_000_000 + (2_800 - 50) * 1_000), "the oldest that stays");
    // Of the defaults, the time to live is an hour.
    let mut wire = outlet(redis::open, &format!("redis://127.0.0.1:{}", server.port));
    run(carry(wire.as_mut(), &parcels[..1], &Tally::default(), |_| ())).unwrap();
    let left = server.ask(&["TTL realtime:P-101:vibration"])[0].as_i64().unwrap();
    assert!((3_500..=3_600).contains(&left), "{left}");
}

#[test]
fn a_machines_hash_says_what_it_is_doing_and_the_queues_what_is_wrong() {
    let scratch = Scratch::new();
    let server = Redis::start(scratch.path(), &[]);
    let mut parcels: Vec<Parcel> = stream(2, 5, 1_000_000_000).iter().map(|parcel| (**parcel).clone()).collect();
    let [high, low] = ["vibration.high", "vibration.high_high"];
    parcels[0].events =
        vec![mode(0, 1, "failed"), mode(1, 1, "idle"), mode(2, 2, "maintenance"), mode(2, 4, "calibrating")];
    parcels[0].alerts = vec![
        alert(0, 1, high, Severity::Medium, AlertState::Raised, false),
        alert(0, 2, low, Severity::High, AlertState::Raised, false),
        alert(1, 2, high, Severity::Medium, AlertState::Raised, true),
        alert(1, 3, high, Severity::Medium, AlertState::Cleared, true),
    ];
    parcels[1].alerts = vec![alert(0, 7, high, Severity::Medium, AlertState::Cleared, false)];
    let parcels: Vec<Arc<Parcel>> = parcels.into_iter().map(Arc::new).collect();
    let mut wire = outlet(redis::open, &format!("redis://127.0.0.1:{}", server.port));
    run(carry(wire.as_mut(), &parcels[..1], &Tally::default(), |_| ())).unwrap();
    let hash =
        |machine: &str| server.ask(&[&format!("HGETALL {}", json!(format!("equipment:{machine}:status")))])[0].clone();
    let status = |status: &str, second: i64, alerts: &str| {
        let last = format!("2026-01-01T00:00:0{second}.000Z");
        json!({ "status": status, "last_update": last, "sensor_count": "3", "alert_count": alerts })
    };
    assert_eq!(hash("P-101"), status("error", 4, "2"));
    assert_eq!(hash("P 1,0=2"), status("idle", 4, "0"));
    assert_eq!(hash("Pumpe \"é\""), status("calibrating", 4, "0"));
    assert_eq!(hash("P:103"), status("online", 4, "0"));
    run(carry(wire.as_mut(), &parcels[1..], &Tally::default(), |_| ())).unwrap();
    assert_eq!(hash("P-101"), status("error", 9, "1"));
    let left = server.ask(&["TTL equipment:P-101:status"])[0].as_i64().unwrap();
    assert!((86_300..=86_400).contains(&left), "{left}");
    let wanted = json!({
        "timestamp_ms": START / 1_000_000 + 1_000, "time": "2026-01-01T00:00:01.000Z", "machine": "P-101",
        "sensor": "vibration", "rule": "vibration.high", "severity": "medium", "value": 4.7, "limit": 4.5
    });
    assert_eq!(queue(&server, "medium"), [wanted]);
    assert_eq!(queue(&server, "high").len(), 1);
    assert_eq!((queue(&server, "low").len(), queue(&server, "critical").len()), (0, 0));
    assert_eq!(server.ask(&["KEYS twinwright:*"]), [json!([])], "a run that is over leaves no mark");
}

/// Parcels with `alerts` alerts each, in two severities.
fn alarming(parcels: usize, alerts: usize) -> Vec<Arc<Parcel>> {
    let severity = |n: usize| if n.is_multiple_of(2) { Severity::High } else { Severity::Critical };
    let alarm = |(number, parcel): (usize, &Arc<Parcel>)| {
        let mut parcel = (**parcel).clone();
        parcel.alerts = (number * alerts..(number + 1) * alerts)
            .map(|n| alert(0, n as i64, &format!("rule-{n}"), severity(n), AlertState::Raised, false))
            .collect();
        Arc::new(parcel)
    };
    stream(parcels, 20, 1_000_000).iter().enumerate().map(alarm).collect()
}

/// The rules in both queues, oldest first: each must be there once, in order.
fn rules(server: &Redis) -> Vec<Vec<String>> {
    let rules = |severity| {
        let alerts = queue(server, severity);
        alerts.iter().rev().map(|alert| alert["rule"].as_str().expect("a rule").to_owned()).collect()
    };
    vec![rules("high"), rules("critical")]
}

fn every(parcels: usize, alerts: usize) -> Vec<Vec<String>> {
    let numbers =
        |odd: usize| (0..parcels * alerts).filter(move |n| n % 2 == odd).map(|n| format!("rule-{n}")).collect();
    vec![numbers(0), numbers(1)]
}

#[test]
fn every_alert_is_queued_once_when_the_line_dies_after_each_push() {
    let scratch = Scratch::new();
    let server = Redis::start(scratch.path(), &[]);
    let line = Line::to(server.port, "EVAL", 20);
    let parcels = alarming(12, 450);
    let tally = Tally::default();
    let mut wire = outlet(redis::open, &format!("redis://127.0.0.1:{}?timeout=5%20s", line.port));
    run(carry(wire.as_mut(), &parcels, &tally, |_| ())).unwrap();
    assert_eq!(line.cuts(), 20, "the test cuts the line");
    assert_eq!(rules(&server), every(12, 450));
    same(&found(&server), &wanted(&parcels));
}

#[test]
fn a_parcel_that_is_given_up_does_not_take_the_next_ones_alerts_with_it() {
    let scratch = Scratch::new();
    let server = Redis::start(scratch.path(), &[]);
    let line = Line::to(server.port, "EVAL", 1);
    let parcels = alarming(2, 4);
    let mut wire = outlet(redis::open, &format!("redis://127.0.0.1:{}", line.port));
    let first = run(async { wire.deliver(&wires::freight(&parcels[0]), &Tally::default()).await });
    assert!(matches!(first, Err(OutletTrouble::Passing(_))), "{first:?}");
    run(carry(wire.as_mut(), &parcels[1..], &Tally::default(), |_| ())).unwrap();
    assert_eq!(rules(&server), every(2, 4), "the first four arrived, as it happens, and so did the others");
}

#[test]
fn queues_of_alerts_are_bounded_and_keep_the_newest() {
    let scratch = Scratch::new();
    let server = Redis::start(scratch.path(), &[]);
    let mut wire = outlet(redis::open, &format!("redis://127.0.0.1:{}?alerts_keep=3", server.port));
    run(carry(wire.as_mut(), &alarming(2, 500), &Tally::default(), |_| ())).unwrap();
    let [high, critical] = [["rule-994", "rule-996", "rule-998"], ["rule-995", "rule-997", "rule-999"]];
    assert_eq!(rules(&server), [high, critical]);
}

#[test]
fn nothing_is_lost_or_doubled_when_redis_is_killed_mid_stream_and_keeps_what_it_acknowledged() {
    let scratch = Scratch::new();
    let settings = ["--appendonly", "yes", "--appendfsync", "always"];
    let server = Arc::new(Mutex::new(Redis::start(scratch.path(), &settings)));
    let (parcels, tally) = (alarming(40, 30), Tally::default());
    let mut wire = outlet(redis::open, &format!("redis://127.0.0.1:{}", server.lock().unwrap().port));
    let mut upsets = Vec::new();
    run(carry(wire.as_mut(), &parcels, &tally, |number| {
        if number % 10 == 5 {
            let server = Arc::clone(&server);
            upsets.push(std::thread::spawn(move || {
                let mut server = server.lock().expect("nobody panicked");
                server.kill();
                server.start_again();
            }));
        }
    }))
    .unwrap();
    upsets.into_iter().for_each(|upset| upset.join().expect("the server comes back"));
    let server = server.lock().unwrap();
    same(&found(&server), &wanted(&parcels));
    assert_eq!(rules(&server), every(40, 30));
    assert_eq!(counted(&tally)[..2], [readings(&parcels); 2]);
}

#[test]
fn a_wrong_password_is_one_clear_line_and_a_right_one_works() {
    let scratch = Scratch::new();
    let users = ["--requirepass", "se@cret", "--user", "ann", "on", ">se@cret", "~*", "&*", "+@all"];
    let server = Redis::start(scratch.path(), &users);
    let said = |login: &str, rest: &str| {
        let url = format!("redis://{login}127.0.0.1:{}{rest}", server.port);
        run(async { outlet(redis::open, &url).open().await })
    };
    for login in ["", ":geheim@", "ann:geheim@", "nobody:se%40cret@"] {
        let Err(OutletTrouble::Lasting(why)) = said(login, "") else { panic!("{login}: {:?}", said(login, "")) };
        assert!(why.contains("NOAUTH") || why.contains("WRONGPASS") || why.contains("assword"), "{login}: {why}");
        assert!(!why.contains("geheim") && !why.contains("se@cret") && !why.contains('\n'), "{why}");
    }
    for login in [":se%40cret@", "ann:se%40cret@", "default:se%40cret@"] {
        assert_eq!(said(login, ""), Ok(()), "{login}");
    }
    let file = scratch.write("secret", "se@cret\n");
    assert_eq!(said("", &format!("?password_file={}", file.display())), Ok(()));
}

#[test]
fn what_redis_says_is_trouble_that_may_pass_or_trouble_that_will_not() {
    let scratch = Scratch::new();
    let server = Redis::start(scratch.path(), &[]);
    let freight = wires::freight(&stream(1, 1, 1)[0]);
    let mut wire = outlet(redis::open, &format!("redis://127.0.0.1:{}", server.port));
    let mut deliver = || run(async { wire.deliver(&freight, &Tally::default()).await });
    server.ask(&["CONFIG SET maxmemory 1"]);
    let said = deliver();
    assert!(matches!(&said, Err(OutletTrouble::Passing(why)) if why.contains("OOM")), "{said:?}");
    server.ask(&["CONFIG SET maxmemory 0", "SET realtime:P-101:vibration text"]);
    let said = deliver();
    assert!(matches!(&said, Err(OutletTrouble::Lasting(why)) if why.contains("WRONGTYPE")), "{said:?}");
    server.ask(&["DEL realtime:P-101:vibration"]);
    assert_eq!(deliver(), Ok(()));
}

#[test]
fn a_server_that_is_not_there_silent_or_something_else_is_said_so() {
    let said = |port: u16| {
        let url = format!("redis://ann:geheim@127.0.0.1:{port}?timeout=300%20ms");
        let said = run(async { outlet(redis::open, &url).open().await }).expect_err("there is no Redis");
        assert!(!said.to_string().contains("geheim"), "{said}");
        said
    };
    let nobody = said(free_port());
    assert!(matches!(&nobody, OutletTrouble::Passing(why) if why.contains("cannot be reached")), "{nobody:?}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = said(listener.local_addr().unwrap().port());
    assert!(matches!(&silent, OutletTrouble::Passing(why) if why.contains("300 ms")), "{silent:?}");
    let web = influx::Scripted::start(|_, _| Ok(()));
    // A web server waits for the end of a request that never comes, or answers in its own way.
    assert!(matches!(said(web.port), OutletTrouble::Passing(_)));
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in other.incoming().flatten() {
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n");
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    let other = said(port);
    assert!(matches!(&other, OutletTrouble::Lasting(why) if why.contains("does not answer as")), "{other:?}");
}

#[test]
fn what_redis_cannot_be_asked_for_is_refused_before_it_starts() {
    for (rest, part) in [
        ("?kep=5", "did you mean `keep`?"),
        ("?keep=0", "keep"),
        ("?ttl=-1%20s", "ttl"),
        ("?alerts_keep=many", "alerts_keep"),
        ("?password_env=NOT_THERE_AT_ALL", "NOT_THERE_AT_ALL"),
        ("/plant", "no database number"),
    ] {
        let why = refused(redis::open, &format!("redis://localhost{rest}"));
        assert!(why.contains(part), "{why}");
    }
}
