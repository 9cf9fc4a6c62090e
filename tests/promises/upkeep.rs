//! Maintenance policies to the tick: work hours, risk, open alerts, parts restored along, rounds near the tick.
//! Closed forms are in `closed_forms`, spare parts in `shelf`.

mod closed_forms;
mod shelf;

use crate::truth::seen::{Seen, see};
use twinwright_core::measures::Tally;
use twinwright_tests::scenario;

fn hourly(machine: &str, count: u32, hours: u32, rest: &str) -> Seen {
    see(machine, &scenario(count, &format!("{hours} h"), "1 h", rest))
}

/// One part that wears evenly.
fn linear(life: u32, takes: u32) -> String {
    format!(
        "[wear.part]\nlaw = \"linear\"\nlife = \"{life} h\"\n\
         repair = {{ takes = \"{takes} h\", cost = 300, planned_cost = 50 }}\n\
         [sensors.s]\nvalue = \"100*part\"\nlimits = {{ high = 50 }}\n"
    )
}

fn measure(tally: &Tally, name: &str) -> f64 {
    tally.measure(name).unwrap_or(f64::NAN)
}

#[test]
fn what_wears_evenly_is_worked_on_its_lead_before_it_fails() {
    let rest = "[maintenance]\npolicy = \"predictive\"\nlead = \"20 h\"\nrisk = 0.5\nevery = \"1 h\"\n";
    // Life 100 h: due at hour 80. Done at 84; 80 h of running are over at 164, and again at 248.
    let seen = hourly(&linear(100, 4), 2, 250, rest);
    for machine in 0..2 {
        assert_eq!(seen.ticks_of(machine, "maintenance"), [80, 164, 248]);
        assert!(seen.ticks_of(machine, "failure").is_empty());
    }
    // Twice the stress is half the life: 50 h, due at 30.
    let hard = linear(100, 4).replace("life =", "stress = 2\nlife =");
    assert_eq!(hourly(&hard, 1, 40, rest).ticks_of(0, "maintenance"), [30]);
    // A lead of 20 h is looked at every 2 h where nothing else is said: 19 h before the end is at 81, seen at 82.
    let seldom = "[maintenance]\npolicy = \"predictive\"\nlead = \"19 h\"\nrisk = 1\nevery = \"2 h\"\n";
    assert_eq!(hourly(&linear(100, 4), 1, 90, seldom).ticks_of(0, "maintenance"), [82]);
    assert_eq!(hourly(&linear(100, 4), 1, 90, &rest.replace("every = \"1 h\"\n", "")).ticks_of(0, "maintenance"), [80]);
}

#[test]
fn a_stress_that_comes_and_goes_counts_by_its_mean() {
    // Half of each day at stress 1, half at rest: 100 h of life are 200 h. Within 40 h it ages by 20 h of life; of
    // them 20 are left after 160 h, at the end of a spell at work.
    let machine = linear(100, 4).replace("life =", "stress = \"load\"\nlife =");
    let machine = format!(
        "[drivers]\nload = {{ duty = \"d\" }}\n[duty.d]\n\
         cycle = [ {{ for = \"10 h\", load = 1 }}, {{ for = \"10 h\", load = 0 }} ]\n{machine}"
    );
    let rest = "[maintenance]\npolicy = \"predictive\"\nlead = \"40 h\"\nrisk = 1\nevery = \"20 h\"\n";
    assert_eq!(hourly(&machine, 1, 180, rest).ticks_of(0, "maintenance"), [160]);
}

