//! Troubles with servers and addresses: one clear line each, and whether it may pass.

use super::{Base, Postgres, counted, deliver, open, outlet, parcel, plant, stream};
use crate::wires::run;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use twinwright_io::outlets::Tally;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::{Link, Place};
use twinwright_model::Span;
use twinwright_tests::Scratch;
use twinwright_tests::servers::free_port;

/// The line of a trouble that does not pass; it is one line and tells no password.
fn lasting(url: &str) -> String {
    match deliver(url, &stream(1, 1, 1_000), &Tally::default()) {
        Err(OutletTrouble::Lasting(why)) if !why.contains('\n') && !why.contains("se:cret") => why,
        other => panic!("{url}: {other:?}"),
    }
}

fn refused(url: &str) -> String {
    match open(url, &plant()) {
        Err(OutletTrouble::Input(why)) => why,
        Err(other) => panic!("{url}: {other:?}"),
        Ok(_) => panic!("{url}: is taken"),
    }
}

#[test]
fn what_a_server_refuses_is_one_clear_line() {
    let scratch = Scratch::new();
    let server = Postgres::start(scratch.path());
    server.ask("CREATE ROLE ann LOGIN PASSWORD 'se:cret'");
    let port = server.port;
    let cases = [
        (format!("postgres://ann:wrong@127.0.0.1:{port}/plant"), "refuses this user or password"),
        (format!("postgres://bob:se%3Acret@127.0.0.1:{port}/plant"), "refuses this user or password"),
        (format!("postgres://ann:se%3Acret@127.0.0.1:{port}/nowhere"), "there is no such database"),
        (format!("postgres://ann:se%3Acret@127.0.0.1:{port}/plant"), "this user lacks rights"),
        (format!("{}&options=-c%20default_transaction_read_only%3Don", server.url()), "the database is read-only"),
        (format!("postgres://ann:se%3Acret@127.0.0.1:{port}/plant?sslmode=require"), "no safe connection"),
    ];
    for (url, said) in cases {
        let why = lasting(&url);
        assert!(why.contains(said), "{why}");
    }
    assert_eq!(server.ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"), "0");
    server.ask("CREATE TABLE sensor_readings (x integer)");
    assert!(lasting(&server.url()).contains("the tables are not those of a store"));
    assert_eq!(server.ask("SELECT count(*) FROM information_schema.tables WHERE table_name = 'equipment'"), "0");
}

#[test]
fn who_may_only_write_rows_needs_no_more_in_a_store_that_is_up_to_date() {
    let scratch = Scratch::new();
    let server = Postgres::start(scratch.path());
    deliver(&server.url(), &[], &Tally::default()).unwrap();
    server.ask(
        "CREATE ROLE ann LOGIN PASSWORD 'se:cret'; \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ann",
    );
    let tally = Tally::default();
    let url = format!("postgres://ann@127.0.0.1:{}/plant?password=se%3Acret", server.port);
    let twice = [parcel(&[(0, 0, 1, 1.0)]), parcel(&[(0, 0, 1, 1.0), (0, 0, 2, 1.0)])];
    deliver(&url, &twice, &tally).unwrap();
    assert_eq!(counted(&tally), [3, 3, 0]);
    assert_eq!(Base::Postgres(Box::new(server)).readings().len(), 2);
}

#[test]
fn a_server_that_is_not_there_may_come_back() {
    let scratch = Scratch::new();
    for url in [
        format!("postgres://ann:se%3Acret@127.0.0.1:{}/plant", free_port()),
        format!("postgres://ann:se%3Acret@localhost/plant?host={}", scratch.path().display()),
    ] {
        let trouble = run(outlet(&url).open()).unwrap_err();
        let is_said =
            |why: &str| why.contains("cannot be reached") && !why.contains("se:cret") && !why.contains("se%3Acret");
        assert!(matches!(&trouble, OutletTrouble::Passing(why) if is_said(why)), "{trouble:?}");
    }
}

#[test]
fn addresses_that_cannot_be_are_refused_before_anything_is_connected() {
    for (url, said) in [
        ("sqlite::memory:", "a database in memory is gone with the program"),
        ("sqlite:", "this names no file"),
        ("sqlite:plant.db?bacth=5", "did you mean `batch`?"),
        ("sqlite:plant.db?batch=0", "expected a whole number from 1"),
        ("postgres://localhost/plant?sslmod=require", "did you mean `sslmode`?"),
        ("postgres://localhost/plant?sslmode=maybe", "expected such as `postgres://user@host:5432/database`"),
        ("postgres://localhost:port/plant", "expected such as `postgres://user@host:5432/database`"),
        ("postgres://localhost/plant?timeout=soon", "timeout"),
    ] {
        let why = refused(url);
        assert!(why.contains(said), "{why}");
    }
    let mut fine = plant();
    fine.resolution = Span(1_500);
    let why = open("sqlite:plant.db", &fine).err().expect("half a microsecond is lost").to_string();
    assert!(why.contains("a store keeps microseconds"), "{why}");
}

#[test]
fn a_reading_of_a_sensor_that_its_machine_does_not_have_is_said() {
    let scratch = Scratch::new();
    let url = format!("sqlite:{}", scratch.join("plant.db").display());
    let trouble = deliver(&url, &[parcel(&[(0, 0, 1, 1.0), (0, 7, 1, 1.0)])], &Tally::default()).unwrap_err();
    assert!(trouble.to_string().contains("machine 0 of this run has no sensor 7"), "{trouble}");
}

/// What a connection for anything but readings says when it cannot be made.
fn no_link(url: &str) -> OutletTrouble {
    match run(async { Link::open(&Place::parse(url)?).await }) {
        Err(trouble) => {
            let why = trouble.to_string();
            assert!(!why.contains('\n') && !why.contains("se:cret") && !why.contains("se%3Acret"), "{why}");
            trouble
        }
        Ok(_) => panic!("{url}: is opened"),
    }
}

/// Ten seconds of waiting, which is what connecting may take.
#[test]
fn a_server_that_takes_connections_and_says_nothing_is_not_waited_for_for_ever() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let trouble = no_link(&format!("postgres://ann:se%3Acret@127.0.0.1:{port}/plant"));
    let said = "the server does not answer within";
    assert!(matches!(&trouble, OutletTrouble::Passing(why) if why.contains(said)), "{trouble:?}");
    drop(listener);
}

