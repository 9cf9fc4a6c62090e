//! A state that was kept goes on as if it had never been away, with what feeds said since.

use super::{finished, name_of, settings, written};
use crate::store::Base;
use crate::store::links::link;
use crate::wires::run;
use serde_json::Value;
use std::sync::Arc;
use twinwright::memory;
use twinwright_core::digest::Hash;
use twinwright_core::snapshot::Snapshot;
use twinwright_core::{Batch, Input, Plan, Twin};
use twinwright_io::store::chronicle::{self, Begun, CheckpointRow, LoggedInput, Plant, Unit};
use twinwright_io::store::runs::RunHeading;
use twinwright_io::store::{Link, checkpoints};
use twinwright_model::Time;
use twinwright_tests::{Scratch, plan_of, project, scenario};

/// Ticks from a checkpoint to where digests are compared.
const ON: u32 = 1_000;

/// Numbers without a pattern, the same in every run of the test.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        let mut hash = Hash::default();
        hash.number(self.0);
        self.0 += 1;
        (hash.finish() % u128::from(bound)) as u32
    }
}

fn heading(plan: &Plan) -> RunHeading {
    RunHeading {
        kind: "scenario",
        scenario: "restored".to_owned(),
        title: plan.title.clone(),
        document: String::new(),
        changes: serde_json::json!({}),
        study: None,
        variant: None,
        seed: 1,
        futures: 1,
        machines: plan.machines.len() as u32,
        start: plan.start,
        tick: plan.tick,
        plan_digest: format!("{:032x}", plan.digest),
        version: "test".to_owned(),
        command: "test".to_owned(),
        began: Time(0),
    }
}

fn digest(twin: &mut Twin, plan: &Plan, tick: u32) -> u128 {
    twin.digests().combine(plan, tick)
}

/// Shipped scenarios with faults, links, spares, groups and conditions, and how many states of each are kept.
const SCENARIOS: [(&str, usize); 8] = [
    ("machine-shop", 12),
    ("pumps-spare-bearings", 13),
    ("starved-line", 12),
    ("process-faults-labelled", 13),
    ("sensor-faults-labelled", 12),
    ("pumps-on-condition", 13),
    ("shed-load-on-vibration", 12),
    ("fab-bay-month", 13),
];

fn shipped(name: &str) -> Arc<Plan> {
    let mut settings = twinwright::run::Settings::of(&project().join("scenarios").join(format!("{name}.toml")));
    settings.quiet = true;
    let mut plan = twinwright::run::plan(&settings).expect("a shipped scenario is fine");
    plan.futures = 1;
    Arc::new(plan)
}

async fn keep(link: &mut Link, begun: &Begun, plan: &Plan, number: u32, snapshot: &Snapshot) {
    let tick = snapshot.tick.expect("a state of a tick");
    let checkpoint = CheckpointRow {
        tick,
        time: plan.time_of(i64::from(tick)),
        state_digest: format!("{:032x}", snapshot.digest(plan)),
        plan_digest: format!("{:032x}", plan.digest),
        engine: "test".to_owned(),
        packed: checkpoints::pack(&snapshot.seal()).expect("it packs"),
        taken: Time(0),
        states: Vec::new(),
        performance: Vec::new(),
    };
    let unit = Unit { number, checkpoint: Some(checkpoint), ..Unit::default() };
    unit.write(link, begun).await.expect("it is written");
    // A piece whose answer was lost goes again.
    unit.write(link, begun).await.expect("and changes nothing");
}

