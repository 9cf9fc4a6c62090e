//! Planned work: by age, by the calendar, on condition, and with few hands.

use super::{measure, plant};
use crate::truth::seen::{Seen, Watched, see};
use twinwright_model::Mode;
use twinwright_tests::scenario;

fn hourly(machine: &str, count: u32, hours: u32, rest: &str) -> Seen {
    see(machine, &scenario(count, &format!("{hours} h"), "1 h", rest))
}

fn linear(life: u32, takes: u32) -> String {
    format!(
        "[wear.part]\nlaw = \"linear\"\nlife = \"{life} h\"\n\
         repair = {{ takes = \"{takes} h\", cost = 300, planned_cost = 50 }}\n[sensors.s]\nvalue = \"part\"\n"
    )
}

#[test]
fn age_replacement_comes_after_so_many_operating_hours_since_the_last() {
    let rest = "[maintenance]\npolicy = \"periodic\"\nevery = \"30 h\"\nby = \"operating\"\n";
    let mut seen = hourly(&linear(100, 4), 1, 200, rest);
    assert_eq!(seen.ticks_of(0, "maintenance"), [30, 64, 98, 132, 166, 200]);
    assert_eq!(seen.ticks_of(0, "repair"), [34, 68, 102, 136, 170]);
    assert!(seen.ticks_of(0, "failure").is_empty());
    let tally = seen.twin.tallies()[0].2.clone();
    assert_eq!(tally.planned_works, 6.0);
    assert_eq!(measure(&tally, "cost_planned"), 300.0);
    assert_eq!((measure(&tally, "e10_sdt_h"), measure(&tally, "e10_udt_h")), (20.0, 0.0));
}

#[test]
fn age_replacement_does_not_count_idle_hours() {
    let machine = format!(
        "[drivers]\nload = {{ duty = \"d\" }}\n[duty.d]\n\
         cycle = [ {{ for = \"10 h\", load = 1 }}, {{ for = \"10 h\", load = 0, mode = \"idle\" }} ]\n{}",
        linear(1000, 2)
    );
    let rest = "[maintenance]\npolicy = \"periodic\"\nevery = \"25 h\"\nby = \"operating\"\n";
    // 10 h of each 20: 25 operating hours are over at 45 h. The work takes 2 h of running time, 3 h are left of that
    // spell; then 60 to 70, 80 to 90, and 2 h of the next.
    assert_eq!(hourly(&machine, 1, 110, rest).ticks_of(0, "maintenance"), [45, 102]);
}

#[test]
fn age_replacement_starts_anew_after_a_failure_and_block_replacement_does_not() {
    let machine = linear(25, 5);
    let by = |by: &str| format!("[maintenance]\npolicy = \"periodic\"\nevery = \"40 h\"\nby = \"{by}\"\n");
    let age = hourly(&machine, 1, 200, &by("operating"));
    assert!(age.ticks_of(0, "maintenance").is_empty(), "it always fails at 25 h, before it is 40 h old");
    assert_eq!(age.ticks_of(0, "failure"), [25, 55, 85, 115, 145, 175]);
    // Block: at 40, 80, 120 ... whatever happened. Failed 25-30, swapped 40-45, failed 70-75, swapped 80-85 ...
    let block = hourly(&machine, 1, 200, &by("calendar"));
    assert_eq!(block.ticks_of(0, "maintenance"), [40, 80, 120, 160, 200]);
    assert_eq!(block.ticks_of(0, "failure"), [25, 70, 110, 150, 190]);
}

#[test]
fn block_replacement_comes_by_the_calendar_on_all_machines() {
    let rest = "[maintenance]\npolicy = \"periodic\"\nevery = \"50 h\"\n";
    let seen = hourly(&linear(1000, 3), 4, 240, rest);
    for machine in 0..4 {
        assert_eq!(seen.ticks_of(machine, "maintenance"), [50, 100, 150, 200], "machine {machine}");
    }
    let mut watched = Watched::new(&linear(1000, 3), &scenario(4, "240 h", "1 h", rest));
    watched.go_to(240);
    let sum = plant(&mut watched);
    assert_eq!((sum.planned_works, measure(&sum, "cost_planned"), measure(&sum, "e10_sdt_h")), (16.0, 800.0, 48.0));
}

#[test]
fn a_calendar_that_does_not_fit_the_tick_stays_on_the_calendar() {
    // 100 min at a tick of 1 h: due at 1:40, 3:20, 5:00 ..., done at the first tick after.
    let rest = "[maintenance]\npolicy = \"periodic\"\nevery = \"500 min\"\n";
    let seen = hourly(&linear(1000, 1), 1, 60, rest);
    let expected: Vec<i64> = (1..=7).map(|k: i64| (k * 500 + 59) / 60).collect();
    assert_eq!(seen.ticks_of(0, "maintenance"), expected);
}

