//! One connection to a broker, from its consent to its end: reads messages, hands them on, acknowledges what came back.
//!
//! While nobody takes what was heard it stops reading, so the broker keeps the rest; it goes on with pings and acknowledgements,
//! so the connection stands. What it holds then is one delivery and what the sockets hold.

use super::acks::{Answer, Ledger};
use super::broker::{Broker, Duplex};
use super::frames::{self, Frame, Publish};
use super::listener::Listener;
use crate::feeds::reading::Batch;
use crate::feeds::tally::FeedTally;
use crate::feeds::window::Window;
use crate::feeds::{Delivery, Inbox, now};
use bytes::{Buf, BytesMut};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout};

/// Messages of a delivery, and readings after which it takes no further message.
const MOST_MESSAGES: usize = 256;
const ENOUGH_READINGS: usize = 1_000;
/// So much is read at once.
const CHUNK: usize = 1 << 16;
/// So long what is under way may still come back after a stop.
const LAST_RECEIPTS: Duration = Duration::from_secs(1);
const LAST_WORDS: Duration = Duration::from_millis(500);
/// After a silence of so long the broker is asked whether it is there; after as long without an answer it counts as lost, although the
/// connection stands. Both together are shorter than the silence after which nobody waits for a feed.
const SILENCE: Duration = Duration::from_millis(1_500);
const LOOK: Duration = Duration::from_millis(500);

/// How a connection ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It was asked to.
    Stopped,
    /// Nobody takes deliveries any more.
    Deaf,
}

/// What there is to do next.
enum Turn {
    Answer(Answer),
    Ping,
    Look,
    Stop,
    Deaf,
    Done,
}

/// What outlasts a connection.
pub(super) struct Post {
    pub(super) number: u16,
    pub(super) longest: usize,
    pub(super) listener: Listener,
    pub(super) tally: Arc<FeedTally>,
    pub(super) window: Window,
    pub(super) inbox: Inbox,
    pub(super) stop: watch::Receiver<bool>,
}

pub(super) struct Link<'p> {
    post: &'p mut Post,
    broker: &'p Broker,
    stream: Box<dyn Duplex>,
    incoming: BytesMut,
    /// Bytes of a message that is too long, still to be passed over, and the message.
    passing: Option<(usize, Long)>,
    ledger: Ledger,
    answers: UnboundedReceiver<Answer>,
    outgoing: Vec<u8>,
    heard: Instant,
    /// When the broker was asked whether it is there, if nothing came since.
    asked: Option<Instant>,
    /// Something came through: the next connection may be tried at once.
    pub(super) useful: bool,
}

/// What is kept of a message that is too long.
struct Long {
    topic: Vec<u8>,
    payload: Vec<u8>,
    packet: Option<u16>,
    length: usize,
}

