//! The futures of all runs of a study on all cores.
//!
//! Blocks of futures are handed out in one order, all runs of a block before the next block, so that the runs advance
//! together and whatever ends it early leaves every run with the same futures from 0 on.

use super::progress::Progress;
use super::stopping::{Stopping, next_look};
use super::values::Measures;
use crate::Trouble;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use twinwright_core::futures::{Asking, Ensemble, FutureEnd};
use twinwright_core::plan::study::RunPlan;

/// Machines side by side in one world: few enough for the cache.
const WORLD: usize = 512;
/// Futures in one block at most, so that there is an answer soon after it is asked for.
const MOST_IN_BLOCK: u32 = 64;
/// Machines in worlds that a thread keeps for their next block.
const KEPT: usize = 100_000;

/// What all runs came to.
#[derive(Debug, Default)]
pub struct Gathered {
    /// As the study's runs; each with the same futures.
    pub ends: Vec<Vec<FutureEnd>>,
    /// It was stopped from outside before the end.
    pub interrupted: bool,
}

impl Gathered {
    pub fn done(&self) -> u32 {
        self.ends.first().map_or(0, |ends| ends.len() as u32)
    }
}

/// What is asked of the gathering.
#[derive(Debug)]
pub struct Errand<'a> {
    pub runs: &'a [RunPlan],
    pub asking: &'a Asking,
    pub measures: &'a Measures,
    /// Futures of each run, at most.
    pub futures: Range<u32>,
    pub threads: usize,
    /// The futures of the rule's looks, when there is a rule.
    pub looks: bool,
}

/// One block of futures of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Job {
    run: usize,
    futures: Range<u32>,
}

struct Done {
    job: Job,
    ends: Vec<FutureEnd>,
}

/// Hands out blocks in their order.
#[derive(Debug)]
struct Blocks {
    block: u32,
    first: u32,
    runs: usize,
    most: u32,
    looks: bool,
    futures: Range<u32>,
    run: usize,
    look: u32,
}

impl Blocks {
    fn of(errand: &Errand<'_>) -> Blocks {
        let machines = errand.runs.first().map_or(1, |run| run.plan.machines.len()).max(1);
        let shares = (errand.futures.len() * errand.runs.len()).div_ceil(4 * errand.threads.max(1));
        let block = (WORLD / machines).clamp(1, MOST_IN_BLOCK as usize).min(shares.max(1)) as u32;
        Blocks {
            block,
            first: errand.futures.start,
            runs: errand.runs.len(),
            most: errand.futures.end,
            looks: errand.looks,
            futures: errand.futures.start..errand.futures.start,
            run: errand.runs.len(),
            look: 0,
        }
    }

    fn next(&mut self) -> Option<Job> {
        if self.run == self.runs {
            let start = self.futures.end;
            if start >= self.most {
                return None;
            }
            // A block never reaches over a look, so that nothing is run that the look may find needless.
            while self.looks && self.look <= start {
                self.look = next_look(self.look, self.most);
            }
            let bound = if self.looks { self.look } else { self.most };
            // Small blocks first: who ends it early has what all runs have done.
            let block = start.saturating_sub(self.first).clamp(1, self.block);
            self.futures = start..(start + block).min(bound);
            self.run = 0;
        }
        self.run += 1;
        Some(Job { run: self.run - 1, futures: self.futures.clone() })
    }
}

/// Runs all futures, or as many as the rule or `stop` leave.
pub fn gather(
    errand: &Errand<'_>,
    stopping: &mut Option<(Stopping, String)>,
    stop: &AtomicBool,
    progress: &Progress,
) -> Result<Gathered, Trouble> {
    let blocks = Mutex::new(Blocks::of(errand));
    let enough = AtomicBool::new(false);
    let ending = || stop.load(Ordering::Relaxed) || enough.load(Ordering::Relaxed);
    std::thread::scope(|scope| {
        let (said, heard) = channel();
        let threads: Vec<_> = (0..errand.threads.max(1))
            .map(|_| {
                let (said, blocks, ending) = (said.clone(), &blocks, &ending);
                scope.spawn(move || work(errand, blocks, ending, &said))
            })
            .collect();
        drop(said);
        let gathered = hear(errand, &heard, stopping, &enough, progress);
        let whole = threads.into_iter().all(|thread| thread.join().is_ok());
        match whole {
            true => Ok(gathered),
            false => Err(Trouble::World("a simulation thread stopped; the message above says why".to_owned())),
        }
    })
}

/// A thread: block after block until there is none, or it is told to end.
fn work(errand: &Errand<'_>, blocks: &Mutex<Blocks>, ending: &dyn Fn() -> bool, said: &Sender<Done>) {
    let machines = errand.runs.iter().map(|run| run.plan.machines.len()).sum::<usize>();
    let keeps = machines * MOST_IN_BLOCK as usize <= KEPT || errand.runs.len() == 1;
    let mut ensembles: BTreeMap<usize, Ensemble> = BTreeMap::new();
    while !ending() {
        let Some(job) = blocks.lock().unwrap_or_else(PoisonError::into_inner).next() else { return };
        if !keeps {
            ensembles.retain(|run, _| *run == job.run);
        }
        let ensemble = ensembles
            .entry(job.run)
            .or_insert_with(|| Ensemble::new(&errand.runs[job.run].plan, errand.asking.clone()));
        let Some(mut ends) = ensemble.run(job.futures.clone(), ending) else { return };
        ends.iter_mut().for_each(|end| errand.measures.trim(end));
        if said.send(Done { job, ends }).is_err() {
            return;
        }
    }
}

/// Puts blocks in order as they come, and looks at the rule when all runs have come to a look.
fn hear(
    errand: &Errand<'_>,
    heard: &Receiver<Done>,
    stopping: &mut Option<(Stopping, String)>,
    enough: &AtomicBool,
    progress: &Progress,
) -> Gathered {
    let mut ends: Vec<Vec<FutureEnd>> = vec![Vec::new(); errand.runs.len()];
    let mut waiting: Vec<BTreeMap<u32, Vec<FutureEnd>>> = vec![BTreeMap::new(); errand.runs.len()];
    let (first, most) = (errand.futures.start, errand.futures.end);
    let mut look = next_look(0, most);
    let mut last = None;
    for done in heard {
        let (own, queue) = (&mut ends[done.job.run], &mut waiting[done.job.run]);
        queue.insert(done.job.futures.start, done.ends);
        while let Some(block) = queue.remove(&(first + own.len() as u32)) {
            own.extend(block);
        }
        let whole = ends.iter().map(Vec::len).min().unwrap_or(0) as u32;
        progress.show(ends.iter().map(|ends| ends.len() as u64).sum());
        while let (Some((rule, measure)), None) = (stopping.as_mut(), last)
            && look <= whole
        {
            let column = |run: &RunPlan, ends: &Vec<FutureEnd>| {
                (errand.measures.column(&ends[..look as usize], measure), run.baseline)
            };
            let columns: Vec<_> = errand.runs.iter().zip(&ends).map(|(run, ends)| column(run, ends)).collect();
            if rule.look(&columns) {
                last = Some(look);
                enough.store(true, Ordering::Relaxed);
            }
            if look == most {
                break;
            }
            look = next_look(look, most);
        }
    }
    let whole = ends.iter().map(Vec::len).min().unwrap_or(0) as u32;
    let done = last.unwrap_or(whole);
    ends.iter_mut().for_each(|ends| ends.truncate(done as usize));
    Gathered { ends, interrupted: last.is_none() && (done as usize) < errand.futures.len() }
}
