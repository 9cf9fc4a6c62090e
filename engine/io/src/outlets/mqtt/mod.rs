//! The MQTT outlet: a message a reading, or a message with many readings of a machine, to a broker.
//!
//! Messages are numbered by nobody on the wire, so what may not have arrived is sent again: with QoS 1 nothing is lost,
//! and only what was under way when a line broke can arrive twice. What is under way stays in a [`window`] that no
//! connection owns; a [`line`] is one connection; this file walks through parcels and remembers how far it came, so that
//! a delivery that is tried again goes on where it stopped.

mod course;
pub(crate) mod line;
mod payload;
pub(crate) mod settings;
pub(crate) mod template;
pub(crate) mod tls;
pub(crate) mod topic;
pub(crate) mod window;

use super::address::Address;
use super::trouble::OutletTrouble;
use super::{Freight, Manifest, Outlet, Pending, Tally};
use bytes::Bytes;
use course::Course;
use line::{LARGEST_PACKET, Line, MOST_UNDER_WAY};
use rumqttc::QoS;
use settings::Settings;
use std::sync::Arc;
use twinwright_model::Parcel;
use window::{Message, Window};

/// A payload above this needs a new message; topic and head need the rest of the largest packet.
const LARGEST_PAYLOAD: usize = LARGEST_PACKET - 66 * 1024;
/// So many times the timeout may pass without a sign of life from the broker.
const PATIENCE: u32 = 3;

/// Checks the options of `mqtt:` or `mqtts:`; nothing is connected yet.
pub fn open(address: &Address, manifest: &Arc<Manifest>) -> Result<Box<dyn Outlet>, OutletTrouble> {
    let settings = Settings::read(address, manifest)?;
    let window = Arc::new(Window::new(settings.qos != QoS::AtMostOnce));
    Ok(Box::new(Mqtt {
        name: address.name.clone(),
        settings,
        manifest: manifest.clone(),
        window,
        line: None,
        left_before: 0,
        course: None,
        text: Vec::new(),
    }))
}

struct Mqtt {
    name: String,
    settings: Settings,
    manifest: Arc<Manifest>,
    window: Arc<Window>,
    line: Option<Line>,
    /// How many messages had left the window when the line was made.
    left_before: u64,
    course: Option<Course>,
    text: Vec<u8>,
}

impl Mqtt {
    fn said(&self, trouble: OutletTrouble) -> OutletTrouble {
        match trouble {
            OutletTrouble::Passing(why) => OutletTrouble::Passing(format!("{}: {why}", self.name)),
            OutletTrouble::Lasting(why) => OutletTrouble::Lasting(format!("{}: {why}", self.name)),
            input => input,
        }
    }

    async fn connect(&mut self) -> Result<(), OutletTrouble> {
        if let Some(line) = self.line.take() {
            if !self.window.is_broken() {
                self.line = Some(line);
                return Ok(());
            }
            line.abandon().await;
        }
        let opened = Line::open(&self.settings.options, self.settings.timeout, &self.window).await;
        let (line, again) = opened.map_err(|trouble| self.said(trouble))?;
        if !again.is_empty() {
            tracing::info!(outlet = self.name, "connected; {} messages that may be lost go out again", again.len());
        }
        self.left_before = self.window.left();
        self.hand(&line, &again).await;
        self.line = Some(line);
        Ok(())
    }

    async fn hand(&self, line: &Line, messages: &[Message]) {
        for message in messages {
            let topic = self.settings.topic.of(message.machine, message.sensor, &self.manifest);
            line.publish(topic, self.settings.qos, self.settings.retain, message).await;
        }
    }

    /// After a line broke that had carried something, a new one is made at once; any other trouble is for who waits and
    /// tries again.
    async fn mend(&mut self, trouble: OutletTrouble) -> Result<(), OutletTrouble> {
        let carried = self.line.is_some() && self.window.left() > self.left_before;
        if carried { self.connect().await } else { Err(trouble) }
    }

