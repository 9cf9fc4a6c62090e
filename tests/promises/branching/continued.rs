//! What goes on from a snapshot comes to the same end, with the same events on the way, as what was never interrupted.

use super::{from, shipped};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use twinwright::run::snapshots::SaveAt;
use twinwright::run::{self, Settings};
use twinwright_core::Plan;
use twinwright_core::snapshot::Snapshot;
use twinwright_tests::{Scratch, project};

fn settings(scenario: &Path, out: &Path, threads: usize) -> Settings {
    let mut settings = Settings::of(scenario);
    settings.out = Some(out.to_path_buf());
    settings.until = Some("+30 h".to_owned());
    (settings.threads, settings.quiet) = (threads, true);
    settings
}

/// Digest, measures and events.
fn run_plan(settings: &Settings, plan: &Arc<Plan>) -> (u128, String, Vec<String>) {
    let outcome = run::run(settings, plan, &AtomicBool::new(false)).expect("the run works");
    let events = std::fs::read_to_string(outcome.folder.join("events.jsonl")).expect("a run leaves its events");
    let measures = format!("{:?}", outcome.summary.measures);
    (outcome.summary.digest, measures, events.lines().map(str::to_owned).collect())
}

#[test]
fn every_shipped_scenario_goes_on_as_if_never_interrupted() {
    let scratch = Scratch::new();
    let (out, file) = (scratch.join("out"), scratch.join("state.twin"));
    let mut continued = 0;
    for (number, path) in shipped(&project()).iter().enumerate() {
        let mut asked = settings(path, &out, 1);
        let plan = Arc::new(run::plan(&asked).expect("a shipped scenario is fine"));
        if plan.ticks < 8 {
            continue;
        }
        let whole = run_plan(&asked, &plan);
        // Early, late, and at a tick of no particular sort; threads differ between saving and going on.
        for (tick, threads) in [(0, [1, 2]), (plan.ticks / 3 + 1, [2, 1]), (plan.ticks - 1, [1, 1])] {
            if number % 3 > 0 && tick == 0 {
                continue;
            }
            asked.threads = threads[0];
            let time = plan.time_of(i64::from(tick)).to_string();
            asked.save_at = Some(SaveAt { time: time.clone(), file: file.clone() });
            assert_eq!(run_plan(&asked, &plan), whole, "{path:?}: saving changes nothing");
            let bytes = std::fs::read(&file).expect("the state was written");
            let snapshot = Arc::new(Snapshot::unseal(&bytes).expect("and can be read"));
            assert_eq!((snapshot.tick, snapshot.instant().to_string()), (Some(tick), time));
            let plan = from(&plan, &snapshot).expect("it is the same scenario");
            asked.threads = threads[1];
            asked.save_at = None;
            let (digest, measures, events) = run_plan(&asked, &plan);
            let what = format!("{} from tick {tick} of {}", path.display(), plan.ticks);
            assert_eq!(digest, whole.0, "{what}");
            assert_eq!(measures, whole.1, "{what}");
            let (before, after) = whole.2.split_at(whole.2.len() - events.len());
            assert_eq!(events, after, "{what}");
            let next = plan.time_of(i64::from(tick) + 1).to_string();
            let is_before = |line: &&String| time_of(line) < next.as_str();
            assert_eq!(before.iter().filter(is_before).count(), before.len(), "{what}: an event is missing");
            continued += 1;
        }
    }
    assert!(continued >= 20, "only {continued} were continued");
}

/// The time in a line of events, to the second.
fn time_of(line: &str) -> &str {
    line.split_once("\"time\":\"").map_or("", |(_, rest)| rest.split('"').next().unwrap_or_default())
}
