//! Databases that are killed, brokers that are restarted, lines that are cut, stand still or are slow: around one of two engines,
//! and never seen in what it leaves.
//!
//! Times between blows are odd on purpose: no blow falls at the same moment of a commit as the one before.

use super::oracle::{is_full, tell};
use super::pair::Scene;
use std::time::Duration;
use twinwright_tests::mirror::Mirror;
use twinwright_tests::servers::postgres::Postgres;
use twinwright_tests::servers::proxy::Proxy;

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Tanks, readings a second of each, and how many blows.
fn measure() -> ((usize, i64), u64) {
    if is_full() { ((20, 100), 20) } else { ((5, 50), 6) }
}

fn connected(mirror: &Mirror) -> usize {
    mirror.said().matches("feed.mqtt.gateway: connected").count()
}

#[test]
fn postgresql_may_be_killed_over_and_over() {
    let scene = Scene::with(5);
    let mut store = Postgres::start(scene.scratch.path());
    let (size, blows) = measure();
    let port = scene.rough.port();
    let pair = scene.begin((port, port), &store.url(), "", size);
    for blow in 0..blows {
        std::thread::sleep(ms(900 + blow * 397 % 800));
        match blow % 2 {
            0 => store.kill(),
            _ => store.stop_at_once(),
        }
        std::thread::sleep(ms(blow * 113 % 400));
        store.start_again();
    }
    let told = pair.rough.said();
    assert!(told.matches("the store is back").count() as u64 >= blows / 2, "{told}");
    scene.judge(pair, &store);
}

#[test]
fn the_broker_may_be_restarted_over_and_over() {
    let mut scene = Scene::with(5);
    let (size, blows) = measure();
    let port = scene.rough.port();
    let mut pair = scene.begin((port, port), "sqlite:rough.db", "", size);
    for blow in 0..blows {
        std::thread::sleep(ms(900 + blow * 397 % 800));
        // A broker that is killed forgets what it gave its word for: that is no matter of ours. One that is stopped saves it.
        scene.rough.stop();
        std::thread::sleep(ms(blow * 113 % 400));
        let before = connected(&pair.rough);
        scene.rough.start_again();
        pair.rough.wait_for("it is connected again", |mirror| connected(mirror) > before);
    }
    let store = scene.scratch.join("rough.db");
    scene.judge(pair, store.as_path());
}

#[test]
fn lines_may_be_cut_stand_still_and_be_slow() {
    let scene = Scene::with(2);
    let store = Postgres::start(scene.scratch.path());
    store.ask("CREATE USER ann PASSWORD 'pump'; ALTER DATABASE plant OWNER TO ann; ALTER SCHEMA public OWNER TO ann");
    let password = scene.scratch.write("password", "pump");
    let [feed, outlet] = [0; 2].map(|_| Proxy::to(scene.rough.port()));
    let base = Proxy::to(store.port);
    // Whoever says nothing for so long is given up: the server after 11 s, the broker after 9 s, and seen to do so 3 s later.
    let url = store.url_at(base.port(), &password.display().to_string()) + "&timeout=1%20s";
    let (size, _) = measure();
    let pair = scene.begin((feed.port(), outlet.port()), &url, "keep_alive = \"6 s\"\n", size);
    let lines = [&feed, &outlet, &base];
    for round in 0..if is_full() { 4 } else { 1 } {
        std::thread::sleep(ms(1_500 + round * 313));
        base.cut();
        std::thread::sleep(ms(700));
        feed.cut();
        outlet.cut();
        std::thread::sleep(ms(700));
        lines.iter().for_each(|line| line.delay(ms(30)));
        std::thread::sleep(ms(2_000));
        lines.iter().for_each(|line| line.delay(ms(0)));
        // Too short to be given up, and longer than a silent feed is waited for and a step waits together.
        feed.stand_still();
        std::thread::sleep(ms(8_000));
        feed.go_on();
        std::thread::sleep(ms(500));
        // Longer than any patience with it; and both others while it lasts.
        base.stand_still();
        std::thread::sleep(ms(2_000));
        feed.stand_still();
        outlet.stand_still();
        std::thread::sleep(ms(12_300));
        feed.go_on();
        std::thread::sleep(ms(700));
        base.go_on();
        std::thread::sleep(ms(if is_full() { 20_000 } else { 0 }));
        outlet.go_on();
    }
    let told = pair.rough.said();
    for word in ["no answer to keep-alive", "is silent for 11 s", "the store is back"] {
        assert!(told.contains(word), "{word}: {told}");
    }
    tell(&format!("{} connections to the broker", connected(&pair.rough)));
    scene.judge(pair, &store);
}
