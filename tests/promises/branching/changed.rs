//! A changed plan that goes on from a snapshot: what a machine is stays, what comes follows the new plan; what cannot be
//! carried over is refused in words.

use super::{events_of, first, from, state_at};
use std::sync::Arc;
use twinwright_core::snapshot::RestoreError;
use twinwright_core::{Batch, Plan, Twin};
use twinwright_tests::{plan_of, scenario};

/// Fails after 100 h at load 1.
const MACHINE: &str = r#"
[drivers]
load = 1
wind = { walk = { mean = 0, sd = 1, memory = "5 h" } }
pace = { expr = "10 * load", lag = "3 h" }
[wear.part]
law = "linear"
life = "100 h"
stress = "load"
repair = { takes = "4 h" }
[sensors.heat]
value = "20 * load + 3 * wind + 40 * part"
lag = "2 h"
noise = { sd = 0.5, memory = "4 h" }
limits = { high = 200 }
[sensors.sound]
value = "pace"
[costs]
power = "5 * load"
energy = 1
"#;

fn plan(machine: &str, rest: &str) -> Arc<Plan> {
    plan_of(machine, &scenario(2, "400 h", "1 h", rest))
}

fn refused(was: &Arc<Plan>, is: &Arc<Plan>) -> String {
    match from(is, &state_at(was, 40)) {
        Err(error @ RestoreError::Unfit(_)) => error.to_string(),
        other => panic!("this should not fit: {other:?}"),
    }
}

#[test]
fn another_load_acts_from_the_snapshot_on() {
    let was = plan(MACHINE, "");
    // 40 h at load 1, then one more tick at the rates of then, then load 2: 0.41 + 2 x / 100 h = 1 at x = 29.5 h, which is
    // hour 70.5, seen at the first tick after it.
    let is = plan(&MACHINE.replace("load = 1\n", "load = 2\n"), "");
    let events = events_of(&from(&is, &state_at(&was, 40)).expect("only a driver is another"));
    assert_eq!(first(&events, "failure 0"), Some(71));
    assert_eq!(first(&events_of(&was), "failure 0"), Some(100), "a life at load 1");
}

#[test]
fn another_life_leaves_the_wear_where_it_is() {
    let was = plan(MACHINE, "");
    let is = plan(&MACHINE.replace("life = \"100 h\"", "life = \"200 h\""), "");
    // 0.4 in 40 h, the other 0.6 in 120 h.
    let events = events_of(&from(&is, &state_at(&was, 40)).expect("only a life is another"));
    let tick = first(&events, "failure 0").expect("it fails");
    assert!((160..=161).contains(&tick), "{tick}");
}

#[test]
fn what_does_not_change_goes_on_to_the_bit() {
    // Another price changes the plan and nothing that a sensor could see.
    let was = plan(MACHINE, "");
    let is = plan(&MACHINE.replace("energy = 1", "energy = 2"), "");
    let snapshot = state_at(&was, 130);
    let (mut a, mut b) = (Twin::fork(&was, &snapshot, vec![0, 1], 0..1), Twin::fork(&is, &snapshot, vec![0, 1], 0..1));
    let (a, b) = (a.as_mut().expect("the same"), b.as_mut().expect("a kin"));
    let look = |twin: &mut Twin| {
        let (mut readings, mut wears) = (Vec::new(), Vec::new());
        twin.tick(&Batch::default());
        assert!(twin.glance(0, 1, &mut readings, &mut wears));
        (readings, wears)
    };
    for _ in 0..200 {
        assert_eq!(look(a), look(b));
    }
    // Energy so far is on the meters: at twice the price it costs twice as much, from the start.
    let cost = |twin: &mut Twin| {
        twin.tallies().iter().map(|(_, _, tally)| tally.measure("cost_energy").unwrap_or(f64::NAN)).sum::<f64>()
    };
    let (single, double) = (cost(a), cost(b));
    assert!(single > 0.0 && (double - 2.0 * single).abs() < 1e-9 * double, "{single} {double}");
}

