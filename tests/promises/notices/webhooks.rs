//! Webhooks: signed, tried again when that may help and never when not, and never led astray by a server.

use super::hooks::{Hook, Posted, Reply, openssl_hmac};
use super::{notice, open, pump, put, refused, rows, step, until};
use crate::store::Base;
use crate::wires::run;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use twinwright_io::notices::{self, Lookup, Verdict, Wire};
use twinwright_tests::Scratch;

/// Letters that a shell, a header or a regular expression would take for something else.
const SECRET: &str = "s3cret & ünïcode $HOME";

fn webhook(url: &str, timeout: &str) -> Box<dyn Wire> {
    open("webhook.ops", url, &[("private", "true"), ("secret", SECRET), ("timeout", timeout)]).expect("a webhook")
}

/// What becomes of one notice at a server that answers so.
fn verdict(reply: Reply, timeout: &str) -> (Verdict, Hook) {
    let hook = Hook::start(move |_, _| reply.clone());
    let mut wire = webhook(&hook.url(), timeout);
    let verdicts = run(async { wire.deliver(&[notice(1, step(1, 1, "raised", "active", "high"))]).await });
    (verdicts.expect("it was tried").remove(0), hook)
}

fn has_a_true_signature(posted: &Posted) {
    let time = posted.header("x-twinwright-time");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert!(time.parse::<u64>().unwrap().abs_diff(now) < 120, "{time}");
    let expected = openssl_hmac(SECRET, &format!("{time}.{}", posted.body));
    assert_eq!(posted.header("x-twinwright-signature"), format!("v1={expected}"));
}

#[test]
fn what_goes_out_is_signed_has_its_id_and_is_written_down() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let hook = Hook::start(|_, _| Reply::status(200));
        let mut odd = step(3, 1, "raised", "active", "high");
        odd["message"] = "\u{1b}[31m\r\nX-Evil: 1\u{202e} ☃ \"quoted\"".into();
        odd["uid"] = "line ü\r\nX: 1/3".into();
        let told = [step(1, 1, "raised", "active", "low"), step(2, 1, "raised", "active", "high"), odd.clone()];
        run(async {
            put(&base, "webhook.ops", &told, 0).await;
            put(&base, "webhook.other", &told, 0).await;
            let options = [("private", "true"), ("secret", SECRET), ("severity", "medium")];
            let pump = pump(open("webhook.ops", &hook.url(), &options).unwrap(), &base);
            until("the notices are delivered", || rows(&base, "delivered") == 3).await;
            pump.stop().await;
        });
        let posted = hook.posted();
        assert_eq!(posted.len(), 2, "{posted:?}");
        for posted in &posted {
            has_a_true_signature(posted);
            assert!(posted.head[0].starts_with("POST /notices?key=k HTTP/1.1"), "{:?}", posted.head);
            assert!(
                posted.head.iter().all(|line| !line.starts_with("X:") && !line.starts_with("X-Evil")),
                "{:?}",
                posted.head
            );
            let body: Value = serde_json::from_str(&posted.body).unwrap();
            assert_eq!(body["number"], 1);
            assert_eq!(posted.header("content-type"), "application/json");
        }
        let of_odd = posted.iter().find(|posted| posted.id().contains("%0D%0A")).expect("the odd one came");
        let body: Value = serde_json::from_str(&of_odd.body).unwrap();
        assert_eq!((&body["message"], &body["id"]), (&odd["message"], &json!("line ü\r\nX: 1/3/1/webhook.ops")));
        // What is below the severity counts as delivered without an attempt; another outlet's rows are left alone.
        let states = "SELECT topic, state, attempts FROM outbox ORDER BY id";
        let expected = "webhook.ops|delivered|0\nwebhook.ops|delivered|1\nwebhook.ops|delivered|1\n";
        assert_eq!(base.ask(states), format!("{expected}{}", ["webhook.other|waiting|0"; 3].join("\n")));
        let logs = "SELECT outbox_id, route, attempt, status, detail FROM notification_logs ORDER BY outbox_id";
        assert_eq!(base.ask(logs), "2|webhook.ops|1|delivered|200\n3|webhook.ops|1|delivered|200");
    }
}

