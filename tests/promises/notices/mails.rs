//! E-mail: a flood becomes one mail, a report one of its own, and nothing that a machine says becomes a header.

use super::mailboxes::Mailbox;
use super::{notice, open, pump, put, refused, rows, step, until};
use crate::store::Base;
use crate::wires::run;
use serde_json::json;
use std::collections::BTreeSet;
use twinwright_io::notices::{Verdict, Wire};
use twinwright_tests::Scratch;

const WHO: [(&str, &str); 2] = [("from", "Twin <twin@example.com>"), ("to", "ann@example.com, Bob <bob@example.com>")];

fn email(port: u16, options: &[(&'static str, &'static str)]) -> Box<dyn Wire> {
    open("email.ops", &format!("smtp://127.0.0.1:{port}"), &[&WHO[..], options].concat()).expect("an outlet")
}

#[test]
fn a_flood_becomes_one_mail_and_a_report_its_own() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let mailbox = Mailbox::start(|_| "250 ok");
        run(async {
            let severity = |alert: u32| if alert == 77 { "critical" } else { "medium" };
            let mut flood: Vec<_> =
                (1..=499).map(|alert| step(alert, 1, "raised", "active", severity(alert))).collect();
            flood
                .push(json!({ "report": "daily", "subject": "Line 1 yesterday", "text": "All was calm.\n.\nReally." }));
            put(&base, "email.ops", &flood, 0).await;
            let pump = pump(email(mailbox.port, &[("plain", "true"), ("digest", "1 s")]), &base);
            until("all are delivered", || rows(&base, "delivered") == 500).await;
            pump.stop().await;
        });
        let mails = mailbox.mails();
        let [digest, report] = mails.as_slice() else { panic!("{} mails", mails.len()) };
        assert_eq!(
            digest.header("Subject"),
            "[line-1] CRITICAL: P-77 hot: bearing at 80.5 degC (and 498 more changes)"
        );
        assert_eq!(digest.to, ["<ann@example.com>", "<bob@example.com>"]);
        let text = digest.text();
        let told: BTreeSet<&str> = text.split(['\r', '\n', ' ']).filter(|word| word.starts_with("run/")).collect();
        assert_eq!(told.len(), 499);
        assert_eq!(text.matches("<tr>").count(), 500);
        assert_eq!(report.header("Subject"), "Line 1 yesterday");
        assert!(report.raw.contains("All was calm.\r\n.\r\nReally."), "{}", report.raw);
        assert_ne!(digest.header("Message-ID"), report.header("Message-ID"));
        let logged = "SELECT count(*), min(attempt), max(attempt), count(DISTINCT status) FROM notification_logs";
        assert_eq!(base.ask(logged), "500|1|1|1");
    }
}

#[test]
fn changes_gather_and_the_end_does_not_wait_for_them() {
    let scratch = Scratch::new();
    let base = Base::Sqlite(scratch.join("plant.db"));
    let mailbox = Mailbox::start(|_| "250 ok");
    run(async {
        put(&base, "email.ops", &[step(1, 1, "raised", "active", "high"), step(2, 1, "raised", "active", "low")], 0)
            .await;
        // Written just now, as the clock of the database says.
        base.ask("UPDATE outbox SET created_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000000");
        let pump = pump(email(mailbox.port, &[("plain", "yes"), ("digest", "1 h")]), &base);
        until("they were seen", || pump.counts().waiting == 2).await;
        assert!(mailbox.mails().is_empty());
        pump.stop().await;
    });
    assert_eq!((mailbox.mails().len(), rows(&base, "delivered")), (1, 2));
}

