//! `[from] store`: a scenario goes on from what a store remembers, to the very state that was recorded.

use super::{finished, name_of, settings, written};
use crate::store::Base;
use crate::store::links::link;
use crate::wires::run;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use twinwright::run::{self as runs, Outcome};
use twinwright_io::store::Cell;
use twinwright_tests::Scratch;

/// The digests that a run left, by hours from its start.
fn recorded(base: &Base, run: &str, hours: i64) -> String {
    let ask = format!(
        "SELECT c.state_digest FROM checkpoints c JOIN runs r ON r.id = c.run_id WHERE r.name = '{run}' AND c.tick = {}",
        hours * 6
    );
    base.ask(&ask)
}

/// Goes on from a store to an hour of the scenario.
fn forked(path: &Path, scratch: &Scratch, until: i64) -> Result<Outcome, String> {
    let mut asked = settings(path, &scratch.join("fork"), "");
    (asked.store, asked.until) = (None, Some(format!("+{until} h")));
    let plan = runs::plan(&asked).map_err(|trouble| trouble.to_string())?;
    runs::run(&asked, &std::sync::Arc::new(plan), &AtomicBool::new(false)).map_err(|trouble| trouble.to_string())
}

fn from(base: &Base, at: &str, more: &str) -> String {
    // A path that is absolute stays as it is.
    format!("[from]\nstore = \"{}\"\nat = \"{at}\"\n{more}", base.url())
}

/// Does something to the bytes of a checkpoint.
fn damage(base: &Base, tick: u32, change: impl Fn(&mut Vec<u8>)) {
    run(async {
        let mut link = link(base).await;
        let found = link.first("SELECT snapshot FROM checkpoints WHERE tick = $1", &[tick.into()]).await.unwrap();
        let mut bytes = found.expect("it is there").bytes(0).to_vec();
        change(&mut bytes);
        let set = "UPDATE checkpoints SET snapshot = $2 WHERE tick = $1";
        link.run(set, &[tick.into(), Cell::Bytes(bytes)]).await.unwrap();
        link.close().await;
    });
}

#[test]
fn a_fork_without_a_change_comes_to_the_recorded_state() {
    let scratch = Scratch::new();
    let path = written(&scratch, "line.toml", "");
    for base in Base::both(&scratch) {
        let mut asked = settings(&path, &scratch.join("out"), &base.url());
        asked.until = Some("+20 d".to_owned());
        asked.checkpoint_every = Some(twinwright_model::Span(3_600_000_000_000));
        let outcome = finished(&asked);
        let run = name_of(&outcome);
        for (hours, at) in [(0, "+0 h"), (123, "+123 h"), (300, "2026-01-13T12:00:00Z"), (478, "+478 h")] {
            let path = scratch.write("fork.toml", super::scenario_text(&from(&base, at, "")));
            let done = forked(&path, &scratch, hours + 1).unwrap();
            assert_eq!(format!("{:032x}", done.summary.digest), recorded(&base, run, hours + 1), "{at}");
        }
        // Between two checkpoints, with a changed plan and several futures on top.
        let rest = from(&base, "+99 h", "run = \"line-1\"\n");
        let changed =
            super::scenario_text(&rest).replace("every = \"9 d\"", "every = \"4 d\"") + "[futures]\ncount = 3\n";
        let path = scratch.write("changed.toml", changed);
        let mut asked = settings(&path, &scratch.join("fork"), "");
        (asked.store, asked.until) = (None, Some("+150 h".to_owned()));
        let study = runs::study(&asked).unwrap_or_else(|trouble| panic!("{trouble}"));
        assert_eq!((study.base().first_tick(), study.base().futures), (99 * 6 + 1, 3));
        // The damaged newest state is told apart, and the one before it gives the same.
        damage(&base, 300 * 6, |bytes| bytes[77] ^= 4);
        damage(&base, 299 * 6, |bytes| bytes.truncate(500));
        damage(&base, 298 * 6, Vec::clear);
        let path = scratch.write("fork.toml", super::scenario_text(&from(&base, "+300 h", "")));
        let done = forked(&path, &scratch, 301).unwrap();
        assert_eq!(format!("{:032x}", done.summary.digest), recorded(&base, run, 301));
        // With none left a plan still knows its own start.
        base.ask("UPDATE checkpoints SET state_digest = plan_digest WHERE tick < 3000");
        let done = forked(&path, &scratch, 301).unwrap();
        let path = scratch.write("plain.toml", super::scenario_text(""));
        assert_eq!(done.summary.digest, forked(&path, &scratch, 301).unwrap().summary.digest);
    }
}

