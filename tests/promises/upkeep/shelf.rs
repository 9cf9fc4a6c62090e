//! Spare parts: who takes one, who waits for one, and that a plant goes on from a snapshot with the parts it had.

use super::{hourly, linear, measure};
use crate::truth::seen::{Watched, units};
use twinwright_core::Twin;
use twinwright_core::plan::joined;
use twinwright_tests::{plan_of, scenario};

fn shelf(stock: u32, lead: &str) -> String {
    format!(
        "[maintenance]\npolicy = \"run-to-failure\"\n[maintenance.spares.part]\nstock = {stock}\nlead = {lead}\ncost = 20\n"
    )
}

#[test]
fn each_part_that_is_taken_is_ordered_anew() {
    // Fails at 10 and takes the part; the next comes at 40. Mended at 12, failed again at 22: waits until 40.
    let mut seen = hourly(&linear(10, 2), 1, 45, &shelf(1, "\"30 h\""));
    assert_eq!((seen.ticks_of(0, "failure"), seen.ticks_of(0, "repair")), (vec![10, 22], vec![12, 42]));
    let tally = seen.twin.tallies()[0].2.clone();
    assert_eq!((measure(&tally, "stockouts"), measure(&tally, "waited_parts_h")), (1.0, 18.0));
    assert_eq!((tally.cost_parts, tally.cost_unplanned), (40.0, 600.0));
    assert!((measure(&tally, "cost") - 640.0).abs() < 1e-9);
}

#[test]
fn without_a_stock_every_work_waits_for_its_order() {
    let mut seen = hourly(&linear(10, 2), 1, 45, &shelf(0, "\"5 h\""));
    // Failed at 10, part at 15, mended at 17; failed at 27, part at 32, mended at 34; failed at 44 and waiting.
    assert_eq!(seen.ticks_of(0, "repair"), [17, 34]);
    let tally = seen.twin.tallies()[0].2.clone();
    assert_eq!((measure(&tally, "stockouts"), measure(&tally, "waited_parts_h")), (3.0, 11.0));
    assert_eq!(tally.cost_parts, 40.0);
}

#[test]
fn who_asked_first_is_served_first_and_hands_go_to_who_can_begin() {
    // Three fail together with one part on the shelf and one fitter; two more come at 17.
    let rest = format!("{}\n", shelf(1, "\"7 h\"").replace("failure\"\n", "failure\"\ncrew = 1\n"));
    let seen = hourly(&linear(10, 2), 3, 24, &rest);
    let repairs: Vec<i64> = (0..3).map(|machine| seen.ticks_of(machine, "repair")[0]).collect();
    assert_eq!(repairs, [12, 19, 21]);
    // Another sort of failure needs no part and does not wait behind those that do.
    let machine = "[wear.part]\nlaw = \"linear\"\nlife = \"10 h\"\nrepair = { takes = \"2 h\" }\n\
                   [wear.fuse]\nlaw = \"linear\"\nlife = \"15 h\"\nrepair = { takes = \"1 h\" }\n\
                   [sensors.s]\nvalue = \"part\"\n";
    let text = "schema = \"scenario/1\"\ntitle = \"t\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"40 h\"\n\
                tick = \"1 h\"\n[[machine]]\nid = \"A\"\nkind = \"unit\"\n[[machine]]\nid = \"B\"\nkind = \"unit\"\n\
                set = { \"wear.part.life\" = \"1000 h\" }\n";
    let seen = crate::truth::seen::see(machine, &format!("{text}{}", rest.replace("stock = 1", "stock = 0")));
    assert_eq!(seen.ticks_of(1, "repair")[0], 16, "B's fuse, while A waits for its part");
    assert_eq!(seen.ticks_of(0, "repair")[0], 19);
}

#[test]
fn work_that_failed_half_way_keeps_its_part() {
    // Work from 20 to 30 with the only part; a wear fault at 25 breaks it: the repair fits the same part, 25 to 35.
    let rest = "[maintenance]\npolicy = \"periodic\"\nevery = \"20 h\"\n\
                [maintenance.spares.part]\nstock = 1\nlead = \"100 h\"\n\
                [[fault.wear]]\nmachine = \"U-1\"\nwear = \"part\"\nby = 2\nstart = \"+25 h\"\n";
    let mut seen = hourly(&linear(1000, 10), 1, 39, rest);
    assert_eq!(seen.ticks_of(0, "repair"), [35]);
    assert_eq!(measure(&seen.twin.tallies()[0].2, "stockouts"), 0.0);
}

#[test]
fn what_is_restored_along_takes_a_part_only_from_the_shelf() {
    let machine = "[wear.belt]\nlaw = \"linear\"\nlife = \"1000 h\"\nrepair = { takes = \"2 h\" }\n\
                   [wear.seal]\nlaw = \"linear\"\nlife = \"500 h\"\nrepair = { takes = \"9 h\" }\n\
                   [sensors.s]\nvalue = \"belt\"\n";
    let rest = "[maintenance]\npolicy = \"periodic\"\nevery = \"100 h\"\nrestores = [\"belt\"]\nopportunistic = 0.1\n\
                [maintenance.spares.seal]\nstock = 1\nlead = \"500 h\"\n";
    // Both at hour 100, where the second machine finds no seal: its work is the belt's alone, and waits for nothing.
    let mut seen = hourly(machine, 2, 120, rest);
    assert_eq!((seen.ticks_of(0, "repair"), seen.ticks_of(1, "repair")), (vec![109], vec![102]));
    let stockouts: f64 = seen.twin.tallies().iter().map(|(_, _, tally)| tally.stockouts).sum();
    assert_eq!(stockouts, 0.0);
}

