//! However a run ends, its store says so, and what is there is whole.

use super::{finished, name_of, remembered, settings, written};
use crate::store::Base;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use twinwright_tests::{Scratch, said, shown, twinwright};

#[test]
fn an_interrupted_run_has_its_last_whole_tick() {
    let scratch = Scratch::new();
    written(&scratch, "line.toml", "");
    // Longer than any test: it has to be ended.
    let text = super::scenario_text("").replace("40 d", "20000 d").replace("10 min", "1 min");
    let path = scratch.write("long.toml", text);
    for base in Base::both(&scratch) {
        let mut asked = settings(&path, &scratch.join("out"), &base.url());
        asked.checkpoint_every = Some(twinwright_model::Span(20 * 86_400_000_000_000));
        let stop = AtomicBool::new(false);
        let outcome = std::thread::scope(|scope| {
            let running = scope.spawn(|| remembered(&asked, &stop));
            let kept = "SELECT count(*) FROM checkpoints";
            let begun = || match &base {
                Base::Sqlite(path) if !path.exists() => false,
                _ => base.ask("SELECT 1") == "1" && has_table(&base) && base.ask(kept).parse::<u32>().unwrap() > 2,
            };
            while !begun() && !running.is_finished() {
                std::thread::sleep(Duration::from_millis(20));
            }
            stop.store(true, Ordering::Relaxed);
            running.join().expect("no panic").unwrap_or_else(|trouble| panic!("{trouble}"))
        });
        assert!(outcome.summary.interrupted);
        let last = "SELECT r.status, c.tick, r.state_digest = c.state_digest, r.end_time = c.time FROM runs r \
                    JOIN checkpoints c ON c.run_id = r.id ORDER BY c.tick DESC LIMIT 1";
        let yes = if matches!(base, Base::Postgres(_)) { "t" } else { "1" };
        assert_eq!(base.ask(last), format!("interrupted|{}|{yes}|{yes}", outcome.summary.ticks));
        let stored = outcome.stored.expect("it was stored");
        let counted = base.ask("SELECT count(*) FROM status_events WHERE previous IS NOT NULL");
        assert_eq!(counted, stored.modes.to_string());
    }
}

fn has_table(base: &Base) -> bool {
    let ask = match base {
        Base::Postgres(_) => "SELECT count(*) FROM pg_tables WHERE tablename = 'checkpoints'",
        Base::Sqlite(_) => "SELECT count(*) FROM sqlite_master WHERE name = 'checkpoints'",
    };
    base.ask(ask) == "1"
}

#[test]
fn two_runs_at_once_do_not_mix() {
    let scratch = Scratch::new();
    let path = written(&scratch, "line.toml", "");
    for base in Base::both(&scratch) {
        let asked: Vec<_> = (0..2).map(|n| settings(&path, &scratch.join(format!("out-{n}")), &base.url())).collect();
        let outcomes: Vec<_> = std::thread::scope(|scope| {
            let running: Vec<_> = asked.iter().map(|asked| scope.spawn(|| finished(asked))).collect();
            running.into_iter().map(|one| one.join().expect("no panic")).collect()
        });
        let mut names: Vec<&str> = outcomes.iter().map(name_of).collect();
        names.sort_unstable();
        assert_eq!(names, ["line-1", "line-2"]);
        // The same scenario with the same luck: each left the same.
        for (table, least) in
            [("status_events", 20), ("alerts", 5), ("maintenance_logs", 5), ("checkpoints", 17), ("run_measures", 30)]
        {
            let counts = base.ask(&format!("SELECT count(*) FROM {table} GROUP BY run_id"));
            let counts: Vec<u32> = counts.lines().map(|line| line.parse().unwrap()).collect();
            assert!(counts.len() == 2 && counts[0] == counts[1] && counts[0] >= least, "{table}: {counts:?}");
        }
        assert_eq!(base.ask("SELECT count(*) FROM equipment"), "3");
    }
}

#[test]
fn what_cannot_be_stored_is_said_before_anything_runs() {
    let scratch = Scratch::new();
    written(&scratch, "line.toml", "");
    let run = |more: &[&str]| {
        let fixed = ["run", "line.toml", "--until", "+1 d", "--quiet", "--store", "sqlite:plant.db"];
        let arguments: Vec<&str> = fixed.iter().chain(more).copied().collect();
        twinwright(scratch.path(), &arguments)
    };
    let large = run(&["--seed", "9223372036854775808"]);
    assert_eq!(large.status.code(), Some(2));
    assert_eq!(
        said(&large),
        "--store: the seed 9223372036854775808 cannot be stored; expected at most 9223372036854775807\n"
    );
    let often = run(&["--checkpoint-every", "1 s"]);
    assert_eq!(said(&often), "--checkpoint-every 1 s: expected at least the scenario's tick of 10 min\n");
    let fine = run(&[]);
    assert_eq!((fine.status.code(), said(&fine).as_str()), (Some(0), ""));
    // A sensor that has another unit there.
    let other = super::MACHINE.replace("unit = \"mm/s\"", "unit = \"in/s\"");
    scratch.write("mill.toml", other);
    let clash = run(&[]);
    assert_eq!(clash.status.code(), Some(3));
    assert!(
        said(&clash).contains("sensor `vibration` of `M-1` is in `mm/s` there and in `in/s` here"),
        "{}",
        said(&clash)
    );
    let base = Base::Sqlite(scratch.join("plant.db"));
    assert_eq!(base.ask("SELECT name, status FROM runs"), "line-1|finished");
}

#[test]
fn the_page_says_what_was_stored() {
    let scratch = Scratch::new();
    written(&scratch, "line.toml", "");
    let done = twinwright(scratch.path(), &["run", "line.toml", "--store", "sqlite:plant.db"]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let page = shown(&done);
    let line = page.lines().last().unwrap_or_default();
    assert!(line.starts_with("stored as line-1 in sqlite:plant.db: 17 checkpoints, "), "{line}");
    let base = Base::Sqlite(scratch.join("plant.db"));
    assert!(line.contains(&format!(" {} alerts", base.ask("SELECT count(*) FROM alerts"))), "{line}");
}