#[test]
fn a_server_that_refuses_is_heard() {
    let told = [notice(1, step(1, 1, "raised", "active", "high"))];
    let verdict = |answer: &'static str, options: &[(&'static str, &'static str)]| {
        let mailbox = Mailbox::start(move |_| answer);
        let verdicts = run(async { email(mailbox.port, options).deliver(&told).await }).unwrap();
        (verdicts[0].clone(), mailbox.said())
    };
    let plain = [("plain", "true")];
    for (answer, is_last) in
        [("451 try later", false), ("421 closing", false), ("550 no such user", true), ("554 never", true)]
    {
        let (verdict, _) = verdict(answer, &plain);
        let words = &answer[4..];
        match verdict {
            Verdict::Never(why) if is_last && why.contains(words) => {}
            Verdict::Again(why, None) if !is_last && why.contains(words) => {}
            other => panic!("{answer}: {other:?}"),
        }
    }
    // No TLS is offered, and plain was not asked for: nothing of a mail is said.
    let (verdict, said) = verdict("250 ok", &[]);
    assert!(matches!(verdict, Verdict::Again(..)), "{verdict:?}");
    assert!(said.iter().all(|line| !line.starts_with("MAIL") && !line.starts_with("AUTH")), "{said:?}");
}

#[test]
fn hostile_texts_stay_texts() {
    for bad in [
        "x\r\nBcc: all@example.com\r\n\r\nnew body".to_owned(),
        "\u{1b}[2J\u{202e}\u{2028}Subject: other".to_owned(),
        "<script>alert(1)</script><img src=x>".to_owned(),
        "\r\n.\r\nQUIT\r\n".to_owned(),
        "x".repeat(10_000),
    ] {
        let mut one = step(1, 1, "raised", "active", "high");
        for key in ["message", "machine", "rule", "by", "comment", "uid"] {
            one[key] = bad.as_str().into();
        }
        let report = json!({ "report": bad, "subject": bad, "text": bad });
        let mailbox = Mailbox::start(|_| "250 ok");
        let mut wire = email(mailbox.port, &[("plain", "true")]);
        let verdicts = run(async { wire.deliver(&[notice(1, one), notice(2, report)]).await }).unwrap();
        assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::Delivered(_))), "{verdicts:?}");
        let mails = mailbox.mails();
        assert_eq!(mails.len(), 2);
        for mail in &mails {
            assert_eq!(mail.to, ["<ann@example.com>", "<bob@example.com>"]);
            let names: Vec<String> =
                mail.head().iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
            let known = [
                "From",
                "To",
                "Subject",
                "Message-ID",
                "Date",
                "MIME-Version",
                "Content-Type",
                "Content-Transfer-Encoding",
            ];
            assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
        }
        let text = mails[0].text();
        let page = text.split("Content-Type: text/html").nth(1).expect("a mail of alerts has a page");
        assert!(!page.contains("<img") && !page.contains("<script"), "{page}");
    }
}

#[test]
fn an_address_that_cannot_be_is_refused_at_the_start() {
    let with = |more: &[(&'static str, &'static str)]| [&WHO[..], more].concat();
    for (url, options, said) in [
        ("smtp://mail.example.com", vec![], "from: is missing"),
        ("smtp://mail.example.com", vec![("from", "a@example.com")], "to: is missing"),
        ("smtp://mail.example.com", vec![("from", "a@b.c, d@e.f"), ("to", "x@y.z")], "expected one address"),
        ("smtp://mail.example.com", vec![("from", "nobody"), ("to", "x@y.z")], "from: `nobody`"),
        ("smtp://mail.example.com", vec![("from", "a@b.c\r\nBcc: x@y.z"), ("to", "x@y.z")], "control character"),
        ("smtp://ann:word@mail.example.com", with(&[]), "no password before it"),
        ("smtp://ann@mail.example.com", with(&[]), "password: is missing"),
        ("smtp://ann@mail.example.com", with(&[("password", "p"), ("plain", "true")]), "expected TLS, or no user"),
        ("smtp://mail.example.com", with(&[("password", "p")]), "needs a user"),
        ("smtps://mail.example.com", with(&[("plain", "true")]), "is never plain"),
        ("smtp://mail.example.com/path", with(&[]), "nothing goes behind the host"),
        ("smtp://", with(&[]), "host"),
        ("smtp://mail.example.com", with(&[("digest", "soon")]), "digest"),
        ("smtp://mail.example.com", with(&[("digets", "1 min")]), "did you mean `digest`?"),
    ] {
        let why = refused("email.ops", url, &options);
        assert!(why.contains(said) && !why.contains("word@"), "{url}: {why}");
    }
    assert!(open("email.ops", "smtps://ann@mail.example.com", &with(&[("password", "p")])).is_ok());
}