#[test]
fn work_restores_only_the_wears_that_it_names() {
    let machine = "[wear.belt]\nlaw = \"linear\"\nlife = \"1000 h\"\nrepair = { takes = \"2 h\" }\n\
                   [wear.seal]\nlaw = \"linear\"\nlife = \"500 h\"\nrepair = { takes = \"9 h\" }\n\
                   [sensors.s]\nvalue = \"belt\"\n";
    let rest = "[maintenance]\npolicy = \"periodic\"\nevery = \"100 h\"\nrestores = [\"belt\"]\n";
    let seen = hourly(machine, 1, 110, rest);
    let (belt, seal) = (seen.wear(0, "belt"), seen.wear(0, "seal"));
    assert_eq!(seen.ticks_of(0, "repair"), [102]);
    assert_eq!((belt[100], belt[101], belt[102]), (0.1, 0.1, 0.0));
    assert_eq!((seal[100], seal[102]), (0.2, 0.2));
    assert!((seal[110] - 108.0 / 500.0).abs() < 1e-14 && (belt[110] - 8.0 / 1000.0).abs() < 1e-14);
}

#[test]
fn work_on_condition_begins_its_delay_after_the_condition_is_seen() {
    let at_half = "[maintenance]\npolicy = \"condition\"\nwhen = \"part >= 0.5\"\n";
    let seen = hourly(&linear(100, 6), 1, 200, at_half);
    // Seen at hour 50, begun at the tick after; done at 57; 50 h old again at 107.
    assert_eq!(seen.ticks_of(0, "maintenance"), [51, 108, 165]);
    assert_eq!(seen.ticks_of(0, "repair"), [57, 114, 171]);
    let later = format!("{at_half}delay = \"5 h\"\n");
    assert_eq!(hourly(&linear(100, 6), 1, 150, &later).ticks_of(0, "maintenance"), [55, 116]);
}

#[test]
fn a_crew_of_one_never_works_on_two_machines_at_once() {
    let machine = "[wear.part]\nlaw = \"weibull\"\nlife = \"60 h\"\nshape = 1.5\n\
                   repair = { takes = { lognormal = [\"10 h\", 1.5] } }\n[sensors.s]\nvalue = \"part\"\n";
    for (crew, policy) in [(1, "run-to-failure"), (2, "run-to-failure"), (1, "periodic")] {
        let every = if policy == "periodic" { "every = \"50 h\"\n" } else { "" };
        let rest = format!("[maintenance]\npolicy = \"{policy}\"\n{every}crew = {crew}\n");
        let seen = hourly(machine, 12, 2000, &rest);
        // A repair says how long it took with hands on it or not; work in maintenance always has hands.
        let rows = seen.truth.time.len() / 12;
        let mut busiest = 0;
        for row in 0..rows {
            let in_work = (0..12).filter(|m| seen.truth.mode[row * 12 + m] == Mode::Maintenance).count();
            assert!(in_work <= crew, "row {row}: {in_work} machines in maintenance with a crew of {crew}");
            busiest = busiest.max(in_work);
        }
        assert!(policy != "periodic" || busiest == crew);
        // Repairs end at most `crew` at a time in any stretch shorter than the shortest work; and the line is kept:
        // who failed first is repaired first.
        let mut failed: Vec<(i64, u32)> = Vec::new();
        let mut mended: Vec<(i64, u32)> = Vec::new();
        for event in seen.events.iter().filter(|event| event.machine < 12) {
            let tick = seen.tick_at(event.time);
            match event.event {
                "failure" => failed.push((tick, event.machine)),
                "repair" if event.detail["planned"] == false => mended.push((tick, event.machine)),
                _ => {}
            }
        }
        assert!(mended.len() > 50, "{} repairs", mended.len());
        if crew == 1 && policy == "run-to-failure" {
            failed.sort_unstable();
            let order: Vec<u32> = failed.iter().map(|(_, machine)| *machine).take(mended.len()).collect();
            assert_eq!(order, mended.iter().map(|(_, machine)| *machine).collect::<Vec<_>>());
        }
    }
}

#[test]
fn two_machines_that_fail_together_are_repaired_one_after_the_other_by_one_crew() {
    let seen = hourly(&linear(10, 4), 3, 25, "[maintenance]\npolicy = \"run-to-failure\"\ncrew = 1\n");
    let repairs: Vec<i64> = (0..3).map(|machine| seen.ticks_of(machine, "repair")[0]).collect();
    assert_eq!(repairs, [14, 18, 22]);
    assert!(seen.modes(2)[10..22].iter().all(|mode| *mode == Mode::Failed));
    let free = hourly(&linear(10, 4), 3, 25, "");
    assert!((0..3).all(|machine| free.ticks_of(machine, "repair")[0] == 14));
}

#[test]
fn a_failure_in_the_middle_of_planned_work_gets_its_whole_repair() {
    // Work from 20 to 30; a wear fault at 25 breaks the part in the workshop: ten hours of repair from there.
    let machine = linear(1000, 10);
    let rest = "[maintenance]\npolicy = \"periodic\"\nevery = \"20 h\"\n\
                [[fault.wear]]\nmachine = \"U-1\"\nwear = \"part\"\nby = 2\nstart = \"+25 h\"\n";
    let seen = hourly(&machine, 1, 39, rest);
    assert_eq!(seen.ticks_of(0, "maintenance"), [20]);
    assert_eq!(seen.ticks_of(0, "failure"), [25]);
    assert_eq!(seen.ticks_of(0, "repair"), [35]);
}
