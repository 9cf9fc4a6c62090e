//! Carriers: one task for each outlet that takes freight after freight from its queue and does not let go before the
//! outlet has delivered it.
//!
//! Back-off, patience and the words for what is going on are here, so that no outlet has its own.

use super::queue::{Queue, WhenFull};
use super::trouble::OutletTrouble;
use super::{Form, Freight, Outlet, Tally, count};
use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// After an interruption what is queued still goes out, but not for long.
const LAST_CALL: Duration = Duration::from_secs(10);

/// How an outlet is fed.
#[derive(Debug, Clone)]
pub struct Terms {
    /// As counters and messages call it.
    pub name: String,
    pub form: Form,
    pub when_full: WhenFull,
    /// Readings that may wait for it.
    pub queue: u64,
    /// How long trouble that may pass is put up with.
    pub patience: Duration,
}

/// One outlet at work.
pub struct Carrier {
    pub terms: Terms,
    pub tally: Arc<Tally>,
    queue: Arc<Queue>,
    shared: Arc<Shared>,
    task: JoinHandle<Result<(), OutletTrouble>>,
}

/// What the task says to those who watch, and they to it.
#[derive(Debug, Default)]
struct Shared {
    /// Empty while all is well.
    trouble: Mutex<String>,
    /// Its reader has had enough.
    enough: AtomicBool,
    /// Another outlet failed: this stream is not whole.
    cut: AtomicBool,
    /// No more patience: the run was interrupted.
    hurry: AtomicBool,
}

impl Carrier {
    /// Opens the outlet, once, and starts to carry. Trouble at the start is an answer: nobody waits for a broker that
    /// was never there.
    pub fn start(runtime: &Handle, terms: Terms, mut outlet: Box<dyn Outlet>) -> Result<Carrier, OutletTrouble> {
        runtime.block_on(outlet.open())?;
        let queue = Arc::new(Queue::new(terms.queue, terms.when_full));
        let (tally, shared) = (Arc::new(Tally::default()), Arc::new(Shared::default()));
        let task = Task {
            name: terms.name.clone(),
            form: terms.form,
            patience: terms.patience,
            outlet,
            tally: tally.clone(),
            shared: shared.clone(),
        };
        let task = runtime.spawn(task.carry(queue.clone()));
        Ok(Carrier { terms, tally, queue, shared, task })
    }

    /// Hands a freight over; waits or drops as the terms say. Once `stopped`, it waits only as long as a last call takes.
    pub fn push(&self, freight: Freight, stopped: impl Fn() -> bool) {
        let since: Cell<Option<Instant>> = Cell::new(None);
        let give_up = || {
            if !stopped() {
                return false;
            }
            self.hurry();
            let first = since.get().unwrap_or_else(Instant::now);
            since.set(Some(first));
            first.elapsed() > LAST_CALL
        };
        let dropped = self.queue.push(freight, || give_up() || self.task.is_finished());
        count(&self.tally.dropped, dropped as usize);
    }

    /// Whether it has ended before its time: it failed for good, or nobody reads it any more.
    pub fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// Whether its reader has had enough.
    pub fn had_enough(&self) -> bool {
        self.shared.enough.load(Ordering::Relaxed)
    }

    /// What it is waiting for; empty while all is well.
    pub fn trouble(&self) -> String {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Nothing comes any more.
    pub fn close(&self) {
        self.queue.close();
    }

    /// The run was interrupted: what is queued goes out if it can at once.
    pub fn hurry(&self) {
        self.shared.hurry.store(true, Ordering::Relaxed);
    }

    /// The stream ends before its time, because of another outlet.
    pub fn cut(&self) {
        self.shared.cut.store(true, Ordering::Relaxed);
    }

    /// Waits for the end of all deliveries. `watch` is called now and then meanwhile.
    pub fn finish(self, runtime: &Handle, mut watch: impl FnMut(&Carrier)) -> Result<(), OutletTrouble> {
        self.close();
        let mut hurried: Option<Instant> = None;
        while !self.task.is_finished() {
            std::thread::sleep(Duration::from_millis(10));
            watch(&self);
            if self.shared.hurry.load(Ordering::Relaxed) {
                let since = *hurried.get_or_insert_with(Instant::now);
                if since.elapsed() > LAST_CALL {
                    self.task.abort();
                    count(&self.tally.dropped, self.queue.abandon() as usize);
                    return Err(OutletTrouble::passing("not everything that was made could be delivered"));
                }
            }
        }
        let done = runtime.block_on(self.task);
        count(&self.tally.dropped, self.queue.abandon() as usize);
        done.unwrap_or_else(|error| Err(OutletTrouble::lasting(format!("the outlet stopped: {error}"))))
    }
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier").field("terms", &self.terms).finish_non_exhaustive()
    }
}