#[test]
fn a_hundred_states_from_a_store_go_on_to_the_same_end() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    let (mut numbers, mut compared) = (Numbers(7), 0);
    for (name, count) in SCENARIOS {
        let plan = shipped(name);
        let last = plan.ticks.min(1_500 + ON);
        let mut ticks: Vec<u32> = Vec::new();
        while ticks.len() < count {
            let tick = numbers.below(last.saturating_sub(ON).max(count as u32 + 1));
            if !ticks.contains(&tick) {
                ticks.push(tick);
            }
        }
        let (mut twin, mut states, mut ends) = (Twin::build(&plan), Vec::new(), Vec::new());
        for tick in 0..=ticks.iter().max().unwrap() + ON {
            twin.tick(&Batch::default());
            if ticks.contains(&tick) {
                states.push(twin.snapshot());
                assert_eq!(states.last().unwrap().digest(&plan), digest(&mut twin, &plan, tick), "{name} at {tick}");
            }
            if tick >= ON && ticks.contains(&(tick - ON)) {
                ends.push(digest(&mut twin, &plan, tick));
            }
        }
        for base in &bases {
            run(async {
                let mut link = link(base).await;
                let begun = chronicle::begin(&mut link, &heading(&plan), &Plant::default()).await.expect("it begins");
                for (number, state) in states.iter().enumerate() {
                    keep(&mut link, &begun, &plan, number as u32 + 1, state).await;
                }
                for (state, end) in states.iter().zip(&ends) {
                    let tick = state.tick.unwrap();
                    let found = checkpoints::at_tick(&mut link, begun.run, tick).await.unwrap().expect("it is there");
                    let back = Snapshot::unseal(&checkpoints::unpack(&found.packed).unwrap()).unwrap();
                    assert!(back == *state, "{name} at {tick}");
                    let mut twin = Twin::restore(&plan, &back).expect("it fits its plan");
                    (0..ON).for_each(|_| twin.tick(&Batch::default()));
                    assert_eq!(digest(&mut twin, &plan, tick + ON), *end, "{name} at {tick}");
                    compared += 1;
                }
                link.close().await;
            });
        }
    }
    assert_eq!(compared, 200);
}

#[test]
fn whatever_is_done_to_the_bytes_of_a_state_is_recognised() {
    let plan = shipped("machine-shop");
    let mut twin = Twin::build(&plan);
    (0..500).for_each(|_| twin.tick(&Batch::default()));
    let packed = checkpoints::pack(&twin.snapshot().seal()).unwrap();
    let mut numbers = Numbers(1);
    for _ in 0..2_000 {
        let mut damaged = packed.clone();
        damaged[numbers.below(packed.len() as u32) as usize] ^= 1 << numbers.below(8);
        assert!(checkpoints::unpack(&damaged).is_err());
    }
    for _ in 0..500 {
        assert!(checkpoints::unpack(&packed[..numbers.below(packed.len() as u32) as usize]).is_err());
    }
    // And the same without the store's own checksum.
    let sealed = twin.snapshot().seal();
    for _ in 0..2_000 {
        let mut damaged = sealed.clone();
        damaged[numbers.below(sealed.len() as u32) as usize] ^= 1 << numbers.below(8);
        assert!(Snapshot::unseal(&damaged).is_err());
    }
    for _ in 0..500 {
        assert!(Snapshot::unseal(&sealed[..numbers.below(sealed.len() as u32) as usize]).is_err());
    }
}

/// What a feed said of the load before some ticks.
fn said(tick: u32) -> Option<f64> {
    (tick % 7 == 3).then(|| f64::from(tick % 11) / 10.0)
}

fn batch(tick: u32) -> Batch {
    let input = |machine: u32, value: f64| Input { machine, future: 0, driver: "load".to_owned(), value };
    Batch { inputs: said(tick).into_iter().flat_map(|value| [input(0, value), input(1, value / 2.0)]).collect() }
}

