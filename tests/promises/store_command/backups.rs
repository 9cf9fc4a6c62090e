//! Backups under load, and restores that happen whole or not at all.

use super::{fill, refused, store, told};
use crate::store::Base;
use crate::wires::run;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use twinwright_io::store::ledger::{self, Log, Severity};
use twinwright_io::store::{Link, Place};
use twinwright_model::Time;
use twinwright_tests::Scratch;

/// Another store beside a base: nothing is in it yet.
fn another(base: &Base, scratch: &Scratch, name: &str) -> String {
    match base {
        Base::Sqlite(_) => format!("sqlite:{}", scratch.join(format!("{name}.db")).display()),
        Base::Postgres(server) => {
            server.ask(&format!("CREATE DATABASE {name}"));
            server.url().replace("/plant?", &format!("/{name}?"))
        }
    }
}

async fn numbers(url: &str, ask: &'static str) -> Vec<i64> {
    let mut link = Link::look(&Place::parse(url).unwrap()).await.unwrap();
    let row = link.first(ask, &[]).await.unwrap().unwrap();
    link.close().await;
    (0..row.0.len()).map(|place| row.int(place)).collect()
}

const ALL: &str = "SELECT (SELECT count(*) FROM sensor_readings), (SELECT sum(CAST(value AS integer)) FROM sensor_readings), \
                   (SELECT count(*) FROM sensor_readings_1m), (SELECT count(*) FROM sensors), (SELECT max(id) FROM audit_log)";

#[test]
fn a_backup_under_load_holds_all_up_to_an_instant_and_can_be_restored() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let url = base.url();
        told(&scratch, &url, &["migrate"]);
        fill(&base);
        let (stop, acked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let writing = {
            let (url, stop, acked) = (url.clone(), stop.clone(), acked.clone());
            std::thread::spawn(move || {
                run(async {
                    let mut link = Link::open(&Place::parse(&url).unwrap()).await.unwrap();
                    while !stop.load(Ordering::Relaxed) {
                        let what = serde_json::json!({});
                        let id = ledger::append_event(&mut link, Time(0), Severity::Info, "test", "x", &what).await;
                        acked.store(id.unwrap().unsigned_abs(), Ordering::SeqCst);
                    }
                    link.close().await;
                });
            })
        };
        let begun = Instant::now();
        while acked.load(Ordering::SeqCst) < 20 && begun.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let before = acked.load(Ordering::SeqCst);
        let name = if matches!(base, Base::Sqlite(_)) { "copy.db" } else { "copy.dump" };
        let page = told(&scratch, &url, &["backup", name]);
        let after = acked.load(Ordering::SeqCst);
        stop.store(true, Ordering::Relaxed);
        writing.join().unwrap();
        assert!(page.contains("10800 readings") && page.contains("sha256 "), "{page}");
        let again = another(&base, &scratch, "again");
        let page = told(&scratch, &again, &["restore", name]);
        assert!(page.contains("1 machine, 2 sensors, 10800 readings"), "{page}");
        // Row by row up to one that was written while the copy was made.
        let found = run(numbers(&again, "SELECT count(*), min(id), max(id) FROM system_events"));
        assert_eq!((found[0], found[1]), (found[2], 1));
        assert!((before..=after + 1).contains(&found[0].unsigned_abs()), "{before} {found:?} {after}");
        let same = run(numbers(&again, ALL));
        assert_eq!(same[..4], run(numbers(&url, ALL))[..4]);
        let log = run(async {
            let mut link = Link::look(&Place::parse(&again).unwrap()).await.unwrap();
            let faults = ledger::faults(&mut link, Log::System).await.unwrap();
            let deed = link.first("SELECT action FROM audit_log ORDER BY id DESC LIMIT 1", &[]).await.unwrap();
            link.close().await;
            (faults.count, deed.unwrap().text(0).to_owned())
        });
        assert_eq!(log, (0, "restore".to_owned()));
        assert!(told(&scratch, &again, &["verify"]).contains("no faults"));
        assert!(told(&scratch, &url, &["status"]).contains(name), "the backup is noted down");
        let left: Vec<String> = std::fs::read_dir(scratch.path())
            .unwrap()
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.contains(".part"))
            .collect();
        assert_eq!(left, [""; 0]);
    }
}

fn damage(path: &Path, at: impl Fn(usize) -> usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 4;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn what_cannot_be_restored_leaves_the_store_as_it_was() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let url = base.url();
        told(&scratch, &url, &["migrate"]);
        fill(&base);
        let is_file = matches!(base, Base::Sqlite(_));
        let name = if is_file { "a.db" } else { "a.dump" };
        told(&scratch, &url, &["backup", name]);
        let there = refused(&scratch, &url, &["backup", name], 2);
        assert!(there.contains("there already"), "{there}");
        base.ask("UPDATE equipment SET location = 'here'");
        let before = run(numbers(&url, ALL));
        let full = refused(&scratch, &url, &["restore", name], 2);
        assert!(full.contains("not empty") && full.contains("--force"), "{full}");

        let copy = |to: &str| std::fs::copy(scratch.join(name), scratch.join(to)).unwrap();
        copy("bent");
        std::fs::copy(scratch.join(format!("{name}.sha256")), scratch.join("bent.sha256")).unwrap();
        damage(&scratch.join("bent"), |length| length * 2 / 3);
        let said = refused(&scratch, &url, &["restore", "bent", "--force"], 3);
        assert!(said.contains("damaged") && said.contains("bent.sha256"), "{said}");
        // Without its digest a cut is noticed all the same.
        for part in [2, 3, 50] {
            let length = copy("cut") / part;
            std::fs::File::options().write(true).open(scratch.join("cut")).unwrap().set_len(length).unwrap();
            let output = store(&scratch, &url, &["restore", "cut", "--force"]);
            assert!(matches!(output.status.code(), Some(2 | 3)), "{output:?}");
        }
        scratch.write("letter", "no backup at all");
        assert!(matches!(store(&scratch, &url, &["restore", "letter", "--force"]).status.code(), Some(2 | 3)));
        assert!(refused(&scratch, &url, &["restore", "nowhere"], 2).contains("nowhere"));
        assert_eq!(run(numbers(&url, ALL)), before);
        assert_eq!(base.ask("SELECT location FROM equipment"), "here");
        assert_eq!(base.ask("SELECT count(*) FROM audit_log WHERE action = 'restore'"), "0");

        if is_file {
            let user = run(async { Link::open(&Place::parse(&url).unwrap()).await.unwrap() });
            let said = refused(&scratch, &url, &["restore", name, "--force"], 3);
            assert!(said.contains("another program has it open"), "{said}");
            run(user.close());
            scratch.write("other.db", "");
            let other = Base::Sqlite(scratch.join("other.db"));
            other.ask("CREATE TABLE mine (id INTEGER)");
            assert!(refused(&scratch, &other.url(), &["restore", name, "--force"], 2).contains("no store"));
            assert_eq!(other.ask("SELECT count(*) FROM mine"), "0");
        } else {
            base.ask("CREATE TABLE mine (id integer)");
        }
        assert!(told(&scratch, &url, &["restore", name, "--force", "--user", "ann"]).contains("10800 readings"));
        assert_eq!(base.ask("SELECT count(*) FROM equipment WHERE location = 'here'"), "0");
        assert_eq!(base.ask("SELECT who FROM audit_log WHERE action = 'restore'"), "ann");
        assert!(told(&scratch, &url, &["verify"]).contains("no faults"));
        if !is_file {
            assert_eq!(base.ask("SELECT count(*) FROM mine"), "0", "what is not the store's stays");
        }
    }
}