#[test]
fn machines_that_share_a_shelf_are_one_world() {
    let plan = plan_of(&linear(10, 2), &scenario(5, "10 h", "1 h", &shelf(1, "\"7 h\"")));
    assert_eq!(joined(&plan), [[0, 1, 2, 3, 4]]);
    assert_eq!(joined(&plan_of(&linear(10, 2), &scenario(5, "10 h", "1 h", ""))).len(), 5);
}

#[test]
fn a_plant_goes_on_with_the_parts_it_had() {
    let machine = "[wear.part]\nlaw = \"weibull\"\nlife = \"60 h\"\nshape = 1.5\n\
                   repair = { takes = { lognormal = [\"6 h\", 1.5] } }\n[sensors.s]\nvalue = \"part\"\n";
    let rest = format!(
        "{}\n[futures]\ncount = 3\n",
        shelf(2, "{ exponential = \"30 h\" }").replace(
            "\"run-to-failure\"",
            "\"predictive\"\nlead = \"30 h\"\nrisk = 0.6\ncrew = 2\nhours = \"06:00-14:00\"\nopportunistic = 0.5"
        )
    );
    let text = scenario(8, "1000 h", "1 h", &rest);
    let mut whole = Watched::new(machine, &text);
    whole.twin.mute();
    whole.go_to(1000);
    let end = whole.twin.snapshot();
    let short: f64 = whole.twin.tallies().iter().map(|(_, _, tally)| tally.stockouts).sum();
    assert!(short > 20.0, "{short} works waited for a part: enough to see a difference");
    for tick in [1, 130, 517, 518, 519, 800] {
        let mut before = Watched::new(machine, &text);
        before.twin.mute();
        before.go_to(tick);
        let saved = before.twin.snapshot();
        let mut after = Twin::restore(&before.plan, &saved).expect("the same plan");
        after.mute();
        while after.now().is_some_and(|now| now < 1000) {
            after.tick(&twinwright_core::Batch::default());
        }
        assert_eq!(after.snapshot(), end, "restored at tick {tick}");
    }
}

/// How likely a Poisson number is `least` or more.
fn poisson_at_least(least: u32, mean: f64) -> f64 {
    let (mut term, mut below) = ((-mean).exp(), 0.0);
    for k in 0..least {
        below += term;
        term *= mean / f64::from(k + 1);
    }
    1.0 - below
}

#[test]
fn a_shelf_is_empty_as_often_as_poisson_says() {
    // 50 machines of exponential life 250 h, mended at once: demands are Poisson. A demand finds the shelf empty when
    // S or more were made within the lead time before it (each took a part that has not come back): P(D(L) >= S).
    // Works that wait at an instant are E(D(L) - S)+ on average, which is the sum of P(D >= k) for k above S; so they
    // add up to that many waiting hours an hour.
    let (machines, life, stock, lead, tick) = (50u32, 250.0, 3u32, 10.0, 0.5);
    let machine = "[wear.part]\nlaw = \"weibull\"\nlife = \"250 h\"\nshape = 1\nrepair = { takes = \"0 h\" }\n\
                   [sensors.s]\nvalue = \"part\"\n";
    let (futures, total, warm) = (units(600).max(60), 3_000.0, 100.0);
    let rest = format!("{}[futures]\ncount = {futures}\n", shelf(stock, "\"10 h\""));
    let mut watched = Watched::new(machine, &scenario(machines, "3000 h", "30 min", &rest));
    watched.twin.mute();
    let mut sums = vec![[0.0f64; 3]; futures as usize];
    for (until, sign) in [(warm, -1.0), (total, 1.0)] {
        watched.go_to((until / tick) as u32);
        for (future, _, tally) in watched.twin.tallies() {
            let found = [tally.failures, tally.stockouts, tally.waited_parts_h];
            sums[future as usize].iter_mut().zip(found).for_each(|(sum, part)| *sum += sign * part);
        }
    }
    // Machines that wait fail no further: the rate follows from those at work. Up a half tick longer than drawn, down
    // for a tick.
    let mut waiting = 0.0;
    let mut rate = 0.0;
    for _ in 0..20 {
        rate = (f64::from(machines) - waiting) / (life + 1.5 * tick);
        waiting = (stock + 1..60).map(|k| poisson_at_least(k, rate * lead)).sum();
    }
    // A part ordered at a tick is there at the tick a lead later, before that tick's demands: of its own tick a demand
    // sees half of the others.
    let expected = poisson_at_least(stock, rate * (lead - tick / 2.0));
    let (demands, short): (f64, f64) = sums.iter().fold((0.0, 0.0), |(a, b), sum| (a + sum[0], b + sum[1]));
    let ratio = short / demands;
    // The error of a ratio over independent futures.
    let square: f64 = sums.iter().map(|sum| (sum[1] - ratio * sum[0]).powi(2)).sum();
    let error = square.sqrt() / demands;
    assert!((ratio - expected).abs() < 4.5 * error, "{ratio} for {expected}, standard error {error}");
    assert!(error < 0.025 * expected, "standard error {error}");
    let hours = f64::from(futures) * (total - warm);
    let found = sums.iter().map(|sum| sum[2]).sum::<f64>() / hours;
    let mean = found * (total - warm);
    let spread: f64 = sums.iter().map(|sum| (sum[2] - mean).powi(2)).sum::<f64>().sqrt() / hours;
    assert!((found - waiting).abs() < 4.5 * spread + 0.01 * waiting, "{found} for {waiting}, standard error {spread}");
}
