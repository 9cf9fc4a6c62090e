//! The crew kept busy: stretch after stretch of ticks is ordered a little ahead of whoever writes them down.

use super::worker::{Crew, Ends, Order, Stretch};
use crate::Trouble;
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
}

impl Drive {
    pub fn start(plan: &Arc<Plan>, threads: usize, wanted: Wanted, every: u32, length: u32) -> Drive {
        let crew = Crew::start(plan, threads.max(1), wanted, every);
        Drive { crew, length, ordered: 0, done: 0, last: u64::from(plan.ticks) + 1 }
    }

    /// The next stretch of every world; None at the end, or when `stop` was set and what was ordered has come.
    pub fn next(&mut self, stop: &AtomicBool) -> Result<Option<Vec<Stretch>>, Trouble> {
        // Two stretches are under way for each world, so that nobody waits for the writer.
        let ahead = 2 * u64::from(self.length);
        while self.ordered < self.last && self.ordered < self.done + ahead && !stop.load(Ordering::Relaxed) {
            let end = (self.ordered + u64::from(self.length)).min(self.last);
            self.crew.order(Order::Ticks { count: (end - self.ordered) as u32 })?;
            self.ordered = end;
        }
        if self.done == self.ordered {
            return Ok(None);
        }
        self.done = (self.done + u64::from(self.length)).min(self.last);
        self.crew.collect().map(Some)
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