impl<'p> Link<'p> {
    pub(super) fn new(post: &'p mut Post, broker: &'p Broker, stream: Box<dyn Duplex>) -> Link<'p> {
        let (ledger, answers) = Ledger::new();
        Link {
            post,
            broker,
            stream,
            incoming: BytesMut::with_capacity(2 * CHUNK),
            passing: None,
            ledger,
            answers,
            outgoing: Vec::new(),
            heard: Instant::now(),
            asked: None,
            useful: false,
        }
    }

    /// Serves until the connection ends; the error says why it broke.
    pub(super) async fn serve(&mut self, subscribe: bool) -> Result<Ended, String> {
        if subscribe {
            let packet = self.broker.subscription()?;
            self.outgoing.extend_from_slice(&packet);
            self.write().await?;
        }
        let mut pings = interval(self.broker.keep_alive / 2);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        pings.tick().await;
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut waiting: Option<Delivery> = None;
        loop {
            while waiting.is_none()
                && let Some(delivery) = self.gather()?
            {
                match self.hand_on(delivery) {
                    Ok(left) => waiting = left,
                    Err(ended) => return Ok(ended),
                }
            }
            match self.turn(&mut waiting, &mut pings, &mut looks).await? {
                Turn::Done => {}
                Turn::Answer(answer) => self.acknowledge(answer).await?,
                Turn::Ping => self.ping(waiting.is_some()).await?,
                Turn::Look => self.look(waiting.is_some()).await?,
                Turn::Deaf => return Ok(Ended::Deaf),
                Turn::Stop => return Ok(self.leave(waiting).await),
            }
        }
    }

    /// Waits for whatever comes first. While a delivery waits nothing is read.
    async fn turn(
        &mut self,
        waiting: &mut Option<Delivery>,
        pings: &mut Interval,
        looks: &mut Interval,
    ) -> Result<Turn, String> {
        let (waits, full) = (waiting.is_some(), self.post.window.is_full());
        tokio::select! {
            biased;
            _ = self.post.stop.wait_for(|stop| *stop) => Ok(Turn::Stop),
            Some(answer) = self.answers.recv() => Ok(Turn::Answer(answer)),
            _ = pings.tick() => Ok(Turn::Ping),
            _ = looks.tick() => Ok(Turn::Look),
            room = self.post.inbox.reserve(), if waits && !full => match (room, waiting.take()) {
                (Ok(room), Some(delivery)) => {
                    room.send(delivery);
                    self.heard = Instant::now();
                    Ok(Turn::Done)
                }
                _ => Ok(Turn::Deaf),
            },
            () = self.post.window.changed(), if waits && full => Ok(Turn::Done),
            read = self.stream.read_buf(&mut self.incoming), if !waits => {
                if read.map_err(|error| error.to_string())? == 0 {
                    return Err("the broker closed the connection".into());
                }
                self.heard = Instant::now();
                Ok(Turn::Done)
            }
        }
    }

    /// A delivery of what is there, if that is a whole message.
    fn gather(&mut self) -> Result<Option<Delivery>, String> {
        let (mut batch, mut packets) = (Batch::default(), Vec::new());
        let arrived = now();
        self.pass_over(&mut batch, &mut packets);
        let mut at = 0;
        while self.passing.is_none() && batch.messages < MOST_MESSAGES && batch.readings.len() < ENOUGH_READINGS {
            let Some((frame, taken)) = frames::next(&self.incoming[at..], self.post.longest)? else { break };
            at += taken;
            match frame {
                Frame::Publish(publish) => {
                    packets.extend(publish.packet);
                    self.post.listener.hear(&publish, arrived, &mut batch);
                }
                Frame::TooLong { publish, length, to_come } => {
                    self.passing = Some((to_come, Long::of(&publish, length)))
                }
                Frame::Granted(granted) => {
                    if let Some(remark) = self.broker.check_granted(granted)? {
                        tracing::warn!("feed.{}: {remark}", self.post.listener.reader.feed);
                    }
                }
                Frame::Other => {}
            }
        }
        self.incoming.advance(at);
        self.pass_over(&mut batch, &mut packets);
        self.incoming.reserve(CHUNK);
        Ok((batch.messages > 0).then(|| self.delivery(batch, packets, arrived)))
    }

    /// Throws away what has come of a message that is too long; at its end it is put aside.
    fn pass_over(&mut self, batch: &mut Batch, packets: &mut Vec<u16>) {
        let Some((to_come, long)) = &mut self.passing else { return };
        let here = self.incoming.len().min(*to_come);
        self.incoming.advance(here);
        *to_come -= here;
        if *to_come == 0 {
            let publish = Publish { topic: &long.topic, packet: long.packet, payload: &long.payload };
            packets.extend(long.packet);
            self.post.listener.refuse_long(&publish, long.length, now(), batch);
            self.passing = None;
        }
    }

    fn delivery(&mut self, batch: Batch, packets: Vec<u16>, arrived: twinwright_model::Time) -> Delivery {
        let Batch { readings, refusals, messages, bytes } = batch;
        self.post.tally.count_handed_on(messages, bytes, readings.len());
        let share = self.post.window.take(readings.len(), refusals.len());
        let receipt = Some(self.ledger.enter(packets, share));
        Delivery { feed: self.post.number, arrived, readings, refusals, receipt }
    }

    /// Hands a delivery on if there is room; gives it back if there is none and it is worth waiting for.
    fn hand_on(&mut self, delivery: Delivery) -> Result<Option<Delivery>, Ended> {
        self.useful = true;
        let left = match self.post.window.is_full() {
            true => delivery,
            false => match self.post.inbox.try_send(delivery) {
                Ok(()) => return Ok(None),
                Err(TrySendError::Full(delivery)) => delivery,
                Err(TrySendError::Closed(_)) => return Err(Ended::Deaf),
            },
        };
        if self.broker.qos > 0 {
            return Ok(Some(left));
        }
        // The broker keeps nothing for us: what is newest now is worth more than what waits.
        let tally = &self.post.tally;
        tally.dropped.fetch_add(left.readings.len() as u64, Ordering::Relaxed);
        tally.readings.fetch_sub(left.readings.len() as u64, Ordering::Relaxed);
        Ok(None)
    }

    /// Takes the answers that are there and acknowledges what their turn has come for.
    async fn acknowledge(&mut self, first: Answer) -> Result<(), String> {
        let mut all_here = self.ledger.hear(first);
        while let Ok(answer) = self.answers.try_recv() {
            all_here &= self.ledger.hear(answer);
        }
        if !all_here {
            // Not at once: whoever lost it may need a while.
            self.useful = false;
            return Err("what was received was not stored; asks the broker for it again".into());
        }
        self.ledger.write(&mut self.outgoing);
        self.write().await?;
        tracing::debug!("acknowledged");
        Ok(())
    }

    async fn ping(&mut self, waits: bool) -> Result<(), String> {
        // While nothing is read nothing can be heard.
        if !waits && self.heard.elapsed() > self.broker.keep_alive.mul_f64(1.5) {
            return Err("no answer to keep-alive".into());
        }
        self.outgoing.extend_from_slice(&[0xc0, 0]);
        self.write().await
    }

    /// Whether a line on which nothing comes is one. Readings that it holds up must not find that time went on without them.
    async fn look(&mut self, waits: bool) -> Result<(), String> {
        let there = |there: bool| self.post.tally.connected.store(u64::from(there), Ordering::Relaxed);
        match self.asked {
            _ if waits || self.asked.is_some_and(|asked| self.heard > asked) => {
                there(true);
                self.asked = None;
            }
            Some(asked) if asked.elapsed() >= SILENCE => there(false),
            None if self.heard.elapsed() >= SILENCE => {
                self.asked = Some(Instant::now());
                self.outgoing.extend_from_slice(&[0xc0, 0]);
                self.write().await?;
            }
            _ => {}
        }
        Ok(())
    }

    async fn write(&mut self) -> Result<(), String> {
        if self.outgoing.is_empty() {
            return Ok(());
        }
        let sent = async {
            self.stream.write_all(&self.outgoing).await?;
            self.stream.flush().await
        };
        match timeout(self.broker.keep_alive, sent).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("the broker reads no more".into()),
        }
        self.outgoing.clear();
        Ok(())
    }

    /// Acknowledges what still comes back, and says goodbye.
    async fn leave(&mut self, waiting: Option<Delivery>) -> Ended {
        drop(waiting);
        let last = Instant::now() + LAST_RECEIPTS;
        while !self.ledger.is_empty()
            && let Ok(Some(answer)) = tokio::time::timeout_at(last, self.answers.recv()).await
        {
            if self.acknowledge(answer).await.is_err() {
                break;
            }
        }
        let goodbye = async {
            self.stream.write_all(&[0xe0, 0]).await?;
            self.stream.shutdown().await
        };
        // Whoever does not hear it sees the connection end.
        let _ = timeout(LAST_WORDS, goodbye).await;
        Ended::Stopped
    }
}

impl Long {
    fn of(publish: &Publish<'_>, length: usize) -> Long {
        let Publish { topic, packet, payload } = *publish;
        Long { topic: topic.to_vec(), payload: payload.to_vec(), packet, length }
    }
}