#[test]
fn a_server_of_something_else_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let _ = client.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        }
    });
    let why = no_link(&format!("postgres://ann:se%3Acret@127.0.0.1:{port}/plant")).to_string();
    assert!(why.starts_with(&format!("postgres://ann@127.0.0.1:{port}/plant: ")), "{why}");
}

/// Another session holds a lock; both databases give up after the time that the address allows.
#[test]
fn a_statement_that_takes_too_long_ends_in_one_line() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        deliver(&base.url(), &[], &Tally::default()).unwrap();
        let (lock, said) = match base {
            Base::Postgres(_) => ("BEGIN; LOCK TABLE runs; SELECT 'locked';", "the server took too long"),
            Base::Sqlite(_) => ("BEGIN EXCLUSIVE; SELECT 'locked';", "another program is writing to it"),
        };
        let mut holder = base.session();
        let mut input = holder.stdin.take().unwrap();
        writeln!(input, "{lock}").unwrap();
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "locked");
        let url = base.url() + if base.url().contains('?') { "&timeout=200ms" } else { "?timeout=200ms" };
        let trouble = run(async {
            let mut link = Link::open(&Place::parse(&url)?).await?;
            link.run("UPDATE runs SET title = 'x'", &[]).await
        });
        let trouble = trouble.expect_err("the row is locked");
        let is_it = |why: &str| why.contains(said) && !why.contains('\n');
        assert!(matches!(&trouble, OutletTrouble::Passing(why) if is_it(why)), "{trouble:?}");
        drop(input);
        holder.wait().unwrap();
        // Nothing is left of it.
        run(async {
            let mut link = Link::open(&Place::parse(&url)?).await?;
            link.run("UPDATE runs SET title = 'x'", &[]).await
        })
        .unwrap();
    }
}
