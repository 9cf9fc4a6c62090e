//! Snapshots as files: whatever bytes they hold, reading them ends in a state or in a reason.

use super::{events_of, from, state_at};
use std::sync::Arc;
use twinwright_core::dice::{Dice, Purpose};
use twinwright_core::snapshot::{RestoreError, Snapshot};
use twinwright_core::{Batch, Plan, Twin};
use twinwright_tests::{Scratch, plan_of, said, scenario, shown, twinwright};

const MACHINE: &str = r#"
[drivers]
load = { duty = "shift" }
wind = { walk = { mean = 0, sd = 1, memory = "5 h" } }
[duty.shift]
cycle = [ { for = "16 h", load = 1 }, { for = "8 h", load = 0.2, mode = "idle" } ]
[wear.part]
law = "gamma"
life = "60 h"
spread = 0.3
stress = "load"
repair = { takes = "4 h", cost = 10 }
[sensors.heat]
value = "20 * load + wind + 40 * part"
noise = { sd = 0.5, memory = "4 h" }
limits = { high = 50 }
[sensors.sound]
value = "load"
"#;

const REST: &str = r#"
[[at]]
when = "U-1.heat > 40"
set = { load = 0.5 }
lasts = "9 h"
[[fault.swap]]
machine = "U-{1..2}"
sensor = "heat"
with = "sound"
every = { exponential = "30 h" }
lasts = "12 h"
[[fault.shift]]
machine = "U-2"
driver = "load"
by = 0.1
start = "+10 h"
lasts = "200 h"
[maintenance]
policy = "periodic"
every = "25 h"
by = "operating"
crew = 1
"#;

fn plan() -> Arc<Plan> {
    plan_of(MACHINE, &scenario(3, "200 h", "1 h", REST))
}

/// Numbers that are the same in every run of the test.
fn numbers(seed: u64) -> impl FnMut(usize) -> usize {
    let mut luck = Dice::of(seed, 0, "hostile").stream(Purpose::named("bytes"), 0);
    move |below| luck.choice(below)
}

#[test]
fn a_file_is_read_back_as_it_was_and_has_a_head_for_people() {
    let snapshot = state_at(&plan(), 77);
    let bytes = snapshot.seal();
    assert_eq!(Snapshot::unseal(&bytes).as_ref(), Ok(&*snapshot));
    let head = String::from_utf8_lossy(&bytes[..bytes.iter().position(|byte| *byte == b'\n').expect("a head line")]);
    assert!(head.starts_with("twinwright snapshot 2 plan="), "{head}");
    assert!(head.contains(" at=2026-01-04T05:00:00.000Z machines=3 futures=1 bytes="), "{head}");
}

#[test]
fn no_truncation_flip_or_garbage_is_taken_for_a_snapshot() {
    let bytes = state_at(&plan(), 77).seal();
    for length in (0..bytes.len()).step_by(7).chain(bytes.len() - 20..bytes.len()) {
        let error = Snapshot::unseal(&bytes[..length]).expect_err("a part of a snapshot");
        assert!(matches!(error, RestoreError::Foreign | RestoreError::Cut { .. }), "{length}: {error}");
    }
    let mut next = numbers(1);
    for _ in 0..3000 {
        let mut flipped = bytes.clone();
        let at = next(flipped.len());
        flipped[at] ^= 1 << next(8);
        // The head's words for people are under the checksum too.
        assert!(Snapshot::unseal(&flipped).is_err(), "byte {at}");
        let noise: Vec<u8> = (0..next(300)).map(|_| next(256) as u8).collect();
        assert!(Snapshot::unseal(&noise).is_err());
    }
    let longer = [bytes.as_slice(), b"more"].concat();
    assert_eq!(Snapshot::unseal(&longer), Err(RestoreError::Damaged));
    let head = |line: &str| Snapshot::unseal([line.as_bytes(), &[0; 64]].concat().as_slice());
    assert_eq!(head("twinwright snapshot 3 plan=0 bytes=5\n"), Err(RestoreError::Version(3)));
    assert_eq!(head("twinwright snapshot 4294967296 bytes=5\n"), Err(RestoreError::Foreign));
    assert!(matches!(head("twinwright snapshot 2 bytes=18446744073709551615\n"), Err(RestoreError::Cut { .. })));
    assert!(matches!(head("twinwright snapshot 2 machines=9 futures=9\n"), Err(RestoreError::Foreign)));
}

#[test]
fn a_state_with_a_right_checksum_and_wrong_numbers_does_no_harm() {
    // Bytes that somebody made on purpose: flipped before they are sealed. What is refused is refused in words; what is
    // taken for a state runs without a fall.
    let plan = plan();
    let bytes = state_at(&plan, 77).to_bytes();
    let mut next = numbers(2);
    let (mut refused, mut ran) = (0, 0);
    for _ in 0..4000 {
        let mut flipped = bytes.clone();
        for _ in 0..1 + next(3) {
            let at = next(flipped.len());
            flipped[at] = if next(2) == 0 { flipped[at] ^ (1 << next(8)) } else { next(256) as u8 };
        }
        let Ok(snapshot) = Snapshot::from_bytes(&flipped) else {
            refused += 1;
            continue;
        };
        match from(&plan, &Arc::new(snapshot)) {
            Err(_) => refused += 1,
            Ok(plan) => {
                ran += 1;
                let mut twin = Twin::build(&plan);
                let ticks = (plan.ticks - plan.first_tick()).min(40);
                (0..ticks).for_each(|_| twin.tick(&Batch::default()));
            }
        }
    }
    assert!(refused > 100 && ran > 100, "{refused} refused, {ran} ran");
}

