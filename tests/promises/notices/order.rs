//! Order and crashes: the steps of one alert never overtake each other, and what was not written down goes out again.

use super::hooks::{Hook, Reply};
use super::{link, open, pump, put, rows, step, until};
use crate::store::Base;
use crate::wires::run;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use twinwright_io::notices::Pump;
use twinwright_tests::Scratch;

const STEPS: u32 = 4;

fn webhook(hook: &Hook, base: &Base) -> Pump {
    pump(open("webhook.ops", &hook.url(), &[("private", "true"), ("secret", "s")]).unwrap(), base)
}

/// A number that follows from a text alone (FNV-1a).
fn chance(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)) >> 7
}

#[test]
fn steps_of_an_alert_keep_their_order_whatever_fails() {
    let scratch = Scratch::new();
    let alerts = if std::env::var_os("TWINWRIGHT_FULL").is_some() { 400 } else { 40 };
    for base in Base::both(&scratch) {
        // One attempt of seven fails, by chance.
        let fails = |id: &str, before: usize| chance(&format!("{id} {before}")).is_multiple_of(7);
        let hook =
            Hook::start(move |posted, before| Reply::status(if fails(&posted.id(), before) { 500 } else { 200 }));
        run(async {
            let names = ["raised", "returned", "acknowledged", "resolved"];
            let steps = (1..=STEPS).flat_map(|number| (1..=alerts).map(move |alert| (alert, number)));
            let steps: Vec<_> = steps
                .map(|(alert, number)| step(alert, number, names[number as usize - 1], "active", "high"))
                .collect();
            put(&base, "webhook.ops", &steps, 0).await;
            let pump = webhook(&hook, &base);
            until("all are delivered", || rows(&base, "delivered") == (alerts * STEPS) as usize).await;
            pump.stop().await;
        });
        let mut through: BTreeMap<String, u32> = BTreeMap::new();
        let mut tried: BTreeMap<String, usize> = BTreeMap::new();
        for posted in hook.posted() {
            let id = posted.id();
            let parts: Vec<&str> = id.split('/').collect();
            let (alert, number): (_, u32) = (parts[1].to_owned(), parts[2].parse().unwrap());
            let before = tried.entry(id.clone()).or_default();
            let through = through.entry(alert).or_default();
            assert_eq!(*through + 1, number, "{id}");
            if !fails(&id, *before) {
                *through = number;
            }
            *before += 1;
        }
        assert!(through.len() == alerts as usize && through.values().all(|number| *number == STEPS));
        assert!(tried.values().any(|tries| *tries > 1), "nothing failed");
    }
}

#[test]
fn an_alert_that_must_wait_holds_nobody_else_up() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let hook = Hook::start(|posted, _| Reply::status(if posted.id().starts_with("run/1/") { 500 } else { 200 }));
        run(async {
            let told =
                |alert| [step(alert, 1, "raised", "active", "high"), step(alert, 2, "returned", "active", "high")];
            put(&base, "webhook.ops", &told(1), 0).await;
            put(&base, "webhook.ops", &(2..300).flat_map(told).collect::<Vec<_>>(), 0).await;
            let pump = webhook(&hook, &base);
            until("all others are delivered", || rows(&base, "delivered") == 2 * 298).await;
            pump.stop().await;
        });
        assert!(hook.posted().iter().all(|posted| posted.id() != "run/1/2/webhook.ops"));
        assert_eq!(
            base.ask("SELECT state, attempts > 0 FROM outbox WHERE uid = 'run/1/2/webhook.ops'").chars().next(),
            Some('w')
        );
    }
}

/// The pump dies while the server thinks, and while the store cannot write down what the server has: the same comes again.
#[test]
fn a_crash_between_delivery_and_mark_repeats_with_the_same_id() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let is_here = Arc::new(AtomicBool::new(false));
        let seen = is_here.clone();
        let hook = Hook::start(move |_, before| {
            seen.store(true, Ordering::Relaxed);
            if before == 0 { Reply::Hang } else { Reply::status(200) }
        });
        run(async {
            put(&base, "webhook.ops", &[step(1, 1, "raised", "active", "high")], 0).await;
            let first = webhook(&hook, &base);
            until("the server has it", || is_here.load(Ordering::Relaxed)).await;
            drop(first);

            let mut other = link(&base).await;
            let second = webhook(&hook, &base);
            other.begin().await.unwrap();
            other.run("UPDATE outbox SET attempts = attempts", &[]).await.unwrap();
            until("the server has it again", || hook.posted().len() == 2).await;
            until("it is delivered but not written down", || second.counts().delivered == 1).await;
            drop(second);
            other.roll_back().await.unwrap();
            other.close().await;
            assert_eq!(rows(&base, "waiting"), 1);

            let third = webhook(&hook, &base);
            until("it is written down", || rows(&base, "delivered") == 1).await;
            third.stop().await;
        });
        let posted = hook.posted();
        assert_eq!(posted.len(), 3);
        let same = |other: &super::hooks::Posted| other.id() == "run/1/1/webhook.ops" && other.body == posted[0].body;
        assert!(posted.iter().all(same));
        assert_eq!(base.ask("SELECT count(*) FROM notification_logs"), "1");
    }
}

#[test]
fn a_store_that_goes_away_is_waited_for() {
    let scratch = Scratch::new();
    let hook = Hook::start(|_, _| Reply::status(200));
    let [_, mut base] = Base::both(&scratch);
    run(async {
        let pump = webhook(&hook, &base);
        if let Base::Postgres(server) = &mut base {
            server.kill();
        }
        until("it says what it waits for", || !pump.counts().trouble.is_empty()).await;
        if let Base::Postgres(server) = &mut base {
            server.start_again();
        }
        put(&base, "webhook.ops", &[step(1, 1, "raised", "active", "high")], 0).await;
        pump.wake();
        until("it is delivered", || rows(&base, "delivered") == 1).await;
        until("all is well again", || pump.counts().trouble.is_empty()).await;
        pump.stop().await;
    });
}