    /// How many more messages may be under way; waits where there is no room. What the broker acknowledges is made up for
    /// at once: it may hold back further acknowledgements until something comes (Nagle's algorithm against delayed
    /// ACKs, 40 ms each time). Without acknowledgements half of the window is filled at a time, to wake up less often.
    async fn room(&mut self, tally: &Tally) -> Result<usize, OutletTrouble> {
        let standing = self.window.standing(usize::MAX, tally);
        match standing.broken {
            Some(why) => Err(self.said(OutletTrouble::Passing(why))),
            None if standing.messages < MOST_UNDER_WAY => Ok(MOST_UNDER_WAY - standing.messages),
            None => {
                let most = if self.window.acknowledges() { MOST_UNDER_WAY - 1 } else { MOST_UNDER_WAY / 2 };
                Ok(MOST_UNDER_WAY - self.wait_for(most, tally).await?)
            }
        }
    }

    /// Waits until at most `most` messages are under way, and says how many are.
    async fn wait_for(&mut self, most: usize, tally: &Tally) -> Result<usize, OutletTrouble> {
        let patience = self.settings.timeout * PATIENCE;
        let mut stood_at = None;
        loop {
            let standing = self.window.standing(most, tally);
            if standing.messages <= most {
                return Ok(standing.messages);
            }
            if stood_at == Some(standing.left) {
                self.window.broke(&format!("the broker has taken nothing for {} s", patience.as_secs()));
            } else if let Some(why) = standing.broken {
                return Err(self.said(OutletTrouble::Passing(why)));
            }
            let changed = tokio::time::timeout(patience, self.window.changed()).await;
            stood_at = changed.is_err().then_some(standing.left);
        }
    }

    async fn hand_over(&mut self, rows: &Arc<Parcel>, tally: &Tally) -> Result<(), OutletTrouble> {
        if !self.course.as_ref().is_some_and(|course| Arc::ptr_eq(&course.rows, rows)) {
            self.course = Some(Course::of(rows, self.settings.batch.is_some()));
        }
        let mut messages = Vec::with_capacity(MOST_UNDER_WAY);
        loop {
            let room = match self.room(tally).await {
                Ok(room) => room,
                Err(trouble) => {
                    self.mend(trouble).await?;
                    continue;
                }
            };
            messages.clear();
            while messages.len() < room
                && let Some(message) = self.next_message()?
            {
                messages.push(message);
            }
            // From here on they are the window's, whatever becomes of the line.
            self.window.add(&messages);
            if let Some(line) = &self.line {
                self.hand(line, &messages).await;
            }
            if messages.len() < room {
                self.course = None;
                return Ok(());
            }
        }
    }

    /// The next message of the parcel.
    fn next_message(&mut self) -> Result<Option<Message>, OutletTrouble> {
        let Some(course) = &mut self.course else { return Ok(None) };
        let Some(first) = course.row() else { return Ok(None) };
        let (machine, sensor) = (course.rows.machine[first], course.rows.sensor[first]);
        self.text.clear();
        let readings = match self.settings.batch {
            Some(most) => course.write_batch(most, &mut self.settings.payload, &mut self.text),
            None => course.write_one(first, &mut self.settings.payload, &mut self.text),
        };
        if self.text.len() > LARGEST_PAYLOAD {
            let why = format!("a payload of {} bytes; no more than {LARGEST_PAYLOAD} go", self.text.len());
            return Err(self.said(OutletTrouble::Lasting(why)));
        }
        Ok(Some(Message::new(machine, sensor, readings, Bytes::copy_from_slice(&self.text))))
    }

    /// Everything under way is brought to its end, on a new connection where the old one broke.
    async fn bring_to_end(&mut self, tally: &Tally) -> Result<(), OutletTrouble> {
        while self.window.standing(usize::MAX, tally).messages > 0 {
            self.connect().await?;
            if let Err(trouble) = self.wait_for(0, tally).await {
                self.mend(trouble).await?;
            }
        }
        if let Some(line) = self.line.take() {
            line.close(self.settings.timeout).await;
        }
        Ok(())
    }
}

impl Outlet for Mqtt {
    fn open(&mut self) -> Pending<'_, Result<(), OutletTrouble>> {
        Box::pin(self.connect())
    }

    fn deliver<'a>(&'a mut self, freight: &'a Freight, tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(async move {
            match &freight.rows {
                Some(rows) => self.hand_over(rows, tally).await,
                None => Ok(()),
            }
        })
    }

    fn finish<'a>(&'a mut self, tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(self.bring_to_end(tally))
    }
}
