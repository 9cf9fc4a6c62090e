//! A recorded table played as if it happened now: CSV, JSON lines or Parquet, a row a reading or a row an instant of a machine.
//!
//! Rows go out in the order of the file, as fast as they were recorded, some times as fast, or as fast as they are taken. The file
//! is read by a thread of its own, a few chunks ahead; nothing is ever read whole.

mod columns;

use super::reading::{Batch, Message, Reader};
use super::tally::FeedTally;
use super::window::Window;
use super::{Delivery, Inbox, Receipt, Setting, now};
use crate::readback::{Next, ReadError, Row, RowSource};
use columns::Columns;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use twinwright_model::Time;
use twinwright_model::feeds::ReplayFeed;
use twinwright_model::live::Reason;

/// Readings of a delivery, and of a chunk that is read ahead.
const CHUNK: usize = 1_000;
const CHUNKS_AHEAD: usize = 4;

/// A recording that is ready to be played.
pub(super) struct Recording {
    wire: ReplayFeed,
    path: PathBuf,
    resume: Option<Time>,
    number: u16,
    reader: Reader,
    tally: Arc<FeedTally>,
    inbox: Inbox,
    stop: watch::Receiver<bool>,
}

/// Checks that the file is there and that its columns make readings.
pub(super) fn open(
    wire: &ReplayFeed,
    folder: &Path,
    resume: Option<Time>,
    setting: Setting,
) -> Result<Recording, String> {
    let Setting { number, reader, tally, inbox, stop } = setting;
    let path = folder.join(&wire.path);
    let mut source = RowSource::open(&path).map_err(|error| error.to_string())?;
    // The columns of JSON lines are those of their first row.
    let mut row = Row::new();
    while let Next::Broken(..) = source.next(&mut row).map_err(|error| error.to_string())? {}
    Columns::of(source.columns(), wire).map_err(|why| format!("{}: {why}", path.display()))?;
    if wire.speed.is_some_and(|speed| !(speed.is_finite() && speed > 0.0)) {
        return Err("speed: expected a number above 0, or `max`".into());
    }
    Ok(Recording { wire: wire.clone(), path, resume, number, reader, tally, inbox, stop })
}

impl Recording {
    /// Plays to the end of the file, or until it is told to stop.
    pub(super) async fn run(self) {
        let Recording { wire, path, resume, number, reader, tally, inbox, mut stop } = self;
        tally.connected.store(1, Ordering::Relaxed);
        let (chunks, mut ahead) = mpsc::channel(CHUNKS_AHEAD);
        let speed = wire.speed;
        let mut page = Page { feed: reader.feed.clone(), wire, path, resume, reader, chunks };
        let feed = page.feed.clone();
        let reading = tokio::task::spawn_blocking(move || page.read().map_err(|error| error.to_string()));
        let mut player = Player { number, tally: tally.clone(), window: Window::new(tally.clone()), inbox, pace: None };
        loop {
            let batch = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                batch = ahead.recv() => batch,
            };
            let Some(batch) = batch else { break };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                heard = player.play(batch, speed) => if !heard { break },
            }
        }
        drop(ahead);
        if let Ok(Err(trouble)) = reading.await {
            tally.note(&trouble);
            tracing::warn!("feed.{feed}: {trouble}");
        }
        tally.connected.store(0, Ordering::Relaxed);
    }
}

/// The thread that reads.
struct Page {
    feed: String,
    wire: ReplayFeed,
    path: PathBuf,
    resume: Option<Time>,
    reader: Reader,
    chunks: mpsc::Sender<Batch>,
}

