//! Leaping against stepping: the same events at the same ticks with the same details, and the same sums.

use super::explain::Division;
use super::group::Leaper;
use super::sort::Sorts;
use crate::futures::Asking;
use crate::measures::Tally;
use crate::plan::{Document, Library, Plan, compile};
use crate::twin::{Batch, Twin};
use crate::world::Outbox;
use std::sync::Arc;
use twinwright_model::EventRecord;

struct One(String);

impl Library for One {
    fn find(&self, kind: &str) -> Option<Document> {
        (kind == "unit").then(|| Document { name: "unit.toml".to_owned(), text: self.0.clone() })
    }

    fn known(&self) -> Vec<String> {
        vec!["unit".to_owned()]
    }
}

fn plan(machine: &str, count: u32, duration: &str, tick: &str, rest: &str) -> Arc<Plan> {
    let head = "schema = \"machine/1\"\nkind = \"unit\"\ntitle = \"Unit\"\n";
    let scenario = format!(
        "schema = \"scenario/1\"\ntitle = \"T\"\nseed = 5\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"{duration}\"\n\
         tick = \"{tick}\"\n[[machine]]\nid = \"U-{{1..{count}}}\"\nkind = \"unit\"\n{rest}"
    );
    let document = Document { name: "test.toml".to_owned(), text: scenario };
    Arc::new(compile(&document, &One(format!("{head}{machine}"))).unwrap_or_else(|faults| panic!("{faults:#?}")))
}

type Course = (Vec<EventRecord>, Vec<Tally>);

fn in_order(mut events: Vec<EventRecord>) -> Vec<EventRecord> {
    events.sort_by_key(|event| (event.time, event.future, event.machine));
    events
}

fn stepped(plan: &Arc<Plan>, future: u32) -> Course {
    let members = (0..plan.machines.len() as u32).collect();
    let mut twin = Twin::build_lean(plan, members, future..future + 1);
    for _ in 0..=plan.ticks {
        twin.tick(&Batch::default());
    }
    let mut tallies = Vec::new();
    twin.each_tally(|_, _, tally| tallies.push(tally));
    let events = std::mem::take(&mut twin.world.resource_mut::<Outbox>().events);
    let events = events.into_iter().filter(|event| event.event != "alert").collect();
    (in_order(events), tallies)
}

fn leapt(leapers: &mut [Leaper], future: u32) -> Course {
    let (mut events, mut tallies) = (Vec::new(), Vec::new());
    for leaper in leapers {
        leaper.outbox.muted = false;
        leaper.run(future);
        events.append(&mut leaper.outbox.events);
        tallies.extend(leaper.tallies());
    }
    tallies.sort_by_key(|(machine, _)| *machine);
    (in_order(events), tallies.into_iter().map(|(_, tally)| tally).collect())
}

fn leapers(plan: &Arc<Plan>) -> Vec<Leaper> {
    let asking = Asking { readings: false, limits: false, skip: true, named: false };
    let division = Division::of(plan, &asking);
    assert!(division.steppers.is_empty(), "{:?}", division.reasons);
    division.leapers
}

/// Compares some futures of a plan; returns how many failures there were.
fn compare(what: &str, plan: &Arc<Plan>, futures: u32) -> usize {
    let mut leapers = leapers(plan);
    let mut failures = 0;
    for future in 0..futures {
        let (events, tallies) = stepped(plan, future);
        let (leapt_events, leapt_tallies) = leapt(&mut leapers, future);
        for (at, (stepped, leapt)) in events.iter().zip(&leapt_events).enumerate() {
            assert_eq!(stepped, leapt, "{what}, future {future}, event {at}");
        }
        assert_eq!(events.len(), leapt_events.len(), "{what}, future {future}: {:?}", events.get(leapt_events.len()));
        failures += events.iter().filter(|event| event.event == "failure").count();
        for (machine, (stepped, leapt)) in tallies.iter().zip(&leapt_tallies).enumerate() {
            assert_eq!(stepped.hours, leapt.hours, "{what}, future {future}, machine {machine}");
            assert_eq!(stepped.first_failure_h, leapt.first_failure_h, "{what}, future {future}, machine {machine}");
            let same = |(a, b): (f64, f64)| (a - b).abs() <= 1e-6 * a.abs().max(b.abs());
            let parts = stepped.parts().into_iter().zip(leapt.parts());
            assert!(parts.clone().all(same), "{what}, future {future}, machine {machine}: {stepped:#?} {leapt:#?}");
        }
    }
    failures
}

const LAWS: [(&str, &str); 6] = [
    ("linear", "law = \"linear\"\nlife = \"40 h\"\n"),
    ("exponential", "law = \"exponential\"\nlife = \"40 h\"\n"),
    ("wiener", "law = \"wiener\"\nlife = \"40 h\"\nspread = 0.4\n"),
    ("gamma", "law = \"gamma\"\nlife = \"40 h\"\nspread = 0.3\n"),
    ("weibull", "law = \"weibull\"\nlife = \"40 h\"\nshape = 1.5\n"),
    ("shock", "law = \"shock\"\nrate = 0.2\njump = { uniform = [0.05, 0.3] }\n"),
];

const SENSOR: &str = "[sensors.s]\nvalue = \"part\"\n";

const REPAIR: &str = "repair = { takes = { lognormal = [\"3 h\", 1.5] }, cost = 70, planned_cost = 20, restores_to = { uniform = [0, 0.2] } }\n";

