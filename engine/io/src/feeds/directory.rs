//! Which channel a name belongs to: shared by all feeds, and grown by those that may register what nobody knew.

use std::collections::HashMap;
use std::sync::RwLock;
use twinwright_model::journal::Newcomer;
use twinwright_model::live::{Channel, ChannelName};

/// Channels that are registered while running at most: a source that makes up names must not fill the memory.
pub const MOST_NEWCOMERS: usize = 100_000;

/// Channels by name.
#[derive(Debug, Default)]
pub struct Directory(RwLock<Book>);

#[derive(Debug, Default)]
struct Book {
    /// By machine, then by item.
    numbers: HashMap<String, HashMap<String, Channel>>,
    units: Vec<String>,
    /// How many the site knew from the start.
    known: usize,
    /// Registered and not yet taken into the journal.
    newcomers: Vec<Newcomer>,
}

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Channel(Channel),
    UnknownMachine,
    UnknownSensor,
}

impl Directory {
    /// The channels of a site, by number, with their units.
    pub fn new(channels: impl IntoIterator<Item = (ChannelName, String)>) -> Directory {
        let mut book = Book::default();
        for (name, unit) in channels {
            book.add(name, unit);
        }
        book.known = book.units.len();
        Directory(RwLock::new(book))
    }

    pub fn find(&self, machine: &str, item: &str) -> Found {
        let book = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        match book.numbers.get(machine) {
            None => Found::UnknownMachine,
            Some(items) => items.get(item).map_or(Found::UnknownSensor, |&channel| Found::Channel(channel)),
        }
    }

    /// What a channel's values are in.
    pub fn unit(&self, channel: Channel) -> String {
        let book = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        book.units.get(channel as usize).cloned().unwrap_or_default()
    }

    /// The channel of a name, made if there is none; None when there are too many.
    pub fn register(&self, name: &ChannelName, unit: &str) -> Option<Channel> {
        let mut book = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(&channel) = book.numbers.get(&name.machine).and_then(|items| items.get(&name.item)) {
            return Some(channel);
        }
        if book.units.len() - book.known >= MOST_NEWCOMERS {
            return None;
        }
        book.newcomers.push(Newcomer { name: name.clone(), unit: unit.to_owned() });
        Some(book.add(name.clone(), unit.to_owned()))
    }

    /// What was registered since this was last asked: it goes into the journal with, or before, the first reading of it.
    pub fn take_newcomers(&self) -> Vec<Newcomer> {
        let mut book = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        std::mem::take(&mut book.newcomers)
    }
}

impl Book {
    fn add(&mut self, name: ChannelName, unit: String) -> Channel {
        let channel = self.units.len() as Channel;
        self.numbers.entry(name.machine).or_default().insert(name.item, channel);
        self.units.push(unit);
        channel
    }
}