struct Task {
    name: String,
    form: Form,
    patience: Duration,
    outlet: Box<dyn Outlet>,
    tally: Arc<Tally>,
    shared: Arc<Shared>,
}

/// Trouble that lasts: when it began, and the pause before the next try.
struct Bout {
    since: Instant,
    pause: Duration,
}

impl Task {
    async fn carry(mut self, queue: Arc<Queue>) -> Result<(), OutletTrouble> {
        let done = match self.carry_all(&queue).await {
            Err(OutletTrouble::Enough) => {
                self.shared.enough.store(true, Ordering::Relaxed);
                Ok(())
            }
            done => done,
        };
        count(&self.tally.dropped, queue.abandon() as usize);
        done
    }

    async fn carry_all(&mut self, queue: &Queue) -> Result<(), OutletTrouble> {
        while let Some(freight) = queue.pop(self.form).await {
            let sent = self.tally.sent.load(Ordering::Relaxed);
            let done = self.carry_one(&freight).await;
            if done.is_err() {
                let sent = self.tally.sent.load(Ordering::Relaxed).saturating_sub(sent);
                count(&self.tally.dropped, freight.readings.saturating_sub(sent) as usize);
            }
            done?;
        }
        if self.shared.cut.load(Ordering::Relaxed) {
            self.outlet.leave_unfinished();
        }
        let mut bout = None;
        while let Err(trouble) = self.outlet.finish(&self.tally).await {
            self.endure(trouble, &mut bout).await?;
        }
        self.well_again(bout);
        Ok(())
    }

    async fn carry_one(&mut self, freight: &Freight) -> Result<(), OutletTrouble> {
        let mut bout = None;
        let mut reached = self.tally.reached();
        while let Err(trouble) = self.outlet.deliver(freight, &self.tally).await {
            // What got somewhere before it failed is a new bout: patience is for a server that stays away.
            let now = self.tally.reached();
            if now > reached {
                self.well_again(bout.take());
                reached = now;
            }
            self.endure(trouble, &mut bout).await?;
        }
        self.well_again(bout);
        Ok(())
    }

    /// Waits, and tries to open the outlet again until that works; gives up on what does not pass.
    async fn endure(&mut self, trouble: OutletTrouble, bout: &mut Option<Bout>) -> Result<(), OutletTrouble> {
        let bout = bout.get_or_insert_with(|| Bout { since: Instant::now(), pause: FIRST_PAUSE });
        let mut trouble = trouble;
        loop {
            let OutletTrouble::Passing(why) = &trouble else { return Err(trouble) };
            let hurry = self.shared.hurry.load(Ordering::Relaxed);
            if hurry || bout.since.elapsed() >= self.patience {
                let lasted = bout.since.elapsed().as_secs();
                return Err(OutletTrouble::Passing(if hurry {
                    why.clone()
                } else {
                    format!("{why} (given up after {lasted} s)")
                }));
            }
            self.say(why, bout);
            pause(&self.name, &self.shared, bout).await;
            match self.outlet.open().await {
                Ok(()) => return Ok(()),
                Err(again) => trouble = again,
            }
        }
    }

    /// Says what is going on: at the beginning of a bout aloud, afterwards to those who look.
    fn say(&self, why: &str, bout: &Bout) {
        let mut said = self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if said.is_empty() {
            tracing::warn!(outlet = self.name, "{why}; trying again");
        }
        *said = format!("{why}; next try in {:.1} s", bout.pause.as_secs_f64());
    }

    fn well_again(&self, bout: Option<Bout>) {
        if let Some(bout) = bout {
            tracing::info!(outlet = self.name, after = ?bout.since.elapsed(), "delivering again");
            self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

/// Twice as long each time, up to a bound, and a little apart from others that lost the same server.
async fn pause(name: &str, shared: &Shared, bout: &mut Bout) {
    let spread = f64::from(name.bytes().fold(0u8, u8::wrapping_add)) / 1024.0;
    let pause = bout.pause.mul_f64(1.0 + spread);
    bout.pause = (bout.pause * 2).min(LONGEST_PAUSE);
    let until = Instant::now() + pause;
    while Instant::now() < until && !shared.hurry.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(50).min(pause)).await;
    }
}
