//! The state board: the present state of each machine, not too often, and whether the mirror is there.

use super::{site, until};
use crate::wires::run;
use std::time::{Duration, Instant};
use twinwright_io::notices::{self, StateBoard};
use twinwright_tests::Scratch;
use twinwright_tests::servers::mosquitto::{Mosquitto, Subscriber};
use twinwright_tests::servers::proxy::Proxy;

fn board(port: u16, every: Duration) -> StateBoard {
    let address = notices::address("mqtt.alerts", &format!("mqtt://127.0.0.1:{port}"), &[]).unwrap();
    StateBoard::start(&address, &site(), every).unwrap()
}

/// What was published to a topic; what the broker kept comes once more with a late subscription and is left out.
fn heard(subscriber: &Subscriber, topic: &str) -> Vec<String> {
    let lines = subscriber.lines().into_iter();
    lines.filter_map(|line| line.strip_prefix(&format!("0 {topic} ")).map(str::to_owned)).collect()
}

#[test]
fn a_state_is_shown_when_it_changed_and_not_too_often() {
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let subscriber = Subscriber::start(&broker, "%r %t %p");
    let every = Duration::from_millis(400);
    let begun = Instant::now();
    run(async {
        let board = board(broker.port(), every);
        for at in 0..200 {
            board.show("P-1", &format!("{{\"at\":{at}}}"));
            board.show("P/2", "{\"calm\":true}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        until("the last state is shown", || heard(&subscriber, "twin/P-1/state").contains(&"{\"at\":199}".to_owned()))
            .await;
        board.show("P-1", "{\"at\":\"the end\"}");
        board.stop().await;
    });
    let most = begun.elapsed().as_millis() / every.as_millis() + 2;
    subscriber.wait_for("0 twin/line-1/status offline");
    let states = heard(&subscriber, "twin/P-1/state");
    assert!(states.len() as u128 <= most && states.len() >= 2, "{states:?}");
    assert_eq!(states.last().map(String::as_str), Some("{\"at\":\"the end\"}"));
    assert_eq!(heard(&subscriber, "twin/P%2F2/state"), ["{\"calm\":true}"]);
    assert_eq!(heard(&subscriber, "twin/line-1/status"), ["online", "offline"]);
}

#[test]
fn a_line_that_breaks_says_offline_and_then_everything_anew() {
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let subscriber = Subscriber::start(&broker, "%r %t %p");
    let proxy = Proxy::start(broker.port(), u64::MAX, 0);
    run(async {
        let board = board(proxy.port(), Duration::from_secs(3_600));
        board.show("P-1", "{}");
        until("it is shown", || heard(&subscriber, "twin/P-1/state").len() == 1).await;
        proxy.cut();
        until("it is shown anew", || heard(&subscriber, "twin/P-1/state").len() == 2).await;
        assert_eq!(heard(&subscriber, "twin/line-1/status"), ["online", "offline", "online"]);
        // As a crash: nobody says goodbye.
        drop(board);
        until("the broker says it", || heard(&subscriber, "twin/line-1/status").len() == 4).await;
    });
    assert_eq!(heard(&subscriber, "twin/line-1/status").last().map(String::as_str), Some("offline"));
}