#[test]
fn a_weibull_life_is_swapped_at_the_age_at_which_it_has_become_risky() {
    // Stress 1, mean life 1,000 h, shape 2.5: H(t) = (t Gamma(1.4) / 1000)^2.5 with Gamma(1.4) = 0.8872638175.
    // Within 100 h it fails with 1 - exp(H(t) - H(t + 100)), which grows with t: found by halving.
    let hazard = |t: f64| (t * 0.8872638175030753 / 1000.0).powf(2.5);
    let risk = |t: f64| 1.0 - (hazard(t) - hazard(t + 100.0)).exp();
    let (mut low, mut high) = (0.0, 1000.0);
    while high - low > 1e-6 {
        let middle = (low + high) / 2.0;
        if risk(middle) < 0.1 { low = middle } else { high = middle }
    }
    let expected = (high / 10.0).ceil() as i64 * 10;
    let machine = "[wear.part]\nlaw = \"weibull\"\nlife = \"1000 h\"\nshape = 2.5\nrepair = { takes = \"5 h\" }\n\
                   [sensors.s]\nvalue = \"part\"\n";
    let rest = "[maintenance]\npolicy = \"predictive\"\nlead = \"100 h\"\nrisk = 0.1\n";
    let seen = hourly(machine, 40, 800, rest);
    let mut swapped = 0;
    for machine in 0..40 {
        let failed = seen.ticks_of(machine, "failure").first().copied().unwrap_or(i64::MAX);
        let first = seen.ticks_of(machine, "maintenance").first().copied();
        if failed > expected {
            assert_eq!(first, Some(expected), "machine {machine}");
            swapped += 1;
        } else {
            assert!(first.is_none_or(|first| first > failed + 400), "machine {machine} is as new after its repair");
        }
    }
    assert!(swapped > 20, "{swapped} of 40 live that long");
}

#[test]
fn planned_work_begins_only_in_work_hours_and_repairs_at_any_time() {
    // 2026-01-01 is a Thursday. Rounds come at every midnight; Friday's waits for 6:00, Saturday's and Sunday's for
    // Monday (hour 96) 6:00, where they are one work.
    let rest = "[maintenance]\npolicy = \"periodic\"\nevery = \"24 h\"\nhours = \"06:00-14:00\"\n\
                days = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\"]\n";
    let seen = hourly(&linear(1000, 2), 1, 140, rest);
    assert_eq!(seen.ticks_of(0, "maintenance"), [30, 102, 126]);
    // Fails at hour 20, in the evening, and is repaired there and then.
    let fails = hourly(&linear(20, 2), 1, 23, rest);
    assert_eq!((fails.ticks_of(0, "failure"), fails.ticks_of(0, "repair")), (vec![20], vec![22]));
    // A shift over midnight belongs to its first day: Sunday's ends on Monday at 6:00.
    let night = "[maintenance]\npolicy = \"condition\"\nwhen = \"part > 0.0495\"\nhours = \"22:00-06:00\"\n\
                 days = [\"sun\"]\n";
    // Seen at hour 50 (Saturday): waits for Sunday (hour 72) 22:00. Done at 96; seen again 50 h later, at 146.
    assert_eq!(hourly(&linear(1000, 2), 1, 300, night).ticks_of(0, "maintenance"), [94, 262]);
}

#[test]
fn who_waits_for_the_morning_keeps_his_place_and_blocks_nobody() {
    // One fitter. Machine 1 is asked for at 10:00 on its condition, but planned work begins at 20:00; machine 2 fails
    // at 12:00 and is repaired at once, for 5 h.
    let machine = "[parameters]\npace = 1\n[wear.part]\nlaw = \"linear\"\nlife = \"20 h\"\nstress = \"pace\"\n\
                   repair = { takes = \"5 h\" }\n[sensors.s]\nvalue = \"part\"\n";
    let scenario = "schema = \"scenario/1\"\ntitle = \"t\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"28 h\"\n\
                    tick = \"1 h\"\n[[machine]]\nid = \"A\"\nkind = \"unit\"\nset = { \"parameters.pace\" = 0.8 }\n\
                    [[machine]]\nid = \"B\"\nkind = \"unit\"\nset = { \"wear.part.life\" = \"12 h\" }\n\
                    [maintenance]\npolicy = \"condition\"\nwhen = \"part > 0.3 and part < 0.45\"\ncrew = 1\n\
                    hours = \"20:00-24:00\"\n";
    let seen = see(machine, scenario);
    assert_eq!((seen.ticks_of(1, "failure"), seen.ticks_of(1, "repair")), (vec![12], vec![17]));
    assert_eq!((seen.ticks_of(0, "maintenance"), seen.ticks_of(0, "repair")), (vec![20], vec![25]));
}

