//! The script and the links: what is set acts in its row, conditions in the row after, and a stopped machine starves
//! those behind it.

use super::seen::{Seen, see};
use twinwright_model::Mode;
use twinwright_tests::scenario;

const MACHINE: &str = "[drivers]\nx = { mean = 0, swing = 10, period = \"1 h\" }\nload = 1\n\
                       [sensors.s]\nvalue = \"x\"\n[sensors.l]\nvalue = \"load\"\n[sensors.r]\nvalue = \"running\"\n";

fn run(count: u32, minutes: u32, rest: &str) -> Seen {
    see(MACHINE, &scenario(count, &format!("{minutes} min"), "1 min", rest))
}

#[test]
fn what_is_set_at_a_time_acts_in_the_first_row_at_or_after_it() {
    let rest = "[[at]]\ntime = \"+10 min\"\nmachine = \"U-1\"\nset = { load = 2 }\n\
                [[at]]\ntime = \"+1201 s\"\nmachine = \"U-1\"\nset = { load = 3 }\n\
                [[at]]\ntime = \"2026-01-01T00:30:00Z\"\nmachine = \"U-1\"\nset = { load = 4 }\nlasts = \"5 min\"\n";
    for (row, load) in run(1, 60, rest).true_values(0, "l").into_iter().enumerate() {
        let expected = match row {
            0..10 => 1.0,
            10..21 => 2.0,
            30..35 => 4.0,
            _ => 3.0,
        };
        assert_eq!(load, expected, "row {row}");
    }
}

#[test]
fn a_mode_that_is_set_acts_in_its_row_and_is_given_back() {
    let rest = "[[at]]\ntime = \"+10 min\"\nmachine = \"U-1\"\nset = { mode = \"idle\" }\nlasts = \"7 min\"\n";
    let seen = run(1, 30, rest);
    for (row, (mode, running)) in seen.modes(0).into_iter().zip(seen.true_values(0, "r")).enumerate() {
        let idle = (10..17).contains(&row);
        assert_eq!((mode == Mode::Idle, running), (idle, f64::from(u8::from(!idle))), "row {row}");
    }
}

#[test]
fn a_condition_that_has_held_for_its_time_acts_at_the_tick_after() {
    // x = 10 sin(2 pi t / 60 min) is above 8 from row 9 (8.09) to row 21 (8.09), below at 8 and 22 (7.43).
    let at = |hold: &str, once: &str| {
        let seen = run(
            1,
            120,
            &format!("[[at]]\nwhen = \"U-1.s > 8{hold}\"\n{once}set = {{ load = 5 }}\nlasts = \"2 min\"\n"),
        );
        let loads = seen.true_values(0, "l");
        (1..loads.len()).filter(|row| loads[*row] == 5.0 && loads[row - 1] == 1.0).collect::<Vec<_>>()
    };
    assert_eq!(at("", ""), [10, 70], "once in each spell");
    assert_eq!(at(" for 4 min", ""), [14, 74]);
    assert_eq!(at(" for 250 s", ""), [15, 75], "4 min 10 s are over at the fifth row");
    assert_eq!(at(" for 12 min", ""), [22, 82]);
    assert_eq!(at(" for 13 min", ""), [] as [usize; 0]);
    assert_eq!(at(" for 4 min", "once = true\n"), [14]);
}

#[test]
fn a_condition_may_read_several_machines_and_set_another() {
    let rest = "[[at]]\ntime = \"+10 min\"\nmachine = \"U-2\"\nset = { load = 0.2 }\n\
                [[at]]\nwhen = \"U-1.load - U-2.load > 0.5\"\nmachine = \"U-3\"\nset = { mode = \"idle\" }\n";
    let seen = run(3, 20, rest);
    assert_eq!(seen.ticks_of(2, "mode"), [11]);
    assert!(seen.ticks_of(0, "mode").is_empty() && seen.ticks_of(1, "mode").is_empty());
}

const CHAIN: &str = "[[link]]\nfrom = \"U-1\"\nto = \"U-2\"\nkind = \"feeds\"\n\
                     [[link]]\nfrom = \"U-2\"\nto = \"U-3\"\nkind = \"feeds\"\n";

#[test]
fn a_stopped_machine_starves_the_whole_line_behind_it() {
    let rest = format!("{CHAIN}[[fault.trip]]\nmachine = \"U-1\"\nstart = \"+10 min\"\nlasts = \"20 min\"\n");
    let mut seen = run(4, 60, &rest);
    let stopped = |row: usize| (10..30).contains(&row);
    for row in 0..=60 {
        let modes = [0, 1, 2, 3].map(|machine| seen.modes(machine)[row]);
        let expected =
            if stopped(row) { [Mode::Failed, Mode::Idle, Mode::Idle, Mode::Running] } else { [Mode::Running; 4] };
        assert_eq!(modes, expected, "row {row}");
    }
    // Starved is standby, not down.
    let tallies = seen.twin.tallies();
    for machine in [1, 2] {
        let tally = &tallies[machine].2;
        assert_eq!(tally.measure("availability"), Some(1.0));
        assert!((tally.measure("e10_sby_h").unwrap_or(0.0) - 20.0 / 60.0).abs() < 1e-12);
    }
}

#[test]
fn a_machine_with_two_feeders_starves_only_when_both_stand() {
    let rest = "[[link]]\nfrom = \"U-2\"\nto = \"U-1\"\nkind = \"feeds\"\n\
                [[link]]\nfrom = \"U-3\"\nto = \"U-1\"\nkind = \"feeds\"\n\
                [[fault.trip]]\nmachine = \"U-2\"\nstart = \"+10 min\"\nlasts = \"20 min\"\n\
                [[fault.trip]]\nmachine = \"U-3\"\nstart = \"+20 min\"\nlasts = \"20 min\"\n";
    for (row, mode) in run(3, 60, rest).modes(0).into_iter().enumerate() {
        assert_eq!(mode == Mode::Idle, (20..30).contains(&row), "row {row}: {mode}");
    }
}

#[test]
fn what_is_inside_a_machine_in_maintenance_is_so_too_and_what_it_controls_idles() {
    let rest = "[[link]]\nfrom = \"U-1\"\nto = \"U-2\"\nkind = \"contains\"\n\
                [[link]]\nfrom = \"U-1\"\nto = \"U-3\"\nkind = \"controls\"\n\
                [[at]]\ntime = \"+10 min\"\nmachine = \"U-1\"\nset = { mode = \"maintenance\" }\nlasts = \"5 min\"\n";
    let seen = run(3, 30, rest);
    for row in 0..=30 {
        let expected = if (10..15).contains(&row) {
            [Mode::Maintenance, Mode::Maintenance, Mode::Idle]
        } else {
            [Mode::Running; 3]
        };
        assert_eq!([0, 1, 2].map(|machine| seen.modes(machine)[row]), expected, "row {row}");
    }
}
