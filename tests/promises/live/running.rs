//! A mirror as a service: watched, told to read its file again, stopped, started again.

use super::plant::{Plant, ask, now_ms, site, with_tank};
use std::io::{Read, Write};
use std::net::TcpStream;
use twinwright_tests::mirror::Mirror;
use twinwright_tests::servers::mosquitto::Mosquitto;
use twinwright_tests::source::Source;
use twinwright_tests::{Scratch, said, shown, twinwright};

/// A page of its own server.
fn page(address: &str) -> String {
    let mut line = TcpStream::connect(address).expect("the page's address answers");
    line.write_all(b"GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n").expect("a question can be sent");
    let mut text = String::new();
    line.read_to_string(&mut text).expect("an answer comes whole");
    text
}

/// The figure of a line of that page.
fn figure(page: &str, name: &str) -> f64 {
    let line = page.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {page}"));
    line.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a line ends in a number")
}

#[test]
fn it_is_watched_reads_its_file_again_and_stands_where_it_stood() {
    let scratch = Scratch::new();
    with_tank(&scratch);
    let broker = Mosquitto::start(scratch.path(), "");
    let text = site(2, broker.port(), "tanks", "");
    scratch.write("tanks.toml", &text);
    let arguments = ["tanks.toml", "--metrics", "127.0.0.1:0"];
    let mut mirror = Mirror::ready(scratch.path(), "live", &arguments);
    let plant = Plant::start(broker.port(), 2, 20);
    mirror.wait_for("an alert is shown", |mirror| mirror.shown().contains("ALERT"));

    let said_so = mirror.said();
    let address =
        said_so.split("metrics at http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    let seen = page(address);
    assert!(figure(&seen, "twinwright_heard_total") > 0.0);
    assert!(figure(&seen, "twinwright_ticks_total") > 0.0);
    assert_eq!(figure(&seen, "twinwright_store_up"), 1.0);
    assert!(figure(&seen, "twinwright_commit_seconds_count") > 0.0);
    assert!(seen.contains("twinwright_feed_connected{feed=\"mqtt.gateway\"} 1"), "{seen}");

    // A second engine may not mirror the same site.
    let other = twinwright(scratch.path(), &["live", "tanks.toml"]);
    assert_eq!(other.status.code(), Some(3), "{}", said(&other));
    assert!(said(&other).contains("another engine mirrors the site `tanks`"), "{}", said(&other));

    // A wrong file changes nothing.
    scratch.write("tanks.toml", text.replace("kind = \"tank\"", "kind = \"tonk\""));
    mirror.signal("HUP");
    mirror.wait_for("the wrong file is refused", |mirror| mirror.said().contains("is not taken over"));
    // A right one goes on from the same state, as another run.
    scratch.write("tanks.toml", format!("{text}[limits.level]\nhigh = 60\n").replace("T-{1..2}", "T-1"));
    mirror.signal("HUP");
    mirror.wait_for("the new file is mirrored", |mirror| mirror.said().contains("into tanks-live-2"));
    let before = mirror.shown().lines().count();
    mirror.wait_for("an alert of the new limit", |mirror| mirror.shown().lines().count() > before);

    let issued = plant.end();
    let store = scratch.join("tanks.db");
    let all = "SELECT (SELECT count(*) FROM sensor_readings) + \
               (SELECT count(*) FROM quarantine WHERE reason = 'unknown_machine')";
    mirror.wait_for("all is stored or put aside", |_| ask(&store, all) == issued.len().to_string());
    assert!(mirror.stop().success(), "{}", mirror.last_words());
    assert_eq!(ask(&store, "SELECT count(*) FROM mirrors WHERE holder IS NOT NULL"), "0");
    assert_eq!(
        ask(&store, "SELECT name || ' ' || status FROM runs ORDER BY id"),
        "tanks-live-1 finished\ntanks-live-2 interrupted"
    );

    // What was open of the machine that is gone is over.
    let open = "SELECT count(*) FROM alerts a JOIN equipment e ON e.id = a.equipment_id \
                WHERE e.name = 'T-2' AND a.status <> 'resolved'";
    assert_eq!(ask(&store, open), "0");

    // What it left can be asked.
    let url = format!("sqlite:{}", store.display());
    for words in [
        vec!["alerts", "list", "--all", "--store", &url],
        vec!["alerts", "kpi", "--store", &url],
        vec!["history", "runs", "--store", &url],
        vec!["history", "machine", "T-1", "--store", &url],
        vec!["history", "sensor", "T-1.level", "--store", &url],
        vec!["report", "daily", "--store", &url, "--out", "reports"],
        vec!["store", "verify", "--store", &url],
    ] {
        let output = twinwright(scratch.path(), &words);
        assert!(output.status.success(), "{words:?}: {}{}", shown(&output), said(&output));
        assert!(!shown(&output).trim().is_empty(), "{words:?}");
    }
    // And it goes on.
    let mut again = Mirror::ready(scratch.path(), "again", &["tanks.toml"]);
    assert!(again.said().contains("into tanks-live-2"), "{}", again.last_words());
    assert!(again.stop().success());
}

#[test]
fn what_an_operator_asks_is_heard_by_a_living_engine() {
    let scratch = Scratch::new();
    with_tank(&scratch);
    let broker = Mosquitto::start(scratch.path(), "");
    scratch.write("tanks.toml", site(1, broker.port(), "tanks", ""));
    let mut mirror = Mirror::ready(scratch.path(), "live", &["tanks.toml"]);
    let plant = Plant::start(broker.port(), 1, 20);
    mirror.wait_for("an alert is shown", |mirror| mirror.shown().contains("ALERT"));
    let url = format!("sqlite:{}", scratch.join("tanks.db").display());
    let output = twinwright(scratch.path(), &["alerts", "ack", "1", "--by", "ann", "--store", &url]);
    assert!(output.status.success(), "{}{}", shown(&output), said(&output));
    assert!(shown(&output).contains("ann"), "{}", shown(&output));
    plant.end();
    assert!(mirror.stop().success());
    let course =
        ask(&scratch.join("tanks.db"), "SELECT what, by_whom FROM alert_transitions WHERE what = 'acknowledged'");
    assert_eq!(course, "acknowledged|ann");
}

#[test]
fn what_nobody_knew_is_taken_in_and_keeps_its_place_through_crashes() {
    let scratch = Scratch::new();
    with_tank(&scratch);
    let broker = Mosquitto::start(scratch.path(), "");
    let text = site(1, broker.port(), "tanks", "").replace("topic =", "unknown = \"register\"\ntopic =");
    scratch.write("tanks.toml", text);
    let mut source = Source::connect(broker.port(), "source");
    let mut ms = now_ms() - 60_000;
    let mut say = |names: &[&str]| {
        for _ in 0..40 {
            for (number, name) in names.iter().enumerate() {
                let value = number as f64 + (ms % 1_000) as f64 / 1e4;
                source.publish(
                    &format!("plant/{name}"),
                    format!("{{\"timestamp_ms\":{ms},\"value\":{value}}}").as_bytes(),
                );
            }
            ms += 250;
        }
        source.settle();
    };
    let store = scratch.join("tanks.db");
    let count = |wanted: usize| {
        let store = store.clone();
        move |_: &Mirror| ask(&store, "SELECT count(*) FROM sensor_readings") == wanted.to_string()
    };
    let mut mirror = Mirror::ready(scratch.path(), "live", &["tanks.toml"]);
    say(&["T-1/level", "X-9/flow"]);
    mirror.wait_for("the first are stored", count(80));
    mirror.kill();
    let mut mirror = Mirror::ready(scratch.path(), "live", &["tanks.toml"]);
    say(&["Y-1/flow", "X-9/flow", "X-9/heat", "T-1/level"]);
    mirror.wait_for("the others too", count(240));
    mirror.kill();
    let mut mirror = Mirror::ready(scratch.path(), "live", &["tanks.toml"]);
    say(&["X-9/heat", "Y-1/flow"]);
    mirror.wait_for("and the last", count(320));
    assert!(mirror.stop().success(), "{}", mirror.last_words());
    let known = ask(
        &scratch.join("tanks.db"),
        "SELECT e.name, s.name, count(*) FROM sensor_readings r JOIN sensors s ON s.id = r.sensor_id \
         JOIN equipment e ON e.id = s.equipment_id GROUP BY 1, 2 ORDER BY 1, 2",
    );
    assert_eq!(known, "T-1|level|80\nX-9|flow|80\nX-9|heat|80\nY-1|flow|80");
    let output = twinwright(scratch.path(), &["replay", "sqlite:tanks.db", "--json"]);
    assert!(output.status.success(), "{}{}", shown(&output), said(&output));
}

#[test]
fn without_a_site_it_says_how_to_see_one() {
    let scratch = Scratch::new();
    let output = twinwright(scratch.path(), &["live"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("`twinwright live --demo`"), "{}", said(&output));
}
