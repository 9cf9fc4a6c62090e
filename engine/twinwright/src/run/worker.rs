//! The crew of worlds: one thread each, told how many ticks to go, answering with what came out.
//!
//! Orders and answers go through bounded channels; a world that panics is an error of the run, not a hang.

use super::split::{Part, split};
use crate::Trouble;
use crate::memory::gauges::{Gauged, Gauges};
use crate::report::lookout::{Lookout, Sight};
use serde_json::Value;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use twinwright_core::accounts::Accounts;
use twinwright_core::record::{FaultSets, Wanted};
use twinwright_core::snapshot::{Digests, Snapshot};
use twinwright_core::world::Outbox;
use twinwright_core::{Batch, Plan, Twin};
use twinwright_model::{Chunk, Label, ReadingRows, TruthRows};

/// What a world is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    Ticks {
        count: u32,
    },
    /// Tell the whole state.
    Save,
    Finish,
}

/// What came out of a stretch of ticks.
#[derive(Debug, Default)]
pub struct Stretch {
    pub chunk: Chunk,
    pub outbox: Outbox,
    /// What the report's lookout saw.
    pub sights: Vec<Sight>,
}

/// The whole state at a tick.
#[derive(Debug)]
pub struct Saved {
    pub snapshot: Snapshot,
    /// Of each machine for people, and what its gauges said since the last time, in a run that is remembered.
    pub portraits: Vec<(u32, Value)>,
    pub gauged: Vec<(u32, Gauged)>,
}

/// What a world knows at the end.
#[derive(Debug, Default)]
pub struct Ends {
    pub accounts: Accounts,
    pub labels: Vec<Label>,
    pub digests: Digests,
}

enum Answer {
    Stretch(Box<Stretch>),
    State(Box<Saved>),
    Ends(Box<Ends>),
}

struct Worker {
    orders: SyncSender<Order>,
    answers: Receiver<Answer>,
    thread: JoinHandle<()>,
}

/// All worlds of a run.
pub struct Crew {
    workers: Vec<Worker>,
}

impl Crew {
    /// `look` is given for a run that is remembered: ticks between two looks at the gauges.
    pub fn start(plan: &Arc<Plan>, threads: usize, wanted: Wanted, every: u32, look: Option<u32>) -> Crew {
        let parts = split(plan, threads).into_iter();
        let workers = parts.map(|part| start_one(plan, part, (wanted, every), look)).collect();
        Crew { workers }
    }

    /// Tells every world the same.
    pub fn order(&mut self, order: Order) -> Result<(), Trouble> {
        for worker in &self.workers {
            worker.orders.send(order).map_err(|_| gone())?;
        }
        Ok(())
    }

    /// The next stretch of every world.
    pub fn collect(&mut self) -> Result<Vec<Stretch>, Trouble> {
        self.workers
            .iter()
            .map(|worker| match worker.answers.recv() {
                Ok(Answer::Stretch(stretch)) => Ok(*stretch),
                _ => Err(gone()),
            })
            .collect()
    }

    /// The state of all worlds, as one.
    pub fn collect_state(&mut self) -> Result<Saved, Trouble> {
        let mut whole: Option<Saved> = None;
        for worker in &self.workers {
            let Ok(Answer::State(state)) = worker.answers.recv() else { return Err(gone()) };
            match &mut whole {
                None => whole = Some(*state),
                Some(whole) => {
                    whole.snapshot.absorb(state.snapshot);
                    whole.portraits.extend(state.portraits);
                    whole.gauged.extend(state.gauged);
                }
            }
        }
        let mut whole = whole.ok_or_else(gone)?;
        whole.portraits.sort_by_key(|(machine, _)| *machine);
        whole.gauged.sort_by_key(|(machine, _)| *machine);
        Ok(whole)
    }

    /// Lets every world go and puts their ends together.
    pub fn finish(mut self) -> Result<Ends, Trouble> {
        self.order(Order::Finish)?;
        let mut all = Ends::default();
        for worker in self.workers {
            // Stretches that were ordered before an interruption come first; they are not part of the run any more.
            let ends = loop {
                match worker.answers.recv() {
                    Ok(Answer::Ends(ends)) => break *ends,
                    Ok(Answer::Stretch(_) | Answer::State(_)) => {}
                    Err(_) => return Err(gone()),
                }
            };
            all.accounts.absorb(ends.accounts);
            all.labels.extend(ends.labels);
            all.digests.extend(ends.digests);
            // A world waits for orders until nobody can give any.
            drop(worker.orders);
            worker.thread.join().map_err(|_| gone())?;
        }
        Ok(all)
    }
}

fn gone() -> Trouble {
    Trouble::World("a simulation thread stopped; the message above says why".to_owned())
}

fn start_one(plan: &Arc<Plan>, part: Part, (wanted, every): (Wanted, u32), look: Option<u32>) -> Worker {
    let (orders, inbox) = sync_channel(4);
    let (outbox, answers) = sync_channel(4);
    let plan = plan.clone();
    let thread = std::thread::spawn(move || {
        let mut lookout = Lookout::new(&plan, &part);
        let mut gauges = look.map(|look| Gauges::new(&plan, &part, look));
        let build = if wanted.truth || look.is_some() { Twin::build_part } else { Twin::build_lean };
        let mut twin = build(&plan, part.machines, part.futures);
        let mut sets = FaultSets::default();
        loop {
            let answer = match inbox.recv() {
                Ok(Order::Ticks { count }) => Answer::Stretch(Box::new(stretch(
                    &mut twin,
                    &plan,
                    count,
                    (wanted, every),
                    &mut sets,
                    (&mut lookout, &mut gauges),
                ))),
                Ok(Order::Save) => {
                    let portraits = if gauges.is_some() { twin.portraits() } else { Vec::new() };
                    let gauged = gauges.as_mut().map(Gauges::take).unwrap_or_default();
                    Answer::State(Box::new(Saved { snapshot: twin.snapshot(), portraits, gauged }))
                }
                Ok(Order::Finish) | Err(_) => break,
            };
            if outbox.send(answer).is_err() {
                return;
            }
        }
        let ends = Ends { accounts: twin.accounts(), labels: twin.open_labels(), digests: twin.digests() };
        let _ = outbox.send(Answer::Ends(Box::new(ends)));
    });
    Worker { orders, answers, thread }
}

fn stretch(
    twin: &mut Twin,
    plan: &Plan,
    count: u32,
    (wanted, every): (Wanted, u32),
    sets: &mut FaultSets,
    (lookout, gauges): (&mut Lookout, &mut Option<Gauges>),
) -> Stretch {
    let mut chunk = Chunk {
        readings: plan.sheets.iter().map(ReadingRows::for_sheet).collect(),
        truth: plan.sheets.iter().map(TruthRows::for_sheet).collect(),
        fault_sets: Vec::new(),
    };
    let recorded = wanted.readings || wanted.truth;
    let batch = Batch::default();
    let mut sights = Vec::new();
    for _ in 0..count {
        twin.tick(&batch);
        lookout.look(twin, &mut sights);
        if let Some(gauges) = gauges {
            gauges.look(twin);
        }
        if recorded && twin.now().is_some_and(|tick| tick.is_multiple_of(every)) {
            twin.show(wanted, &mut chunk, sets);
        }
    }
    Stretch { chunk, outbox: twin.take_outbox(), sights }
}