#[test]
fn another_policy_begins_at_its_next_time() {
    let was = plan(MACHINE, "");
    let policy = |by: &str, every: &str| {
        let rest = format!(
            "[maintenance]\npolicy = \"periodic\"\nby = \"{by}\"\nevery = \"{every}\"\nrestores = [\"part\"]\n"
        );
        events_of(&from(&plan(MACHINE, &rest), &state_at(&was, 70)).expect("only the policy is another"))
    };
    // Rounds at 30, 60, 90 h of the calendar: the next one is at 90 h.
    assert_eq!(first(&policy("calendar", "30 h"), "maintenance 0"), Some(90));
    // The part has run for 70 h: due at once where 50 h are the rule, at 80 h where 80 h are.
    assert_eq!(first(&policy("operating", "50 h"), "maintenance 0"), Some(71));
    assert_eq!(first(&policy("operating", "80 h"), "maintenance 0"), Some(80));
}

#[test]
fn work_under_way_is_ended_and_waits_of_a_policy_that_is_gone_are_not() {
    // It fails at 100 h and is repaired at 104 h: the snapshot is taken in between.
    let was = plan(MACHINE, "");
    let is = plan(&MACHINE.replace("load = 1\n", "load = 0.5\n"), "");
    let events = events_of(&from(&is, &state_at(&was, 103)).expect("only a driver is another"));
    assert_eq!(first(&events, "repair 0"), Some(104));
    // From new at load 0.5: 200 h after it.
    let tick = first(&events, "failure 0").expect("it fails");
    assert!((304..=305).contains(&tick), "{tick}");
}

#[test]
fn faults_and_acts_that_are_still_to_come_come_and_running_ones_run_on() {
    let drift =
        "[[fault.drift]]\nmachine = \"U-1\"\nsensor = \"heat\"\nrate = 1\nstart = \"+30 h\"\nlasts = \"20 h\"\n";
    let offset =
        "[[fault.offset]]\nmachine = \"U-2\"\nsensor = \"sound\"\nby = 9\nstart = \"+35 h\"\nlasts = \"10 h\"\n";
    let act = "[[at]]\ntime = \"+30 h\"\nmachine = \"U-1\"\nset = { load = 0.8 }\nlasts = \"15 h\"\n";
    let was = plan(MACHINE, &format!("{act}{drift}{offset}"));
    let later = "[[fault.trip]]\nmachine = \"U-2\"\nstart = \"+60 h\"\nlasts = \"2 h\"\n\
                 [[fault.spike]]\nmachine = \"U-2\"\nsensor = \"heat\"\nby = 1\nstart = \"+20 h\"\n\
                 [[at]]\ntime = \"+50 h\"\nmachine = \"U-2\"\nset = { load = 0.3 }\n\
                 [[at]]\ntime = \"+10 h\"\nmachine = \"U-2\"\nset = { load = 0.4 }\n";
    // The offset is not in the new plan; a trip, a spike and two acts are new.
    let is = plan(MACHINE, &format!("{act}{drift}{later}"));
    let events = events_of(&from(&is, &state_at(&was, 40)).expect("only the script is another"));
    let of = |what: &str| -> Vec<u32> {
        events.iter().filter(|(_, text)| text.starts_with(what)).map(|(tick, _)| *tick).collect()
    };
    assert_eq!(of("fault_start 1"), [60], "what would have begun before the snapshot does not come any more");
    assert_eq!(of("fault_end 0"), [50], "the drift ends when it would have");
    assert_eq!(of("fault_end 1"), [62], "the offset is gone without a word");
    assert_eq!(of("set 0"), [45], "the act is given back");
    assert_eq!(of("set 1"), [50]);
}

