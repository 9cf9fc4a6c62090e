//! Every command that is told a store: what it says when there is trouble with it. One line, no password, and an exit code
//! that tells a wrong address from a world that fails.

use super::{Base, Postgres, deliver};
use std::net::TcpListener;
use std::process::Output;
use twinwright_io::outlets::Tally;
use twinwright_tests::servers::free_port;
use twinwright_tests::{Scratch, said, twinwright};

const FAN: &str =
    "schema = \"machine/1\"\nkind = \"fan\"\n[drivers]\nload = 0.8\n[sensors.temp]\nvalue = \"20 + 5*load\"\n";
const SCENARIO: &str = "schema = \"scenario/1\"\ntitle = \"t\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"1 h\"\n\
                        tick = \"1 min\"\n[[machine]]\nid = \"F-1\"\nkind = \"fan\"\n";

/// All of them, with `URL` where the store goes. The first ones write.
const COMMANDS: [&[&str]; 13] = [
    &["run", "plant.toml", "--quiet", "--store", "URL"],
    &["generate", "plant.toml", "--quiet", "--to", "URL"],
    &["store", "migrate", "--store", "URL"],
    &["store", "prune", "--store", "URL"],
    &["history", "machine", "--store", "URL"],
    &["history", "sensor", "F-1.temp", "--store", "URL"],
    &["history", "alerts", "--store", "URL"],
    &["history", "runs", "--store", "URL"],
    &["report", "daily", "--store", "URL"],
    &["store", "status", "--store", "URL"],
    &["store", "verify", "--store", "URL"],
    &["store", "backup", "backup.db", "--store", "URL"],
    &["store", "archive", "--before", "2026-01-01T00:00:00Z", "--to", "file:archive", "--store", "URL"],
];

fn ask(folder: &Scratch, command: &[&str], url: &str) -> Output {
    let words: Vec<&str> = command.iter().map(|word| if *word == "URL" { url } else { word }).collect();
    twinwright(folder.path(), &words)
}

/// Ends the test unless the command failed with this exit code and said one line with these words in it.
fn fails(folder: &Scratch, command: &[&str], url: &str, code: i32, words: &str) {
    let output = ask(folder, command, url);
    let text = said(&output);
    let is_one_line = text.trim_end().lines().count() == 1;
    let is_secret = !text.contains("se:cret") && !text.contains("se%3Acret");
    assert!(
        output.status.code() == Some(code) && is_one_line && is_secret && text.contains(words),
        "{command:?} {url}: {:?}, expected {code} and `{words}`:\n{text}",
        output.status.code()
    );
}

fn folder() -> Scratch {
    let scratch = Scratch::new();
    scratch.write("fan.toml", FAN);
    scratch.write("plant.toml", SCENARIO);
    scratch
}

#[test]
fn a_server_that_cannot_be_used_is_one_line_and_exit_3_from_every_command() {
    let scratch = folder();
    let server = Postgres::start(scratch.path());
    server.ask("CREATE ROLE ann LOGIN PASSWORD 'se:cret'");
    let port = server.port;
    let cases = [
        (format!("postgres://ann:se%3Acret@127.0.0.1:{}/plant", free_port()), "cannot be reached"),
        (format!("postgres://ann:se%3Acret@nowhere.invalid:{port}/plant"), "cannot be reached"),
        (format!("postgres://bob:se%3Acret@127.0.0.1:{port}/plant"), "refuses this user or password"),
        (format!("postgres://ann:se%3Acret@127.0.0.1:{port}/nowhere"), "there is no such database"),
    ];
    for command in COMMANDS {
        cases.iter().for_each(|(url, words)| fails(&scratch, command, url, 3, words));
    }
    // Who may not make tables.
    let url = format!("postgres://ann:se%3Acret@127.0.0.1:{port}/plant");
    for command in &COMMANDS[..3] {
        fails(&scratch, command, &url, 3, "this user lacks rights");
    }
    assert_eq!(server.ask("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"), "0");
}

#[test]
fn a_file_that_cannot_be_used_is_one_line_and_exit_3_from_every_command() {
    let scratch = folder();
    let text = "this is a text that somebody wants to keep, and it is long enough\n".repeat(20);
    scratch.write("notes.txt", &text);
    for command in COMMANDS {
        fails(&scratch, command, "sqlite:notes.txt", 3, "this file is no SQLite database");
        fails(&scratch, command, "sqlite:no/such/plant.db", 3, "no/such/plant.db");
        fails(&scratch, command, "sqlite:.", 3, "sqlite:.: ");
        assert_eq!(std::fs::read_to_string(scratch.join("notes.txt")).unwrap(), text);
    }
    // Who only looks makes nothing.
    for command in &COMMANDS[4..] {
        let output = ask(&scratch, command, "sqlite:new.db");
        assert_ne!(output.status.code(), Some(0), "{command:?}");
        assert!(!scratch.join("new.db").exists(), "{command:?} made a store");
    }
}

#[test]
fn an_address_that_cannot_be_is_exit_2_from_every_command() {
    let scratch = folder();
    for command in COMMANDS {
        for (url, words) in [
            ("sqlite:", "this names no file"),
            ("sqlite::memory:", "a database in memory is gone with the program"),
            ("postgres://localhost:port/plant", "expected such as `postgres://user@host:5432/database`"),
            ("postgres://ann:se%3Acret@localhost/plant?sslmod=require", "did you mean `sslmode`?"),
            ("mysql://ann:se%3Acret@localhost/plant", "`mysql:`"),
        ] {
            fails(&scratch, command, url, 2, words);
        }
    }
}

#[test]
fn a_store_that_is_newer_than_the_program_is_exit_3_from_every_command() {
    let scratch = folder();
    for base in Base::both(&scratch) {
        deliver(&base.url(), &[], &Tally::default()).unwrap();
        base.ask("UPDATE _sqlx_migrations SET version = 9001 WHERE version = 6");
        let tables = |base: &Base| match base {
            Base::Postgres(_) => base.ask("SELECT count(*) FROM pg_class"),
            Base::Sqlite(_) => base.ask("SELECT count(*) FROM sqlite_schema"),
        };
        let before = tables(&base);
        for command in COMMANDS {
            fails(&scratch, command, &base.url(), 3, "this store has schema 9001, which this program does not know");
        }
        assert_eq!(tables(&base), before);
    }
}

/// All at once, because each of them waits for ten seconds.
#[test]
fn a_server_that_never_answers_is_exit_3_from_every_command() {
    let scratch = folder();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://ann:se%3Acret@127.0.0.1:{}/plant", listener.local_addr().unwrap().port());
    std::thread::scope(|scope| {
        for command in [COMMANDS[0], COMMANDS[4], COMMANDS[8], COMMANDS[9]] {
            scope.spawn(|| fails(&scratch, command, &url, 3, "the server does not answer within 10 s"));
        }
    });
}