const SCENARIO: &str = "schema = \"scenario/1\"\ntitle = \"t\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"200 h\"\ntick = \"1 h\"\n\
                        [[machine]]\nid = \"U-{1..3}\"\nkind = \"unit\"\n";

#[test]
fn the_program_saves_goes_on_and_says_what_is_wrong() {
    let scratch = Scratch::new();
    let folder = scratch.path();
    scratch.write("unit.toml", format!("schema = \"machine/1\"\nkind = \"unit\"\n{MACHINE}"));
    scratch.write("whole.toml", format!("{SCENARIO}{REST}"));
    scratch.write("rest.toml", format!("{SCENARIO}{REST}[from]\nsnapshot = \"state.twin\"\n"));
    let digest = |arguments: &[&str]| {
        let output = twinwright(folder, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        shown(&output)
    };
    let whole = digest(&["run", "whole.toml", "--quiet", "--digest", "--save-at", "+77 h", "state.twin"]);
    assert_eq!(digest(&["run", "rest.toml", "--quiet", "--digest", "--threads", "2"]), whole);
    // A file that is there is replaced, and nothing of its making stays.
    digest(&["run", "rest.toml", "--quiet", "--save-at", "2026-01-05T00:00:00Z", "state.twin"]);
    assert_eq!(digest(&["run", "rest.toml", "--quiet", "--digest"]), whole);
    let left: Vec<_> =
        std::fs::read_dir(folder).expect("the folder is there").flatten().map(|e| e.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains(".part")), "{left:?}");

    let wrong = |arguments: &[&str], code: i32, words: &str| {
        let output = twinwright(folder, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(said(&output).contains(words), "{arguments:?}: {}", said(&output));
    };
    wrong(
        &["run", "whole.toml", "--save-at", "+900 h", "x"],
        2,
        "--save-at +900 h: this run does not come there; expected 2026",
    );
    wrong(&["run", "rest.toml", "--save-at", "+1 h", "x"], 2, "this run does not come there");
    wrong(&["run", "whole.toml", "--save-at", "soon", "x"], 2, "--save-at soon");
    wrong(&["run", "whole.toml", "--quiet", "--save-at", "+5 h", "no/such/folder/x"], 3, "no/such/folder/x");
    wrong(
        &["run", "rest.toml", "--until", "+80 h"],
        2,
        "state.twin: the snapshot does not fit this scenario: it shows",
    );
    wrong(&["generate", "rest.toml", "--to", "-"], 2, "[from] belongs to `twinwright run`");
    scratch.write("away.toml", format!("{SCENARIO}{REST}[from]\nsnapshot = \"away.twin\"\n"));
    wrong(&["run", "away.toml"], 2, "away.twin: there is no such snapshot");
    scratch.write("away.twin", "nothing\n");
    wrong(&["run", "away.toml"], 2, "away.twin: this is not a snapshot");
    std::fs::write(folder.join("away.twin"), &std::fs::read(folder.join("state.twin")).expect("it is there")[..900])
        .expect("it can be written");
    wrong(&["run", "away.toml"], 2, "away.twin: the snapshot is cut short: 900 of ");
    let other = SCENARIO.replace("U-{1..3}", "V-{1..3}");
    scratch.write("other.toml", format!("{other}[from]\nsnapshot = \"state.twin\"\n"));
    wrong(&["run", "other.toml"], 2, "it holds machine U-1, which the scenario does not have");
}

#[test]
fn variants_start_from_one_snapshot_and_several_runs_leave_none() {
    let scratch = Scratch::new();
    let folder = scratch.path();
    scratch.write("unit.toml", format!("schema = \"machine/1\"\nkind = \"unit\"\n{MACHINE}"));
    scratch.write("now.toml", format!("{SCENARIO}[maintenance]\npolicy = \"run-to-failure\"\n"));
    let swap = "[[variant]]\nname = \"swap\"\nset = { \"maintenance.policy\" = \"periodic\", \"maintenance.every\" = \"20 h\", \
                \"maintenance.restores\" = [\"part\"] }\n";
    let study = format!(
        "{SCENARIO}[maintenance]\npolicy = \"run-to-failure\"\n{swap}[futures]\ncount = 40\n[from]\nsnapshot = \"now.twin\"\n\
         [[expect]]\nthat = \"planned_works > 0\"\nvariant = \"swap\"\n[[expect]]\nthat = \"planned_works == 0\"\n"
    );
    scratch.write("next.toml", study);
    let run = |arguments: &[&str]| twinwright(folder, arguments);
    let saved = run(&["run", "now.toml", "--quiet", "--save-at", "+50 h", "now.twin"]);
    assert!(saved.status.success(), "{}", said(&saved));
    let one = run(&["run", "next.toml", "--threads", "1", "--out", "one"]);
    assert!(one.status.success(), "{}{}", shown(&one), said(&one));
    let two = run(&["run", "next.toml", "--threads", "2", "--out", "two"]);
    assert!(two.status.success(), "{}", said(&two));
    let summary = |out: &str| std::fs::read_to_string(folder.join(out).join("summary.json")).expect("a summary");
    assert_eq!(summary("one"), summary("two"));
    let several = run(&["run", "next.toml", "--save-at", "+60 h", "x.twin"]);
    assert_eq!(several.status.code(), Some(2), "{}", said(&several));
    assert!(said(&several).contains("this scenario compares 2 runs"), "{}", said(&several));
}

#[test]
fn events_of_a_fork_begin_after_the_snapshot() {
    let plan = plan();
    let events = events_of(&from(&plan, &state_at(&plan, 77)).expect("the same scenario"));
    assert!(events.first().is_some_and(|(tick, _)| *tick >= 78));
}