impl Page {
    fn read(&mut self) -> Result<(), ReadError> {
        let mut source = RowSource::open(&self.path)?;
        let (mut row, mut batch) = (Row::new(), Batch::default());
        let mut columns: Option<Columns> = None;
        let mut passed_over = self.resume.is_none();
        loop {
            let next = source.next(&mut row)?;
            let (line, broken) = match next {
                Next::Row(line) => (line, None),
                Next::Broken(line, why) => (line, Some(why)),
                Next::End => {
                    // Who has gone away wants nothing more.
                    let _ = self.chunks.blocking_send(batch);
                    return Ok(());
                }
            };
            let known = columns.as_ref().map_or(0, Columns::count);
            if broken.is_none() && source.columns().len() != known {
                let found = Columns::of(source.columns(), &self.wire);
                columns = Some(found.map_err(|why| ReadError::input(&self.path, None, why))?);
            }
            let origin = format!("{}:{line}", self.path.display());
            let message = Message { origin: &origin, arrived: now(), body: b"" };
            self.reader.open(&message, &mut batch);
            match (broken, &columns) {
                (Some(why), _) => self.reader.refuse((Reason::Broken, why), b"", &message, &mut batch),
                (None, Some(columns)) => columns.take(&row, &message, &mut self.reader, &mut batch),
                (None, None) => {}
            }
            self.reader.close(&mut batch);
            if !passed_over {
                passed_over = self.pass_over(&mut batch);
            }
            if batch.readings.len() + batch.refusals.len() >= CHUNK
                && self.chunks.blocking_send(std::mem::take(&mut batch)).is_err()
            {
                return Ok(());
            }
        }
    }

    /// Takes out what was heard before; says whether something newer has come.
    fn pass_over(&mut self, batch: &mut Batch) -> bool {
        let Some(resume) = self.resume else { return true };
        batch.readings.retain(|reading| reading.time > resume);
        let newer = !batch.readings.is_empty();
        if !newer {
            *batch = Batch::default();
        }
        newer
    }
}

/// Hands chunks on at their pace.
struct Player {
    number: u16,
    tally: Arc<FeedTally>,
    window: Window,
    inbox: Inbox,
    /// The instant at which a time of the recording is played.
    pace: Option<(Instant, Time)>,
}

impl Player {
    /// False when nobody takes it.
    async fn play(&mut self, batch: Batch, speed: Option<f64>) -> bool {
        let Batch { mut readings, refusals, messages, bytes } = batch;
        self.tally.count_handed_on(messages, bytes, 0);
        if !refusals.is_empty() && !self.hand_on(Vec::new(), refusals).await {
            return false;
        }
        while !readings.is_empty() {
            let due = match speed {
                None => readings.len(),
                Some(speed) => self.due(&readings, speed).await,
            };
            let rest = readings.split_off(due.min(CHUNK));
            if !self.hand_on(std::mem::replace(&mut readings, rest), Vec::new()).await {
                return false;
            }
        }
        true
    }

    /// Waits until the first is due; says how many are.
    async fn due(&mut self, readings: &[twinwright_model::live::Measurement], speed: f64) -> usize {
        let first = readings[0].time;
        let (begun, origin) = *self.pace.get_or_insert((Instant::now(), first));
        let after = |time: Time| Duration::from_secs_f64((time.since(origin).seconds() / speed).clamp(0.0, 1e9));
        sleep_until(begun + after(first)).await;
        let elapsed = begun.elapsed();
        readings.iter().position(|reading| after(reading.time) > elapsed).unwrap_or(readings.len()).max(1)
    }

    async fn hand_on(
        &mut self,
        readings: Vec<twinwright_model::live::Measurement>,
        refusals: Vec<twinwright_model::live::Refusal>,
    ) -> bool {
        while self.window.is_full() {
            self.window.changed().await;
        }
        self.tally.count_handed_on(0, 0, readings.len());
        let share = self.window.take(readings.len(), refusals.len());
        // Nobody waits for an answer; the receipt only says when there is room again.
        let receipt = Some(Receipt::new(move || drop(share)));
        self.inbox.send(Delivery { feed: self.number, arrived: now(), readings, refusals, receipt }).await.is_ok()
    }
}