#[test]
fn worn_parts_are_restored_along_with_others() {
    let machine = "[wear.belt]\nlaw = \"linear\"\nlife = \"1000 h\"\n\
                   repair = { takes = \"2 h\", cost = 70, planned_cost = 10 }\n\
                   [wear.seal]\nlaw = \"linear\"\nlife = \"500 h\"\n\
                   repair = { takes = \"9 h\", cost = 900, planned_cost = 200, restores_to = 0.05 }\n\
                   [wear.shaft]\nlaw = \"linear\"\nlife = \"400 h\"\n[sensors.s]\nvalue = \"belt\"\n";
    let rest = |level: f64| {
        format!(
            "[maintenance]\npolicy = \"periodic\"\nevery = \"100 h\"\nrestores = [\"belt\"]\nopportunistic = {level}\n"
        )
    };
    // At hour 100 the seal is at 0.2; the shaft, at 0.25, has no repair.
    let mut along = hourly(machine, 1, 110, &rest(0.2));
    assert_eq!(along.ticks_of(0, "repair"), [109]);
    assert_eq!(along.wear(0, "seal")[109], 0.05);
    let tally = along.twin.tallies()[0].2.clone();
    assert_eq!((measure(&tally, "cost_planned"), measure(&tally, "cost_unplanned")), (210.0, 0.0));
    assert_eq!(tally.planned_works, 1.0);
    let mut alone = hourly(machine, 1, 110, &rest(0.21));
    assert_eq!(alone.ticks_of(0, "repair"), [102]);
    assert_eq!(measure(&alone.twin.tallies()[0].2, "cost_planned"), 10.0);
    // A failure pays its own repair, and planned work for what is restored along: the seal fails at 500 h, when the
    // belt is at 0.5.
    let mut failed = hourly(machine, 1, 510, "[maintenance]\npolicy = \"run-to-failure\"\nopportunistic = 0.5\n");
    let tally = failed.twin.tallies()[0].2.clone();
    assert!(failed.ticks_of(0, "failure") == [400], "the shaft ends it at 400 h");
    assert_eq!(tally.cost_unplanned, 0.0);
    let without = machine.replace("[wear.shaft]\nlaw = \"linear\"\nlife = \"400 h\"\n", "");
    let mut failed = hourly(&without, 1, 510, "[maintenance]\npolicy = \"run-to-failure\"\nopportunistic = 0.5\n");
    let tally = failed.twin.tallies()[0].2.clone();
    assert_eq!((tally.cost_unplanned, tally.cost_planned, tally.planned_works), (900.0, 10.0, 0.0));
    assert_eq!((failed.wear(0, "belt")[509], failed.wear(0, "seal")[509]), (0.0, 0.05));
}

#[test]
fn an_open_alert_is_a_condition() {
    // 100 part is above 50 from hour 51 on: the alert opens there, work begins at the tick after. It clears after.
    let rest = "[maintenance]\npolicy = \"condition\"\nwhen = \"s.high\"\n";
    let seen = hourly(&linear(100, 6), 1, 150, rest);
    assert_eq!(seen.ticks_of(0, "maintenance"), [52, 110]);
    let both = rest.replace("s.high", "s.high and part > 0.6");
    assert_eq!(hourly(&linear(100, 6), 1, 80, &both).ticks_of(0, "maintenance"), [62]);
}

#[test]
fn a_round_near_the_tick_is_never_skipped() {
    // 66 min at a tick of 1 h: each round at the first tick after it. Work takes one tick, so one in a row of two that
    // fall on following ticks is done as well.
    let rest = "[maintenance]\npolicy = \"periodic\"\nevery = \"66 min\"\n";
    let machine = linear(1000, 1);
    let seen = hourly(&machine, 1, 40, rest);
    let expected: Vec<i64> = (1..).map(|k: i64| (k * 66 + 59) / 60).take_while(|tick| *tick <= 40).collect();
    assert_eq!(seen.ticks_of(0, "maintenance"), expected);
}

#[test]
fn an_imperfect_repair_shortens_the_next_round_of_a_predictive_policy() {
    // Restored to 0.25: of 100 h of life 75 are left, so work is due 55 h after the last.
    let machine = linear(100, 4).replace("planned_cost = 50", "planned_cost = 50, restores_to = 0.25");
    let rest = "[maintenance]\npolicy = \"predictive\"\nlead = \"20 h\"\nrisk = 1\nevery = \"1 h\"\n";
    assert_eq!(hourly(&machine, 1, 210, rest).ticks_of(0, "maintenance"), [80, 139, 198]);
}