#[test]
fn an_answer_is_delivered_again_or_never() {
    for status in [200, 201, 202, 204, 299] {
        let (verdict, _) = verdict(Reply::status(status), "10 s");
        assert_eq!(verdict, Verdict::Delivered(status.to_string()));
    }
    for status in [408, 425, 429, 500, 502, 503, 504, 599] {
        let (verdict, _) = verdict(Reply::with(status, "retry-after: 7\r\n"), "10 s");
        let expected = Some(Duration::from_secs(7));
        assert!(
            matches!(&verdict, Verdict::Again(why, asked) if why.contains("why") && *asked == expected),
            "{verdict:?}"
        );
    }
    for status in [300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 409, 410, 413, 422, 451] {
        let other = Hook::start(|_, _| Reply::status(200));
        let (verdict, hook) = verdict(Reply::with(status, &format!("location: {}\r\n", other.url())), "10 s");
        assert!(matches!(&verdict, Verdict::Never(why) if why.contains(&status.to_string())), "{verdict:?}");
        assert_eq!((hook.connections(), other.connections()), (1, 0), "{status}");
    }
}

#[test]
fn a_server_that_means_no_good_costs_little() {
    let again = |reply: Reply, timeout: &str| match verdict(reply, timeout) {
        (Verdict::Again(why, None), hook) => (why, hook.taken()),
        other => panic!("{:?}", other.0),
    };
    for garbage in [
        "",
        "SMTP ready\r\n\r\n",
        "HTTP/1.1 999999 x\r\n\r\n",
        "HTTP/1.1",
        "\0\0\0\0",
        "HTTP/1.1 200 OK\r\nbroken\r\n\r\n",
    ] {
        again(Reply::Bytes(garbage.into()), "10 s");
    }
    assert!(again(Reply::Hang, "300 ms").0.contains("no answer within 0.3 s"));
    // A gigabyte behind a refusal: some of it lies in the sockets' buffers, no more of it is read than a few words.
    let head = "HTTP/1.1 500 No\r\ncontent-length: 1073741824\r\n\r\n";
    let (_, taken) = again(Reply::Endless(head.to_owned()), "10 s");
    assert!(taken < 64 << 20, "{taken} bytes of an answer were taken");
    let chunked = "HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\nffffffff\r\n";
    assert!(again(Reply::Endless(chunked.to_owned()), "10 s").1 < 64 << 20);
    assert!(again(Reply::Headers, "10 s").1 < 64 << 20);
    let nobody = open("webhook.ops", "http://127.0.0.1:1/", &[("private", "true"), ("secret", "s")]);
    let verdicts =
        run(async { nobody.unwrap().deliver(&[notice(1, step(1, 1, "raised", "active", "high"))]).await }).unwrap();
    assert!(matches!(&verdicts[0], Verdict::Again(why, None) if why.contains("cannot be reached")), "{verdicts:?}");
}

#[test]
fn a_name_is_asked_for_anew_each_time_and_never_followed_where_it_must_not_lead() {
    let hook = Hook::start(|_, _| Reply::status(200));
    let home = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let elsewhere = IpAddr::V4(Ipv4Addr::new(93, 184, 216, 34));
    let metadata = IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254));
    // What the name stands for at each look-up, and whether it is connected to.
    type Case<'a> = (&'a str, &'a [&'a [IpAddr]], &'a [bool]);
    let cases: [Case<'_>; 4] = [
        ("false", &[&[home], &[elsewhere, home], &[home, elsewhere], &[]], &[false; 4]),
        ("true", &[&[home], &[metadata], &[home], &[home, metadata]], &[true, false, true, false]),
        (
            "true",
            &[&["::ffff:169.254.169.254".parse().unwrap()], &["64:ff9b::a9fe:a9fe".parse().unwrap()]],
            &[false; 2],
        ),
        (
            "false",
            &[&["::1".parse().unwrap()], &["::ffff:127.0.0.1".parse().unwrap()], &["fe80::1".parse().unwrap()]],
            &[false; 3],
        ),
    ];
    for (private, answers, connected) in cases {
        let asked = Arc::new(AtomicUsize::new(0));
        let (told, count): (Vec<Vec<IpAddr>>, _) = (answers.iter().map(|some| some.to_vec()).collect(), asked.clone());
        let lookup: Lookup = Arc::new(move |host| {
            assert_eq!(host, "hooks.example.com");
            let some = told[count.fetch_add(1, Ordering::Relaxed)].clone();
            Box::pin(async move { Ok(some) })
        });
        let scheme = if private == "true" { "http" } else { "https" };
        let url = format!("{scheme}://hooks.example.com:{}/", hook.port());
        let options = [("private", private.to_owned()), ("secret", "s".to_owned())];
        let address = notices::address("webhook.ops", &url, &options).unwrap();
        let mut wire = notices::webhook_with(&address, lookup).unwrap();
        for (at, connected) in connected.iter().enumerate() {
            let before = hook.connections();
            let verdicts =
                run(async { wire.deliver(&[notice(1, step(1, 1, "raised", "active", "high"))]).await }).unwrap();
            assert_eq!(matches!(verdicts[0], Verdict::Delivered(_)), *connected, "{verdicts:?}");
            assert_eq!((hook.connections() - before, asked.load(Ordering::Relaxed)), (u64::from(*connected), at + 1));
        }
    }
}

