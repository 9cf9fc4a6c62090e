//! Alerts and reports at a broker: retained while an alert is not normal, cleared when it is over.
//!
//! Patience has no end here: a broker that is away is waited for. What the broker did not acknowledge goes out again.

mod board;
mod broker;
mod topics;

pub use board::StateBoard;

use super::{Notice, Site, Terms, Verdict, Wire, terms};
use crate::outlets::Pending;
use crate::outlets::address::Address;
use crate::outlets::trouble::OutletTrouble;
use broker::{Broker, LARGEST, Letter, UNDER_WAY};
use topics::Topics;

/// Notices that are handed over together; the last word of an alert takes two messages.
const AT_ONCE: usize = UNDER_WAY / 2;

pub(super) struct Mqtt {
    terms: Terms,
    topics: Topics,
    broker: Broker,
}

/// Checks `mqtt:` or `mqtts:`.
pub(super) fn open(address: &Address, site: &Site) -> Result<Mqtt, OutletTrouble> {
    let terms = Terms { tries: None, at_once: AT_ONCE, ..terms(address, false)? };
    if address.text("qos").is_some_and(|qos| qos != "1") {
        return Err(address.refuse("qos: expected 1; with less nobody says that a notice arrived"));
    }
    let topics = Topics::read(address, site)?;
    let broker = Broker::read(address)?;
    address.done()?;
    Ok(Mqtt { terms, topics, broker })
}

impl Mqtt {
    /// One message, and for an alert that is over an empty one that clears what the broker kept.
    fn letters(&self, notice: &Notice) -> Vec<Letter> {
        let topic = self.topics.of(notice);
        let last = Letter { topic: topic.clone(), payload: notice.body().into(), retain: !notice.is_over() };
        if notice.is_over() {
            vec![last, Letter { topic, payload: Default::default(), retain: true }]
        } else {
            vec![last]
        }
    }

    async fn hand_over(&mut self, notices: &[Notice]) -> Result<Vec<Verdict>, OutletTrouble> {
        let mut letters = Vec::new();
        // How many letters are out when a notice is through; None where it cannot go.
        let mut through = Vec::new();
        for notice in notices {
            let own = self.letters(notice);
            let fits = own.iter().all(|letter| letter.payload.len() <= LARGEST);
            if fits {
                letters.extend(own);
            }
            through.push(fits.then_some(letters.len()));
        }
        let (arrived, trouble) = self.broker.send(&letters).await?;
        let why = trouble.unwrap_or_default();
        let verdict = |through: &Option<usize>| match through {
            None => Verdict::Never(format!("it is longer than {LARGEST} bytes")),
            Some(letters) if *letters <= arrived => Verdict::Delivered(String::new()),
            Some(_) => Verdict::Again(why.clone(), None),
        };
        Ok(through.iter().map(verdict).collect())
    }
}

impl Wire for Mqtt {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What the broker keeps is by topic, so the order is too.
    fn lane(&self, notice: &Notice) -> String {
        self.topics.of(notice)
    }

    fn deliver<'a>(&'a mut self, notices: &'a [Notice]) -> Pending<'a, Result<Vec<Verdict>, OutletTrouble>> {
        Box::pin(self.hand_over(notices))
    }

    fn close(&mut self) -> Pending<'_, ()> {
        Box::pin(self.broker.close())
    }
}
