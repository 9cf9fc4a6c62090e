//! Peers that are no brokers, or bad ones: each answer is a word about trouble that may pass, in bounded time.

use super::{MILLISECOND, again, counted, freight, manifest, outlet, refused, runtime};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};
use twinwright_io::outlets::Tally;
use twinwright_io::outlets::trouble::OutletTrouble;

const CONSENT: [u8; 4] = [0x20, 2, 0, 0];

/// A peer on a port of its own that sends this to each who comes, and then listens in silence or closes.
fn peer(sends: &'static [u8], stays: bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback can be bound");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                let _ = stream.read(&mut bytes);
                let _ = stream.write_all(sends);
                while stays && stream.read(&mut bytes).is_ok_and(|length| length > 0) {}
            });
        }
    });
    port
}

fn is_passing(trouble: &OutletTrouble, expected: &str) -> bool {
    matches!(trouble, OutletTrouble::Passing(why) if why.contains(expected))
}

#[test]
fn who_answers_with_garbage_or_silence_is_left_in_time() {
    for (sends, stays, expected) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], false, ""),
        (&[0xff; 512], true, ""),
        (&[], false, "closed"),
        (&[0x20, 0xff, 0xff, 0xff, 0x7f], true, ""),
        (&[0x20, 0xff, 0xff, 0xff, 0xff, 0xff], true, ""),
        (&[0xd0, 0], true, "no broker"),
        (&[0x20, 2, 0, 3], true, "not available"),
        (&[], true, "no answer within 1 s"),
    ] {
        let begun = Instant::now();
        let trouble = refused(&format!("mqtt://127.0.0.1:{}?timeout=1%20s", peer(sends, stays)));
        assert!(is_passing(&trouble, expected), "{sends:?}: {trouble:?}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    for (code, expected) in [(1, "MQTT 3.1.1"), (2, "client_id"), (4, "password"), (5, "authorised")] {
        let answer: &'static [u8] = match code {
            1 => &[0x20, 2, 0, 1],
            2 => &[0x20, 2, 0, 2],
            4 => &[0x20, 2, 0, 4],
            _ => &[0x20, 2, 0, 5],
        };
        let trouble = refused(&format!("mqtt://127.0.0.1:{}", peer(answer, true)));
        assert!(matches!(&trouble, OutletTrouble::Lasting(why) if why.contains(expected)), "{code}: {trouble:?}");
    }
}

#[test]
fn a_broker_that_turns_bad_is_trouble_that_may_pass() {
    for (sends, stays, expected) in [
        // A packet of 256 MiB, an acknowledgement of nothing, what only clients say, a broken packet.
        (&[0x20, 2, 0, 0, 0x30, 0xff, 0xff, 0xff, 0x7f][..], true, "what came is no MQTT"),
        (&[0x20, 2, 0, 0, 0x40, 2, 0xff, 0xff], true, "connection broke"),
        (&[0x20, 2, 0, 0, 0x10, 0], true, "connection broke"),
        (&[0x20, 2, 0, 0, 0x40, 1, 7, 9, 9, 9], true, "connection broke"),
        (&CONSENT, false, "connection broke"),
        (&CONSENT, true, "the broker has taken nothing for 3 s"),
    ] {
        let url = format!("mqtt://127.0.0.1:{}?qos=1&timeout=1%20s", peer(sends, stays));
        let mut outlet = outlet(&url, &manifest("acme", &["P-1"])).unwrap();
        let trouble = runtime().block_on(async {
            outlet.open().await.expect("it consents at first");
            let tally = Tally::default();
            let rows = vec![(MILLISECOND, 0, 0, 1.5); 300];
            let trouble = outlet.deliver(&freight(&rows), &tally).await.expect_err("it is no broker");
            assert_eq!(counted(&tally)[1], 0, "nothing was acknowledged");
            trouble
        });
        assert!(is_passing(&trouble, expected), "{sends:?}: {trouble:?}");
    }
}

#[test]
fn a_broker_that_is_silent_only_between_deliveries_is_noticed_by_keep_alive() {
    let url = format!("mqtt://127.0.0.1:{}?qos=1&keep_alive=1%20s", peer(&CONSENT, true));
    let mut outlet = outlet(&url, &manifest("acme", &["P-1"])).unwrap();
    let trouble = runtime().block_on(async {
        outlet.open().await.expect("it consents at first");
        let tally = Tally::default();
        let few = freight(&[(0, 0, 0, 1.5)]);
        outlet.deliver(&few, &tally).await.expect("one message fits under way");
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let trouble = outlet.deliver(&few, &tally).await.expect_err("it does not answer");
        let mut tries = 0;
        again(outlet.as_mut(), trouble.clone(), &mut tries).await;
        trouble
    });
    assert!(is_passing(&trouble, "no answer to keep-alive"), "{trouble:?}");
}