#[test]
fn trouble_is_tried_again_with_pauses_and_given_up_after_eight_tries() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let hook = Hook::start(|posted, before| match posted.id().as_str() {
            "run/1/1/webhook.ops" if before < 2 => Reply::status(503),
            "run/3/1/webhook.ops" => Reply::status(503),
            "run/4/1/webhook.ops" => Reply::status(410),
            _ => Reply::status(204),
        });
        run(async {
            let told = |alert| step(alert, 1, "raised", "active", "high");
            put(&base, "webhook.ops", &[told(1), told(2), told(4)], 0).await;
            put(&base, "webhook.ops", &[told(3)], 7).await;
            let pump = pump(webhook(&hook.url(), "10 s"), &base);
            until("nothing waits", || rows(&base, "waiting") == 0).await;
            until("it is counted", || pump.counts().delivered == 2 && pump.counts().dead == 2).await;
            assert_eq!(pump.counts().failed, 4);
            pump.stop().await;
        });
        let states = base.ask("SELECT uid, state, attempts FROM outbox ORDER BY uid");
        let expected = "run/1/1/webhook.ops|delivered|3\nrun/2/1/webhook.ops|delivered|1\n\
                        run/3/1/webhook.ops|dead|8\nrun/4/1/webhook.ops|dead|1";
        assert_eq!(states, expected);
        let logs = "SELECT l.attempt, l.status FROM notification_logs l JOIN outbox o ON o.id = l.outbox_id \
                    WHERE o.uid LIKE 'run/1/%' ORDER BY l.attempt";
        assert_eq!(base.ask(logs), "1|failed\n2|failed\n3|delivered");
        let events = base.ask("SELECT severity, component, event FROM system_events");
        assert!(
            events.lines().all(|line| line == "warning|notices|notices given up") && !events.is_empty(),
            "{events}"
        );
        assert!(base.ask("SELECT detail FROM system_events").contains("run/3/1/webhook.ops"));
    }
}

#[test]
fn a_webhook_that_cannot_be_is_refused_at_the_start() {
    let given = [("secret", "s")];
    for (url, options, said) in [
        ("https://hooks.example.com/", vec![], "secret_env or secret_file"),
        ("http://hooks.example.com/", given.to_vec(), "expected https:"),
        ("https://good.example.com@evil.example.com/", given.to_vec(), "a user before its host"),
        ("https://user:word@hooks.example.com/", given.to_vec(), "a user before its host"),
        (
            "https://hooks.example.com/",
            vec![("secret", "s"), ("allow", "example.com, *.other.com")],
            "not among the hosts",
        ),
        ("https://nothooks.example.com/", vec![("secret", "s"), ("allow", "hooks.example.com")], "not among the hosts"),
        ("https://example.com/", vec![("secret", "s"), ("allow", "*.example.com *")], "not among the hosts"),
        ("https://hooks.example.com/", vec![("secret", "s"), ("private", "perhaps")], "yes or no"),
        ("https://hooks.example.com/", vec![("secret", "s"), ("timeout", "0 s")], "a time above 0"),
        ("https://hooks.example.com/", vec![("secret", "s"), ("severity", "bad")], "severity"),
        ("https://hooks.example.com/", vec![("secret", "s"), ("qos", "1")], "there is no option `qos`"),
        ("https://hooks.example.com/", vec![("secret_env", "TWINWRIGHT_NOT_THERE")], "TWINWRIGHT_NOT_THERE"),
        ("https://hooks.example.com/", vec![("secret_file", "/nowhere/at/all")], "/nowhere/at/all"),
        ("https://", given.to_vec(), "url"),
        ("file:notices.txt", given.to_vec(), "`file:` is no outlet"),
    ] {
        let why = refused("webhook.ops", url, &options);
        assert!(why.contains(said) && !why.contains(":word@"), "{url}: {why}");
    }
    for allow in ["hooks.example.com", "a.com,HOOKS.example.com.", "*.example.com"] {
        assert!(
            open("webhook.ops", "https://hooks.example.com/x?y=z", &[("secret", "s"), ("allow", allow)]).is_ok(),
            "{allow}"
        );
    }
}
