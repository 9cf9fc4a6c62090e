//! Alerts at a broker: kept there while they are not normal, gone when they are over, and lost to no broken line.

use super::{open, pump, put, refused, rows, site, step, until};
use crate::store::Base;
use crate::wires::run;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::Command;
use twinwright_io::notices::{self, Subscription};
use twinwright_tests::Scratch;
use twinwright_tests::servers::mosquitto::{Mosquitto, Subscriber};
use twinwright_tests::servers::proxy::Proxy;

/// What the broker keeps: topic and payload.
fn kept(port: u16) -> BTreeMap<String, String> {
    let port = port.to_string();
    let ask = ["-p", &port, "-t", "twin/#", "--retained-only", "-W", "1", "-F", "%t ~ %p"];
    let output = Command::new("mosquitto_sub").args(ask).output().expect("mosquitto_sub starts; tests/run installs it");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| line.split_once(" ~ ").map(|(topic, payload)| (topic.to_owned(), payload.to_owned()));
    text.lines().filter_map(line).collect()
}

fn field(payload: &str, key: &str) -> Value {
    serde_json::from_str::<Value>(payload).unwrap_or_else(|_| panic!("no JSON: {payload}"))[key].clone()
}

#[test]
fn an_alert_is_kept_until_it_is_over() {
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let subscriber = Subscriber::start(&broker, "%t %r %p");
    for base in Base::both(&scratch) {
        run(async {
            let raised = |alert| step(alert, 1, "raised", "active", "high");
            let mut odd = raised(3);
            odd["machine"] = "a/b +#\u{7}\u{ffff}".into();
            odd["rule"] = "x".repeat(10_000).into();
            odd["message"] = "\r\n\u{1b}[2J ☃".repeat(1_000).into();
            let over = step(2, 2, "resolved", "resolved", "high");
            let report = json!({ "report": "daily", "subject": "s", "text": "t" });
            put(&base, "mqtt.alerts", &[raised(1), raised(2), odd, over, report.clone()], 0).await;
            let url = format!("mqtt://127.0.0.1:{}", broker.port());
            let pump = pump(open("mqtt.alerts", &url, &[("reports", "true")]).unwrap(), &base);
            until("all are delivered", || rows(&base, "delivered") == 5).await;
            pump.stop().await;
        });
        let kept = kept(broker.port());
        let cut = kept
            .keys()
            .find(|topic| topic.starts_with("twin/a%2Fb %2B%23%07%EF%BF%BF/alert/xxxx"))
            .expect("the odd one is kept");
        assert!(cut.len() < 300, "{cut}");
        let alert = &kept["twin/P-1/alert/hot"];
        assert_eq!((field(alert, "id"), field(alert, "status")), (json!("run/1/1/mqtt.alerts"), json!("active")));
        assert_eq!(field(&kept["twin/line-1/report/daily"], "text"), "t");
        assert_eq!(kept.len(), 3, "{:?}", kept.keys());
        let heard = subscriber.all();
        // What the broker kept comes once more with a late subscription.
        let of_two: Vec<&String> = heard.iter().filter(|line| line.starts_with("twin/P-2/alert/hot 0")).collect();
        let [.., first, last, clear] = of_two.as_slice() else { panic!("{of_two:?}") };
        assert!(
            first.contains("\"number\":1") && last.contains("\"number\":2") && last.contains("resolved"),
            "{of_two:?}"
        );
        assert_eq!(clear.trim(), "twin/P-2/alert/hot 0");
    }
}

#[test]
fn a_line_that_breaks_loses_no_step_and_mixes_none_up() {
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let subscriber = Subscriber::start(&broker, "%p");
    let alerts = if std::env::var_os("TWINWRIGHT_FULL").is_some() { 3_000 } else { 150 };
    let base = Base::Sqlite(scratch.join("plant.db"));
    let proxy = Proxy::start(broker.port(), 9_000, 8);
    run(async {
        let course = [("raised", "active"), ("returned", "active"), ("resolved", "resolved")];
        let steps = (0..3).flat_map(|at| (1..=alerts).map(move |alert| (alert, at)));
        let steps: Vec<_> =
            steps.map(|(alert, at)| step(alert, at as u32 + 1, course[at].0, course[at].1, "high")).collect();
        put(&base, "mqtt.alerts", &steps, 0).await;
        let pump = pump(open("mqtt.alerts", &format!("mqtt://127.0.0.1:{}", proxy.port()), &[]).unwrap(), &base);
        until("all are delivered", || rows(&base, "delivered") == 3 * alerts as usize).await;
        assert_eq!(pump.counts().dead, 0);
        pump.stop().await;
    });
    assert!(proxy.cuts() >= 5, "{} cuts", proxy.cuts());
    let mut first_seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for payload in subscriber.all().iter().filter(|line| line.starts_with('{')) {
        let seen = first_seen.entry(field(payload, "uid").as_str().unwrap().to_owned()).or_default();
        let number = field(payload, "number").as_u64().unwrap();
        if !seen.contains(&number) {
            seen.push(number);
        }
    }
    assert_eq!(first_seen.len(), alerts as usize);
    assert!(first_seen.values().all(|numbers| *numbers == [1, 2, 3]), "{first_seen:?}");
    assert!(kept(broker.port()).is_empty());
}

#[test]
fn a_broker_that_is_away_is_waited_for_and_costs_no_tries() {
    let scratch = Scratch::new();
    let mut broker = Mosquitto::start(scratch.path(), "");
    let url = format!("mqtt://127.0.0.1:{}", broker.port());
    broker.kill();
    let base = Base::Sqlite(scratch.join("plant.db"));
    run(async {
        put(&base, "mqtt.alerts", &[step(1, 1, "raised", "active", "low")], 0).await;
        let pump = pump(open("mqtt.alerts", &url, &[]).unwrap(), &base);
        until("it says what it waits for", || !pump.counts().trouble.is_empty()).await;
        assert_eq!((pump.counts().failed, pump.counts().waiting), (0, 1));
        broker.start_again();
        until("it is delivered", || rows(&base, "delivered") == 1).await;
        pump.stop().await;
    });
    assert_eq!(base.ask("SELECT attempts FROM outbox"), "1");
    assert_eq!(kept(broker.port()).len(), 1);
}

#[test]
fn an_outlet_that_could_feed_itself_or_cannot_be_is_refused_at_the_start() {
    for (options, said) in [
        (vec![("topic", "twin/{machine}")], "`{rule}` is missing"),
        (vec![("topic", "twin/{machine}/{ruel}")], "did you mean `{rule}`?"),
        (vec![("qos", "0")], "qos: expected 1"),
        (vec![("colour", "red")], "there is no option `colour`"),
        (vec![("ca", "ca.pem")], "go with `mqtts:`"),
    ] {
        let why = refused("mqtt.alerts", "mqtt://127.0.0.1", &options);
        assert!(why.starts_with("mqtt.alerts: ") && why.contains(said), "{why}");
    }
    let address =
        notices::address("mqtt.alerts", "mqtt://localhost", &[("topic", "plant/{machine}/{rule}/x/y".to_owned())])
            .unwrap();
    let hears = |url: &str| vec![Subscription { url: url.to_owned(), filter: "plant/#".to_owned() }];
    let with = |url: &str| notices::open(&address, &notices::Site { hears: hears(url), ..site() });
    let why = with("mqtt://127.0.0.1:1883").err().expect("it would hear itself").to_string();
    assert!(why.contains("a feed of this site subscribes to `plant/#`"), "{why}");
    assert!(with("mqtt://127.0.0.1:1884").is_ok());
}