#[test]
fn a_state_and_the_log_of_inputs_give_the_state_of_what_was_never_interrupted() {
    let wear = "law = \"wiener\"\nlife = \"90 h\"\nspread = 0.1\nstress = \"1 + load\"\nrepair = { takes = \"5 h\" }\n";
    let machine = format!(
        "[drivers]\nload = 1\n[wear.part]\n{wear}[sensors.a]\nvalue = \"load + part\"\nnoise = {{ sd = 0.1 }}\n"
    );
    let plan = plan_of(&machine, &scenario(2, "1000 h", "1 h", ""));
    let scratch = Scratch::new();
    let names: Vec<String> = plan.machines.iter().map(|machine| machine.id.to_string()).collect();
    let (mut twin, mut log, mut states) = (Twin::build(&plan), Vec::new(), Vec::new());
    for tick in 0..=900 {
        let batch = batch(tick);
        log.extend(batch.inputs.iter().map(|input| LoggedInput {
            tick,
            machine: names[input.machine as usize].clone(),
            driver: input.driver.clone(),
            value: input.value,
        }));
        twin.tick(&batch);
        if tick % 150 == 80 {
            states.push(twin.snapshot());
        }
    }
    let end = digest(&mut twin, &plan, 900);
    for base in Base::both(&scratch) {
        run(async {
            let mut link = link(&base).await;
            let begun = chronicle::begin(&mut link, &heading(&plan), &Plant::default()).await.expect("it begins");
            chronicle::log_inputs(&mut link, begun.run, &log).await.expect("they are logged");
            chronicle::log_inputs(&mut link, begun.run, &log).await.expect("and once is enough");
            assert_eq!(chronicle::inputs_between(&mut link, begun.run, None, 900).await.unwrap(), log);
            for state in &states {
                let mut inputs = chronicle::inputs_between(&mut link, begun.run, state.tick, 900)
                    .await
                    .unwrap()
                    .into_iter()
                    .peekable();
                let mut twin = Twin::restore(&plan, state).unwrap();
                for tick in state.tick.unwrap() + 1..=900 {
                    let mut batch = Batch::default();
                    while let Some(one) = inputs.next_if(|one| one.tick == tick) {
                        let machine = plan.machine_index(&one.machine).unwrap();
                        batch.inputs.push(Input { machine, future: 0, driver: one.driver, value: one.value });
                    }
                    twin.tick(&batch);
                }
                assert_eq!(digest(&mut twin, &plan, 900), end, "from {:?}", state.tick);
            }
            link.close().await;
        });
    }
}

/// The same but for the last digit of a number, which a reader of JSON may lose.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|other| alike(value, other)))
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= 4.0 * f64::EPSILON * a.abs()
        }
        _ => a == b,
    }
}

#[test]
fn the_state_of_any_instant_is_the_one_that_was() {
    let scratch = Scratch::new();
    let path = written(&scratch, "line.toml", "");
    for base in Base::both(&scratch) {
        let url = base.url();
        let mut asked = settings(&path, &scratch.join("out"), &url);
        asked.until = Some("+12 d".to_owned());
        let outcome = finished(&asked);
        let plan = Arc::new(twinwright::run::plan(&asked).unwrap());
        // At a checkpoint, between two, off the ticks, and at the end.
        for minutes in [0, 10, 4_321, 8_640, 12_345, 12 * 1_440] {
            let at = Time(plan.start.0 + minutes * 60_000_000_000);
            let found = memory::as_of(&url, Some(name_of(&outcome)), at).unwrap_or_else(|trouble| panic!("{trouble}"));
            let mut twin = Twin::build(&plan);
            (0..=minutes / 10).for_each(|_| twin.tick(&Batch::default()));
            assert_eq!(found.time, plan.time_of(minutes / 10));
            let wanted = twin.portraits();
            assert_eq!(found.machines.len(), wanted.len());
            for ((name, state), (machine, wanted)) in found.machines.iter().zip(&wanted) {
                assert_eq!(name, &*plan.machines[*machine as usize].id);
                assert!(alike(state, wanted), "{name} after {minutes} min: {state:#} and {wanted:#}");
            }
        }
        let before = memory::as_of(&url, None, Time(plan.start.0 - 1)).unwrap_err().to_string();
        assert!(before.contains("no run knows its state"), "{before}");
        let after = memory::as_of(&url, Some("line-1"), Time(plan.start.0 + 13 * 86_400_000_000_000)).unwrap_err();
        let expected = "expected an instant from 2026-01-01T00:00:00.000Z to 2026-01-13T00:00:00.000Z";
        assert!(after.to_string().contains(expected), "{after}");
        let nobody = memory::as_of(&url, Some("lien-1"), plan.start).unwrap_err().to_string();
        assert!(nobody.contains("did you mean `line-1`?"), "{nobody}");
    }
}
