//! The intervals of the filter hold the truth as often as they say, law by law.

use super::plant::{Plant, plan, site};
use crate::mirror::Mirror;
use twinwright_model::Mode;

/// A kind with one wear of some law, seen by sensors of different noise, memory, lag and resolution.
fn kind(wear: &str) -> String {
    format!(
        r#"
schema = "machine/1"
kind = "k"
[parameters]
trim = {{ normal = [1.0, 0.05] }}
[drivers]
load = {{ duty = "shifts" }}
[duty.shifts]
cycle = [ {{ for = "16 h", load = 0.9 }}, {{ for = "8 h", load = 0.6 }} ]
[wear.w]
{wear}
stress = "load^2 * running"
[sensors.vibration]
value = "1 + load + 6*w^2"
noise = {{ sd = 0.15 }}
[sensors.temperature]
value = "20 + 10*load*trim + 30*w^1.5"
noise = {{ sd = 0.8, memory = "1 h" }}
lag = "20 min"
resolution = 0.1
[sensors.current]
value = "5 + 40*load + 4*w*running"
noise = {{ sd = 1.0 }}
resolution = 0.5
[sensors.flow]
value = "80*trim*load"
noise = {{ sd = 1.5, memory = "30 min" }}
"#
    )
}

#[derive(Default)]
struct Count {
    held: usize,
    looked: usize,
    worst_end: f64,
    ended: usize,
    squares: f64,
    innovations: u64,
}

fn count(wear: &str, ids: &str, ticks: u32) -> Count {
    let plan = plan("k", &kind(wear), ids, "10 min", "");
    let site = site(&plan, &[]);
    let (mut plant, mut mirror, mut count) = (Plant::new(&site, true), Mirror::build(&site), Count::default());
    let machines = plan.machines.len() as u32;
    let mut over = vec![false; machines as usize];
    for tick in 0..ticks {
        let heard = plant.tick();
        mirror.tick(&heard);
        for machine in 0..machines {
            let at = machine as usize;
            if over[at] {
                continue;
            }
            let (estimate, _, (low, high)) = mirror.wear(machine, 0).unwrap();
            let truth = plant.wear(machine, 0);
            if plant.mode(machine) == Mode::Failed {
                over[at] = true;
                count.ended += 1;
                count.worst_end = count.worst_end.max((estimate - truth.min(1.0)).abs());
                continue;
            }
            if tick % 20 == 7 {
                count.looked += 1;
                count.held += usize::from(low <= truth && truth <= high);
            }
            if let Ok(who) = std::env::var("TRACE") && who.parse() == Ok(machine) && tick % 100 == 7 {
                let rate = mirror.standings[at].follower.estimate.x.as_slice();
                eprintln!("{tick} truth {truth:.5} est {estimate:.5} [{low:.5} {high:.5}] {:?}", rate);
            }
        }
        if over.iter().all(|over| *over) {
            break;
        }
    }
    for machine in 0..machines {
        let (squares, innovations) = mirror.consistency(machine).unwrap();
        count.squares += squares;
        count.innovations += innovations;
    }
    count
}

#[test]
fn the_interval_of_a_wear_holds_the_truth_nine_times_in_ten() {
    let laws = [
        ("linear", "law = \"linear\"\nlife = { lognormal = [\"1500 h\", 1.3] }"),
        ("exponential", "law = \"exponential\"\nshape = 3\nlife = { normal = [\"1500 h\", \"300 h\"] }"),
        ("wiener", "law = \"wiener\"\nlife = \"1500 h\"\nspread = 0.2"),
        ("wiener2", "law = \"wiener\"\nlife = { lognormal = [\"1500 h\", 1.1] }\nspread = 0.25"),
        ("gamma", "law = \"gamma\"\nlife = \"1500 h\"\nspread = 0.25"),
        ("gamma.15", "law = \"gamma\"\nlife = \"1500 h\"\nspread = 0.15"),
        ("weibull", "law = \"weibull\"\nlife = \"1500 h\"\nshape = 1.6"),
        ("weibull3", "law = \"weibull\"\nlife = \"1500 h\"\nshape = 3"),
        ("shock", "law = \"shock\"\nrate = 0.01\njump = { exponential = 0.06 }"),
    ];
    let only = std::env::var("LAW").ok();
    for (name, law) in laws {
        if only.as_ref().is_some_and(|only| only != name) { continue; }
        let c = count(law, "M-{101..140}", 40_000);
        eprintln!("{name:12} coverage {:.3} ({}) end {} worst {:.4} nis {:.3}", c.held as f64 / c.looked as f64, c.looked, c.ended, c.worst_end, c.squares / c.innovations as f64);
    }
}