#[test]
fn arrivals_of_a_fault_stay_where_they_were() {
    let fault = "[[fault.drift]]\nmachine = \"U-{1..2}\"\nsensor = \"heat\"\nrate = 1\nevery = { lognormal = [\"20 h\", 1.5] }\nlasts = \"7 h\"\n";
    let was = plan(MACHINE, fault);
    let is = plan(&MACHINE.replace("energy = 1", "energy = 2"), fault);
    let mut whole = events_of(&was);
    whole.retain(|(tick, _)| *tick > 77);
    assert_eq!(events_of(&from(&is, &state_at(&was, 77)).expect("only a price is another")), whole);
}

#[test]
fn what_cannot_be_carried_over_is_refused_in_words() {
    let was = plan(MACHINE, "");
    let head = |text: &str, with: &str| plan_of(MACHINE, &scenario(2, "400 h", "1 h", "").replace(text, with));
    let cases = [
        (head("tick = \"1 h\"", "tick = \"30 min\""), "its tick is 1 h, the scenario's 30 min"),
        (
            head("2026-01-01", "2026-01-02"),
            "it starts at 2026-01-01T00:00:00.000Z, the scenario at 2026-01-02T00:00:00.000Z",
        ),
        (head("title", "seed = 5\ntitle"), "its seed is 1, the scenario's 5; for other luck ask for more [futures]"),
        (head("U-{1..2}", "U-{1..3}"), "it does not hold machine U-3 of the scenario"),
        (head("U-{1..2}", "U-1"), "it holds machine U-2, which the scenario does not have"),
        (
            head("duration = \"400 h\"", "duration = \"40 h\""),
            "it shows 2026-01-02T16:00:00.000Z, and the scenario ends at",
        ),
        (plan(&MACHINE.replace("\"linear\"", "\"exponential\""), ""), "wear `part` of U-1 follows another law"),
        (plan(&MACHINE.replace("wear.part", "wear.seal").replace("* part", "* seal"), ""), "has wear `part` in it"),
        (
            plan(&format!("{MACHINE}[wear.seal]\nlaw = \"linear\"\nlife = \"1 h\"\n"), ""),
            "nothing of wear `seal` of U-1",
        ),
        (
            plan(&MACHINE.replace("sensors.heat", "sensors.heats"), ""),
            "nothing of sensor `heats` of U-1; it has `heat`",
        ),
    ];
    for (is, why) in cases {
        let said = refused(&was, &is);
        assert!(said.contains(why), "{said}\nexpected: {why}");
        assert!(said.starts_with("the snapshot does not fit this scenario: "), "{said}");
    }
    let futures = |count: u32| plan(MACHINE, &format!("[futures]\ncount = {count}\n"));
    assert!(refused(&futures(3), &futures(4)).contains("it holds 3 futures, the scenario asks for 4"));
    assert!(refused(&futures(3), &futures(1)).contains("it holds 3 futures, the scenario asks for 1"));
    assert!(from(&futures(3), &state_at(&futures(3), 40)).is_ok());
}

#[test]
fn futures_go_on_one_to_one() {
    let machine = MACHINE.replace("law = \"linear\"", "law = \"wiener\"\nspread = 0.2");
    let rest = "[maintenance]\npolicy = \"run-to-failure\"\ncrew = 1\n[futures]\ncount = 4\n";
    let plan = plan(&machine, rest);
    let mut whole = Twin::build(&plan);
    (0..=400).for_each(|_| whole.tick(&Batch::default()));
    let snapshot = state_at(&plan, 211);
    let mut parts = Vec::new();
    for futures in [0..1, 1..4] {
        let mut part = Twin::fork(&plan, &snapshot, vec![0, 1], futures).expect("the same scenario");
        (212..=400).for_each(|_| part.tick(&Batch::default()));
        parts.push(part.digests());
    }
    let mut both = parts.remove(0);
    both.extend(parts.remove(0));
    assert_eq!(both.combine(&plan, 400), whole.digests().combine(&plan, 400));
}