#[test]
fn what_a_store_cannot_answer_is_said_in_its_words() {
    let scratch = Scratch::new();
    let path = written(&scratch, "line.toml", "");
    for base in Base::both(&scratch) {
        let mut asked = settings(&path, &scratch.join("out"), &base.url());
        asked.until = Some("+5 d".to_owned());
        finished(&asked);
        let said = |at: &str, more: &str, seed: &str| {
            let text = super::scenario_text(&from(&base, at, more)).replace("seed = 5", seed);
            forked(&scratch.write("fork.toml", text), &scratch, 200).unwrap_err()
        };
        let beyond = said("+6 d", "run = \"line-1\"\n", "seed = 5");
        assert!(
            beyond.contains("expected an instant from 2026-01-01T00:00:00.000Z to 2026-01-06T00:00:00.000Z"),
            "{beyond}"
        );
        let other = said("+1 d", "", "seed = 6");
        assert!(other.contains("no run of this scenario") && other.contains("`line-1`: another scenario"), "{other}");
        let unknown = said("+1 d", "run = \"line-7\"\n", "seed = 5");
        assert!(unknown.contains("there is no run `line-7`") && unknown.contains("line-1"), "{unknown}");
        // A plan that compiles to something else is not believed.
        base.ask("UPDATE machine_configurations SET document = replace(document, '0.25', '0.26')");
        let altered = said("+1 d", "run = \"line-1\"\n", "seed = 5");
        assert!(altered.contains("makes another plan of its files"), "{altered}");
    }
    let nowhere = super::scenario_text("[from]\nstore = \"sqlite:nowhere.db\"\nat = \"+1 d\"\n");
    let said = forked(&scratch.write("fork.toml", nowhere), &scratch, 200).unwrap_err();
    assert!(said.ends_with("nowhere.db: there is no such store"), "{said}");
    assert!(!scratch.join("nowhere.db").exists());
}

#[test]
fn a_fork_that_is_remembered_is_a_run_like_any_other() {
    let scratch = Scratch::new();
    let path = written(&scratch, "line.toml", "");
    for base in Base::both(&scratch) {
        let mut asked = settings(&path, &scratch.join("out"), &base.url());
        asked.until = Some("+10 d".to_owned());
        finished(&asked);
        let changed = super::scenario_text(&from(&base, "+3 d", "run = \"line-1\"\n"))
            .replace("every = \"9 d\"", "every = \"4 d\"");
        let path = scratch.write("more-work.toml", changed);
        let mut asked = settings(&path, &scratch.join("out"), &base.url());
        asked.until = Some("+9 d".to_owned());
        let outcome = finished(&asked);
        assert_eq!(name_of(&outcome), "more-work-1");
        let first = "SELECT min(tick), max(tick) FROM checkpoints c JOIN runs r ON r.id = c.run_id WHERE r.name = 'more-work-1'";
        assert_eq!(base.ask(first), format!("{}|{}", 3 * 144 + 1, 9 * 144));
        // Forked again from the fork, it comes to the fork's end.
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("at = \"+3 d\"", "at = \"+7 d\"").replace("line-1", "more-work-1");
        let again = forked(&scratch.write("again.toml", text), &scratch, 9 * 24).unwrap();
        assert_eq!(again.summary.digest, outcome.summary.digest);
    }
}
