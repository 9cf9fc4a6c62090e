//! A store that stands still while sources go on: nothing is lost, memory is bounded, and what waited is in its table soon after.
//!
//! PostgreSQL is held as a whole, so that connections stand and nobody answers; SQLite is held by another program's lock.

use super::oracle::{Asked, assert_came_through, is_full, tell};
use super::plant::{Plant, now_ms, site, with_tank};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use twinwright_tests::Scratch;
use twinwright_tests::mirror::Mirror;
use twinwright_tests::servers::mosquitto::Mosquitto;
use twinwright_tests::servers::postgres::Postgres;

/// What a mirror may grow by in MiB while its store is away: the readings that may be under way, thrice.
const GROWTH: u64 = 150;
/// What waited is in its table by then.
const DRAINED: Duration = Duration::from_secs(60);

/// Tanks, readings a second of each, and for how long the store stands still.
fn measure() -> ((usize, i64), Duration) {
    if is_full() { ((20, 500), Duration::from_secs(60)) } else { ((10, 200), Duration::from_secs(5)) }
}

/// The most memory that a process has had, in MiB.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a living process has a status");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("Linux says so");
    let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok());
    kib.expect("a number of KiB") / 1024
}

/// Mirrors, has the store stand still for a while, and looks at what became of it.
fn stand_still(scratch: &Scratch, url: &str, store: &(impl Asked + ?Sized), still: impl FnOnce(Duration)) {
    with_tank(scratch);
    let ((tanks, rate), pause) = measure();
    let broker = Mosquitto::start(scratch.path(), "");
    scratch.write("tanks.toml", site(tanks, broker.port(), "tanks", ""));
    let mut mirror = Mirror::ready(scratch.path(), "live", &["tanks.toml", "--store", url]);
    let plant = Plant::start(broker.port(), tanks, rate);
    mirror.wait_for("it mirrors", |_| store.count("SELECT count(*) FROM sensor_readings") > tanks * rate as usize);
    let before = peak(mirror.id());
    still(pause);
    let begun = Instant::now();
    let latest = format!("SELECT {} FROM journal", store.ms("max(last_time)"));
    mirror.wait_for("it is up to date again", |_| store.count(&latest) as i64 > now_ms() - 2_000);
    let drained = begun.elapsed();
    let issued = plant.end();
    mirror.wait_for("all is stored", |_| store.count("SELECT count(*) FROM sensor_readings") >= issued.len());
    let grown = peak(mirror.id()) - before;
    tell(&format!(
        "{} readings; up to date {drained:.1?} after the pause; {before} MiB and {grown} more",
        issued.len()
    ));
    assert!(drained < DRAINED, "{drained:?}");
    assert!(grown < GROWTH, "{before} MiB and {grown} more");
    assert_came_through(&mut mirror, store, &issued);
}

#[test]
fn a_postgresql_that_stands_still_costs_nothing_but_time() {
    let scratch = Scratch::new();
    let store = Postgres::start(scratch.path());
    stand_still(&scratch, &store.url(), &store, |pause| {
        store.pause();
        std::thread::sleep(pause);
        store.go_on();
    });
}

/// Another program that has the lock of a SQLite file.
struct Lock(Child);

impl Lock {
    fn of(store: &Path) -> Lock {
        let mut command = Command::new("sqlite3");
        let command = command.arg("-cmd").arg(".timeout 30000").arg(store).stdin(Stdio::piped()).stdout(Stdio::null());
        let mut child = command.spawn().expect("sqlite3 starts; tests/run installs it");
        let input = child.stdin.as_mut().expect("its input is ours");
        input.write_all(b"BEGIN EXCLUSIVE;\n").expect("sqlite3 reads its input");
        Lock(child)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_lock_that_another_program_holds_on_sqlite_costs_nothing_but_time() {
    let scratch = Scratch::new();
    let store = scratch.join("tanks.db");
    // Short, so that the lock lasts longer than its patience.
    stand_still(&scratch, "sqlite:tanks.db?timeout=2%20s", store.as_path(), |pause| {
        let lock = Lock::of(&store);
        std::thread::sleep(pause);
        drop(lock);
    });
}

#[test]
fn told_to_stop_while_its_store_says_nothing_it_stops_and_goes_on_later() {
    let scratch = Scratch::new();
    with_tank(&scratch);
    let store = Postgres::start(scratch.path());
    let broker = Mosquitto::start(scratch.path(), "");
    scratch.write("tanks.toml", site(2, broker.port(), "tanks", ""));
    let words = ["tanks.toml", "--store", &store.url()];
    let mut mirror = Mirror::ready(scratch.path(), "live", &words);
    let plant = Plant::start(broker.port(), 2, 50);
    mirror.wait_for("it mirrors", |_| store.count("SELECT count(*) FROM sensor_readings") > 50);
    store.pause();
    std::thread::sleep(Duration::from_millis(500));
    let begun = Instant::now();
    mirror.stop();
    let took = begun.elapsed();
    store.go_on();
    tell(&format!("stopped within {took:.1?}"));
    assert!(took < Duration::from_secs(10), "{took:?}: {}", mirror.last_words());
    let mut mirror = Mirror::ready(scratch.path(), "live", &words);
    assert_came_through(&mut mirror, &store, &plant.end());
}
