//! The tape: all that a plant said, tick by tick, as a lookout hears it; and what was really the matter with it.

use crate::Trouble;
use twinwright_core::site::SitePlan;
use twinwright_model::live::Measurement;
use twinwright_model::{Quality, Time};

/// More readings than this do not fit: some 20 bytes each.
const MOST: usize = 60_000_000;

/// Readings in the order of their ticks, channels and times, column by column.
#[derive(Debug, Default)]
pub struct Tape {
    tick: Vec<u32>,
    channel: Vec<u32>,
    time: Vec<i64>,
    value: Vec<f64>,
    quality: Vec<u8>,
    /// How many ticks there are.
    pub ticks: u32,
}

/// Something that was really wrong with a machine, or with one sensor of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Matter {
    pub machine: String,
    pub sensor: Option<String>,
    pub from: Time,
    pub to: Option<Time>,
}

/// What there is to learn from.
#[derive(Debug, Default)]
pub struct Recording {
    pub tape: Tape,
    pub matters: Vec<Matter>,
    /// Faults are known by their labels; else only what readings show.
    pub labelled: bool,
}

impl Tape {
    /// The readings of the next tick, in any order.
    pub fn push(&mut self, mut readings: Vec<Measurement>) -> Result<(), Trouble> {
        readings.sort_by_key(|reading| (reading.channel, reading.time));
        if self.tick.len() + readings.len() > MOST {
            let why = format!("these are more than {MOST} readings; ask for a shorter time, or for fewer machines");
            return Err(Trouble::Input(why));
        }
        for reading in readings {
            self.tick.push(self.ticks);
            self.channel.push(reading.channel);
            self.time.push(reading.time.0);
            self.value.push(reading.value);
            self.quality.push(reading.quality.code());
        }
        self.ticks += 1;
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.tick.len()
    }

    /// Shows every tick with its readings.
    pub fn play(&self, mut see: impl FnMut(u32, &[Measurement])) {
        let (mut at, mut heard) = (0, Vec::new());
        for tick in 0..self.ticks {
            heard.clear();
            while self.tick.get(at) == Some(&tick) {
                heard.push(self.reading(at));
                at += 1;
            }
            see(tick, &heard);
        }
    }

    fn reading(&self, at: usize) -> Measurement {
        let quality = Quality::from_code(self.quality[at]);
        Measurement { channel: self.channel[at], time: Time(self.time[at]), value: self.value[at], quality }
    }

    /// What one channel said that can be believed: times and values.
    pub fn of_channel(&self, channel: u32) -> impl Iterator<Item = (i64, f64)> + '_ {
        let good = |at: &usize| {
            let quality = Quality::from_code(self.quality[*at]);
            matches!(quality, Quality::Good | Quality::Uncertain) && self.value[*at].is_finite()
        };
        let mine = (0..self.tick.len()).filter(move |at| self.channel[*at] == channel);
        mine.filter(good).map(|at| (self.time[at], self.value[at]))
    }
}

/// The channel of a machine's item.
pub fn channel(site: &SitePlan, machine: &str, item: &str) -> Option<u32> {
    let found = site.channels.iter().position(|channel| channel.name.machine == machine && channel.name.item == item);
    found.map(|place| place as u32)
}
