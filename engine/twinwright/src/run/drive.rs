//! The crew kept busy: stretch after stretch of ticks is ordered a little ahead of whoever writes them down.

use super::worker::{Crew, Ends, Order, Saved, Stretch};
use crate::Trouble;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use twinwright_core::Plan;
use twinwright_core::record::Wanted;

/// Worlds on their way through a plan.
pub struct Drive {
    crew: Crew,
    /// Ticks of a stretch.
    length: u32,
    ordered: u64,
    done: u64,
    last: u64,
    /// Where each stretch that is under way ends.
    ends: VecDeque<u64>,
    /// The state is wanted when so many ticks are done, and the last one that was taken.
    saves: BTreeSet<u64>,
    saved: Option<Saved>,
}

impl Drive {
    pub fn start(plan: &Arc<Plan>, threads: usize, wanted: Wanted, every: u32, length: u32) -> Drive {
        Drive::of(Crew::start(plan, threads.max(1), wanted, every, None), plan, length)
    }

    /// The same for a run that is remembered: every `look` ticks gauges are read, and states come with portraits.
    pub fn remembered(
        plan: &Arc<Plan>,
        threads: usize,
        (wanted, every): (Wanted, u32),
        length: u32,
        look: u32,
    ) -> Drive {
        Drive::of(Crew::start(plan, threads.max(1), wanted, every, Some(look)), plan, length)
    }

    fn of(crew: Crew, plan: &Plan, length: u32) -> Drive {
        let (first, last) = (u64::from(plan.first_tick()), u64::from(plan.ticks) + 1);
        let saves = BTreeSet::new();
        Drive { crew, length, ordered: first, done: first, last, ends: VecDeque::new(), saves, saved: None }
    }

    /// Takes the state of all worlds when they show these ticks.
    pub fn saving_at(mut self, ticks: impl IntoIterator<Item = u32>) -> Drive {
        self.saves.extend(ticks.into_iter().map(|tick| u64::from(tick) + 1));
        self
    }

    /// The next stretch of every world; None at the end, or when `stop` was set and what was ordered has come.
    pub fn next(&mut self, stop: &AtomicBool) -> Result<Option<Vec<Stretch>>, Trouble> {
        // Two stretches are under way for each world, however short, so that nobody waits for the writer.
        while self.ordered < self.last && self.ends.len() < 2 && !stop.load(Ordering::Relaxed) {
            let end = (self.ordered + u64::from(self.length)).min(self.last);
            // A stretch ends where the state is wanted.
            let save = self.saves.range(self.ordered + 1..=end).next().copied();
            let end = save.unwrap_or(end);
            self.crew.order(Order::Ticks { count: (end - self.ordered) as u32 })?;
            if save.is_some() {
                self.crew.order(Order::Save)?;
            }
            self.ends.push_back(end);
            self.ordered = end;
        }
        let Some(end) = self.ends.pop_front() else { return Ok(None) };
        self.done = end;
        let stretches = self.crew.collect()?;
        if self.saves.contains(&end) {
            self.saved = Some(self.crew.collect_state()?);
        }
        Ok(Some(stretches))
    }

    /// The state that was wanted, once.
    pub fn take_saved(&mut self) -> Option<Saved> {
        self.saved.take()
    }

    /// The state as it is, once nothing is under way any more.
    pub fn save_now(&mut self) -> Result<Saved, Trouble> {
        self.crew.order(Order::Save)?;
        self.crew.collect_state()
    }

    /// Whether any tick was done.
    pub fn has_begun(&self, plan: &Plan) -> bool {
        self.done > u64::from(plan.first_tick())
    }

    /// The tick that is done; the start is tick 0.
    pub fn tick(&self) -> u32 {
        self.done.saturating_sub(1) as u32
    }

    /// Whether it was stopped before the end.
    pub fn is_cut_short(&self) -> bool {
        self.done < self.last
    }

    pub fn finish(self) -> Result<Ends, Trouble> {
        self.crew.finish()
    }
}
