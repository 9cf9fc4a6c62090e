//! A report at its time, from readings at a broker to a webhook that knows nothing of the engine.

use super::plant::{ask, now_ms, site, with_tank};
use crate::notices::hooks::{Hook, Reply};
use serde_json::Value;
use twinwright_tests::Scratch;
use twinwright_tests::mirror::Mirror;
use twinwright_tests::servers::mosquitto::Mosquitto;
use twinwright_tests::source::Source;

const DAY: i64 = 86_400_000;

#[test]
fn the_report_of_yesterday_reaches_a_webhook_once_whenever_the_engine_starts() {
    let scratch = Scratch::new();
    with_tank(&scratch);
    let broker = Mosquitto::start(scratch.path(), "");
    let hook = Hook::start(|_, _| Reply::status(200));
    scratch.write("secret", "a secret");
    let outlet = format!(
        "[report.day]\nperiod = \"daily\"\nat = \"00:00\"\n[outlet.webhook.desk]\nurl = \"{}\"\nsecret_file = \"secret\"\n\
         private = true\nreports = true\n",
        hook.url()
    );
    scratch.write("tanks.toml", site(1, broker.port(), "tanks", "") + &outlet);
    // Some minutes of yesterday, a minute between two readings, and one of today.
    broker.keep_for("tanks", "plant/#");
    let midnight = now_ms() / DAY * DAY;
    let mut source = Source::connect(broker.port(), "source");
    for ms in (1..=120).rev().map(|minutes| midnight - minutes * 60_000).chain([midnight + 1]) {
        source.publish("plant/T-1/level", format!("{{\"timestamp_ms\":{ms},\"value\":42.5}}").as_bytes());
    }
    source.settle();
    let store = scratch.join("tanks.db");
    let run = |name: &str, what: &str, holds: &dyn Fn() -> bool| {
        let mut mirror = Mirror::ready(scratch.path(), name, &["tanks.toml"]);
        mirror.wait_for(what, |_| holds());
        assert!(mirror.stop().success(), "{}", mirror.last_words());
    };
    run("first", "all is stored", &|| ask(&store, "SELECT count(*) FROM sensor_readings") == "121");
    run("second", "the report is there", &|| !hook.posted().is_empty());
    run("third", "it mirrors", &|| true);
    let posted = hook.posted();
    assert_eq!(posted.len(), 1, "{posted:?}");
    let body: Value = serde_json::from_str(&posted[0].body).expect("a report is JSON");
    assert_eq!(body["report"], "daily", "{body}");
    let text = body["text"].as_str().expect("a report has a text");
    assert!(text.starts_with("# Daily report of tanks-live-1") && text.contains("1 machine"), "{text}");
    assert!(!posted[0].header("x-twinwright-signature").is_empty());
}