/// A law with a stress that follows a duty cycle, output whose scrap follows the wear, and power.
fn working(law: &str) -> String {
    format!(
        "[drivers]\nload = {{ duty = \"shift\" }}\nwork = {{ expr = \"load * running\" }}\n\
         ambient = {{ mean = 20, swing = 5, period = \"1 d\" }}\n\
         [duty.shift]\ncycle = [ {{ for = \"7 h\", load = 0.9 }}, {{ for = \"100 min\", load = 0.3, mode = \"idle\" }}, \
         {{ for = \"3 h\", load = 1.2 }} ]\n\
         [wear.part]\n{law}stress = \"0.2 + work^2\"\n{REPAIR}\
         [sensors.s]\nvalue = \"ambient + part\"\n\
         [production]\nrate = \"60 * work\"\nideal = 60\nscrap = \"0.01 + 0.3 * part + 0.1 * part^2\"\n\
         [costs]\npower = \"5 * work\"\nenergy = 0.2\ndowntime = 100\nscrap = 1\n"
    )
}

#[test]
fn every_law_fails_at_the_same_ticks() {
    for (name, law) in LAWS {
        let machine = format!("[wear.part]\n{law}{REPAIR}{SENSOR}");
        for tick in ["1 min", "7 min", "1 h"] {
            let failures = compare(&format!("{name} at {tick}"), &plan(&machine, 3, "30 d", tick, ""), 2);
            assert!(failures > 15, "{name}: {failures}");
            let plan = plan(&working(law), 2, "15 d", tick, "");
            let failures = compare(&format!("{name} at work, {tick}"), &plan, 2);
            assert!(failures > 5, "{name}: {failures}");
        }
    }
}

#[test]
fn crews_links_policies_and_faults_do_the_same() {
    let links = "[[link]]\nfrom = \"U-1\"\nto = \"U-2\"\nkind = \"feeds\"\n[[link]]\nfrom = \"U-2\"\nto = \"U-3\"\nkind = \"controls\"\n\
                 [[link]]\nfrom = \"U-3\"\nto = \"U-4\"\nkind = \"contains\"\n";
    let faults = "[[fault.wear]]\nmachine = \"U-1\"\nwear = \"part\"\nby = 0.4\nevery = { exponential = \"2 d\" }\n\
                  [[fault.trip]]\nmachine = \"U-2\"\nevery = { exponential = \"30 h\" }\nlasts = \"5 h\"\n\
                  [[fault.shift]]\nmachine = \"U-3\"\ndriver = \"load\"\nby = 0.4\nevery = { exponential = \"40 h\" }\nlasts = \"9 h\"\n\
                  [[fault.drift]]\nmachine = \"U-3\"\nsensor = \"s\"\nrate = 0.4\nstart = \"+3 d\"\nlasts = \"6 h\"\n";
    let script = "[[at]]\ntime = \"+2 d\"\nmachine = \"U-1\"\nset = { load = 1.5 }\nlasts = \"13 h\"\n\
                  [[at]]\ntime = \"+5 d\"\nmachine = \"U-2\"\nset = { mode = \"offline\" }\nlasts = { uniform = [\"3 h\", \"30 h\"] }\n";
    let policies = [
        "",
        "[maintenance]\npolicy = \"run-to-failure\"\ncrew = 1\n",
        "[maintenance]\npolicy = \"periodic\"\nevery = \"29 h\"\ncrew = 2\n",
        "[maintenance]\npolicy = \"periodic\"\nby = \"operating\"\nevery = \"23 h\"\ncrew = 1\n",
        "[maintenance]\npolicy = \"condition\"\nwhen = \"part > 0.7\"\ndelay = \"90 min\"\n",
        "[maintenance]\npolicy = \"condition\"\nwhen = \"0.6 <= part\"\ncrew = 1\n",
        "[maintenance]\npolicy = \"predictive\"\nlead = \"6 h\"\nrisk = 0.3\nopportunistic = 0.4\n",
        "[maintenance]\npolicy = \"periodic\"\nevery = \"29 h\"\nhours = \"06:00-14:00\"\ndays = [\"mon\", \"tue\", \"fri\"]\n\
         [maintenance.spares.part]\nstock = 1\nlead = { exponential = \"20 h\" }\ncost = 5\n",
    ];
    for (name, law) in LAWS {
        for (at, policy) in policies.iter().enumerate() {
            let rest = format!("{links}{faults}{script}{policy}");
            let plan = plan(&working(law), 4, "12 d", ["1 min", "10 min"][at % 2], &rest);
            let failures = compare(&format!("{name}, policy {at}"), &plan, 1);
            assert!(failures > 1, "{name}, policy {at}: {failures}");
        }
    }
}

#[test]
fn what_moves_by_itself_steps() {
    let machine = |drivers: &str, stress: &str| {
        format!("[drivers]\n{drivers}\n[wear.part]\nlaw = \"linear\"\nlife = \"40 h\"\nstress = \"{stress}\"\n{SENSOR}")
    };
    let cases = [
        ("a = { walk = { mean = 1, sd = 0.1, memory = \"1 h\" } }", "a", "its stress reads `a`, a random walk"),
        (
            "a = { mean = 1, swing = 1, period = \"1 d\" }\nb = { expr = \"2 * a\" }",
            "b",
            "its stress reads `a`, which swings",
        ),
        ("a = 2", "1 + part * a", "its stress follows the wear `part`"),
        ("a = 2", "1 + 0 * s", "its stress reads the sensor `s`"),
    ];
    for (drivers, stress, expected) in cases {
        let plan = plan(&machine(drivers, stress), 1, "1 d", "1 min", "");
        let why = Sorts::default().refusal(&plan, 0);
        assert_eq!(why.as_deref(), Some(expected));
    }
}
