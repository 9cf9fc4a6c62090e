//! Two engines that mirror the same plant: what happens around one must not show beside the other, around which nothing happens.
//!
//! Each has a broker of its own, and both brokers are told the same by publishers of their own.

use super::oracle::{Asked, assert_came_through, assert_told, tell, transitions};
use super::plant::{Plant, now_ms, publish_from_ahead, site, with_tank};
use std::time::{Duration, Instant};
use twinwright_tests::Scratch;
use twinwright_tests::mirror::Mirror;
use twinwright_tests::servers::mosquitto::{Mosquitto, Subscriber};

/// From so far ahead comes the last reading, so that all before it is over.
const FAR_AHEAD: i64 = 12_000;
/// Far above what a busy machine needs.
const ENOUGH: Duration = Duration::from_secs(60);

/// The scene: two brokers and a folder.
pub struct Scene {
    reorder: u32,
    pub rough: Mosquitto,
    pub calm: Mosquitto,
    pub scratch: Scratch,
}

/// Both engines and what they mirror.
pub struct Pair {
    pub rough: Mirror,
    pub plant: Plant,
    calm: Mirror,
    told: Subscriber,
    tanks: usize,
}

impl Scene {
    /// A step waits so many seconds for what a source that comes back later than others has to say.
    pub fn with(reorder: u32) -> Scene {
        let scratch = Scratch::new();
        with_tank(&scratch);
        let broker = |name: &str| {
            std::fs::create_dir_all(scratch.join(name)).expect("a folder in a temporary folder can be made");
            Mosquitto::start(&scratch.join(name), "persistence true")
        };
        Scene { reorder, rough: broker("rough"), calm: broker("calm"), scratch }
    }

    /// Begins: the rough engine reaches feed and outlet by these ports and has this store; both come to know the plant. `more` are
    /// lines of the rough one's feed.
    pub fn begin(&self, (feed, outlet): (u16, u16), store: &str, more: &str, (tanks, rate): (usize, i64)) -> Pair {
        let write = |name: &str, feed: u16, more: &str, outlet: u16| {
            let text = site(tanks, feed, name, &format!("reorder = \"{} s\"\nahead = \"30 s\"\n", self.reorder));
            let told = format!(
                "{more}[outlet.mqtt.alerts]\nurl = \"mqtt://127.0.0.1:{outlet}\"\n\
                 topic = \"told/{{machine}}/alert/{{rule}}\"\n"
            );
            self.scratch.write(&format!("{name}.toml"), text + &told);
            format!("{name}.toml")
        };
        let told = Subscriber::of(&self.rough, "told/+/alert/#", "%p");
        let calm = write("calm", self.calm.port(), "", self.calm.port());
        let rough = write("rough", feed, more, outlet);
        let path = self.scratch.path();
        Pair {
            calm: Mirror::ready(path, "calm", &[&calm, "--store", "sqlite:calm.db"]),
            rough: Mirror::ready(path, "rough", &[&rough, "--store", store]),
            plant: Plant::beside(&[self.rough.port(), self.calm.port()], tanks, rate),
            told,
            tanks,
        }
    }

    /// Ends, and lays what came of one beside what came of the other.
    pub fn judge(&self, pair: Pair, store: &(impl Asked + ?Sized)) {
        let Pair { mut rough, mut calm, plant, told, tanks } = pair;
        let mut issued = plant.end();
        let last = issued.iter().map(|(_, ms, _)| *ms).max().expect("something was issued");
        let ahead = publish_from_ahead(self.rough.port(), tanks, last + FAR_AHEAD);
        assert_eq!(publish_from_ahead(self.calm.port(), tanks, last + FAR_AHEAD), ahead);
        issued.extend(ahead);
        let steady = self.scratch.join("calm.db");
        let begun = now_ms();
        assert_came_through(&mut rough, store, &issued);
        tell(&format!("{} readings, all in their table after {} ms", issued.len(), now_ms() - begun));
        assert_came_through(&mut calm, steady.as_path(), &issued);
        let course = transitions(steady.as_path(), last);
        assert!(course.len() > tanks * 2, "{course:?}");
        assert_eq!(transitions(store, last), course);
        assert_told(store, &heard(&told, store));
        tell(&format!("{} steps of alerts, {} notices heard", course.len(), told.lines().len()));
    }
}

/// What was told, once every notice of the outbox came: whoever listens has to find its broker again, too. What came twice counts once.
fn heard(told: &Subscriber, store: &(impl Asked + ?Sized)) -> Vec<String> {
    let wanted = store.count("SELECT count(*) FROM outbox");
    let begun = Instant::now();
    let different = |lines: &[String]| {
        let id =
            |line: &String| serde_json::from_str::<serde_json::Value>(line).ok()?["id"].as_str().map(str::to_owned);
        lines.iter().filter_map(id).collect::<std::collections::BTreeSet<_>>().len()
    };
    while different(&told.lines()) < wanted && begun.elapsed() < ENOUGH {
        std::thread::sleep(Duration::from_millis(50));
    }
    told.lines()
}
