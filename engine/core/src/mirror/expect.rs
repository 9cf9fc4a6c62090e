//! Expecting: what each sensor should show now, what was received beside it, and what that says of the machine.

use super::face::Face;
use super::hearing::Word;
use super::look::{Looking, aims};
use super::trial::winner;
use super::view::{NEVER, PanelView};
use super::{PACE_S, Round};
use crate::follow::sketch::LaneSketch;
use crate::follow::update::{NEVER as UNUSED, Reading};
use crate::sensing::LANES;
use std::ops::Range;
use twinwright_model::time::SECOND;
use twinwright_model::{Quality, Time};

/// Noise that remembers is believed up to so many of its standard deviations: what lies further off is no noise.
const NOISE_ENDS: f64 = 5.0;

impl Round<'_> {
    /// One machine meets what was heard of it.
    pub(super) fn meet(&mut self, machine: usize, words: Range<usize>, see: &mut dyn FnMut(&PanelView)) {
        let now = self.time();
        self.foresee(machine);
        for panel in 0..self.standings[machine].faces.len() {
            let used = self.lanes_of(machine, panel);
            self.standings[machine].faces[panel].fall_silent(used, now, &self.site.time);
        }
        self.follow(machine, words.clone());
        self.show(machine, words, see);
    }

    /// True values of this tick, and from them what sensors should read.
    fn foresee(&mut self, machine: usize) {
        let Some(who) = self.machines.get(machine) else { return };
        let (model, sketch) = (&self.plan.models[who.model as usize], &self.sketches[who.model as usize]);
        let (slots, standing) = (&mut self.slots[machine], &mut self.standings[machine]);
        let fresh = self.course.clock.fresh;
        for (panel, face) in standing.faces.iter_mut().take(model.panels.len()).enumerate() {
            let aims = aims(model, panel, slots);
            for (sensor, lane) in of_panel(&sketch.lanes, panel) {
                let number = usize::from(lane.lane);
                let truth = face.advance(number, aims[number], lane.alpha, fresh);
                let bias = standing.follower.bias(sketch, sensor);
                face.expected[number] = truth * lane.slope + lane.offset + bias;
            }
        }
        for &(slot, panel, lane) in &model.echoes {
            let (face, number) = (&standing.faces[usize::from(panel)], usize::from(lane));
            if let Some((sensor, lane)) = of_panel(&sketch.lanes, usize::from(panel)).find(|(_, one)| one.lane == lane)
            {
                let bias = standing.follower.bias(sketch, sensor);
                let truth = (face.expected[number] - lane.offset - bias) / lane.slope;
                if truth.is_finite() {
                    slots.0[usize::from(slot)] = truth;
                }
            }
        }
    }

    /// Lets the filter hear the last reading of each lane that may say something.
    fn follow(&mut self, machine: usize, words: Range<usize>) {
        let Some(model) = self.machines.get(machine).map(|machine| machine.model as usize) else { return };
        self.gather(machine, model, words);
        if self.bench.readings.is_empty() {
            return;
        }
        if !self.standings[machine].rivals.is_empty() {
            return self.try_rivals(machine, model);
        }
        self.see(machine, model, None);
        let (sketch, bench) = (&self.sketches[model], &mut self.bench);
        for reading in &mut bench.readings {
            reading.counts &= !Looking::is_blurred(sketch, &bench.sight, reading.sensor);
        }
        let before: smallvec::SmallVec<[f64; 16]> =
            self.standings[machine].follower.estimate.x.iter().take(sketch.common).copied().collect();
        let standing = &mut self.standings[machine];
        standing.follower.hear(sketch, &bench.sight, &bench.readings, &mut bench.room);
        // What is now known better was so before: lagged sensors have long followed it.
        for (sensor, lane) in sketch.lanes.iter().enumerate().filter(|(_, lane)| lane.alpha > 0.0 && lane.slope != 0.0)
        {
            let gains = &bench.sight.gains[sensor * sketch.common..(sensor + 1) * sketch.common];
            let after = &standing.follower.estimate.x;
            let moved: f64 = gains.iter().zip(&before).zip(after.iter()).map(|((gain, a), b)| gain * (b - a)).sum();
            if moved.is_finite() {
                standing.faces[usize::from(lane.panel)].ahead[usize::from(lane.lane)] += moved / lane.slope;
            }
        }
        standing.follower.estimate.write(sketch, &mut self.slots[machine].0);
    }

    /// Readings of this tick that the filter may hear, one a sensor.
    fn gather(&mut self, machine: usize, model: usize, words: Range<usize>) {
        let sketch = &self.sketches[model];
        let standing = &self.standings[machine];
        let follower = standing.rivals.first().map_or(&standing.follower, |rival| &rival.follower);
        let tick = self.course.clock.tick;
        let pace = pace_of(tick, machine, self.plan.tick.0);
        self.bench.readings.clear();
        for word in &self.bench.words[words] {
            let found = of_panel(&sketch.lanes, usize::from(word.panel)).find(|(_, one)| one.lane == word.lane);
            let Some((sensor, lane)) = found else { continue };
            let usable = word.quality == Quality::Good && word.value > lane.low && word.value < lane.high;
            let settled = lane.settles == 0 || tick.saturating_sub(standing.since) >= lane.settles;
            let used = follower.traces[sensor].used;
            let due = used == UNUSED
                || word.time.0.saturating_sub(used) as f64 >= (lane.memory_s / 2.0).max(pace) * SECOND as f64;
            if !usable || !due || !word.value.is_finite() {
                continue;
            }
            let reading = Reading { sensor, time: word.time, value: word.value, counts: settled };
            match self.bench.readings.iter_mut().find(|reading| reading.sensor == sensor) {
                Some(known) => *known = reading,
                None => self.bench.readings.push(reading),
            }
        }
    }

    /// What the model says at an estimate: the machine's own, or a rival's.
    fn see(&mut self, machine: usize, model: usize, rival: Option<usize>) {
        let (sketch, standing) = (&self.sketches[model], &self.standings[machine]);
        let follower = rival.map_or(&standing.follower, |rival| &standing.rivals[rival].follower);
        let (lanes, own) = (&sketch.lanes, &standing.follower);
        let truth = |panel: usize, number: usize| {
            let found = of_panel(lanes, panel).find(|(_, lane)| usize::from(lane.lane) == number);
            found.map_or(f64::NAN, |(sensor, lane)| {
                let shown = standing.faces[panel].expected[number] - own.bias(sketch, sensor);
                (shown - lane.offset) / lane.slope
            })
        };
        let clock = self.course.clock;
        let bench = &mut self.bench;
        let who = (&self.machines[machine], &self.slots[machine]);
        if rival.is_none() {
            return bench.looking.look(who, sketch, &follower.estimate, clock, truth, &mut bench.sight);
        }
        let mut slots = who.1.clone();
        follower.estimate.write(sketch, &mut slots.0);
        let truth = |_: usize, _: usize| f64::NAN;
        bench.looking.look((who.0, &slots), sketch, &follower.estimate, clock, truth, &mut bench.sight);
        let plan = &self.plan.models[model];
        for (sensor, lane) in sketch.lanes.iter().enumerate() {
            bench.sight.expected[sensor] = bench.looking.aim(plan, lane) * lane.slope + lane.offset;
        }
    }

    /// All ways in which a machine may stand hear the readings; what is clearly best stays.
    fn try_rivals(&mut self, machine: usize, model: usize) {
        for rival in 0..self.standings[machine].rivals.len() {
            self.see(machine, model, Some(rival));
            let (sketch, bench) = (&self.sketches[model], &mut self.bench);
            let rival = &mut self.standings[machine].rivals[rival];
            rival.likelihood += rival.follower.hear(sketch, &bench.sight, &bench.readings, &mut bench.room);
            rival.heard += 1;
        }
        let standing = &mut self.standings[machine];
        if let Some(best) = winner(&standing.rivals) {
            let mut follower = standing.rivals.swap_remove(best).follower;
            follower.consistency = standing.follower.consistency;
            standing.follower = follower;
            standing.rivals.clear();
            standing.follower.estimate.write(&self.sketches[model], &mut self.slots[machine].0);
        }
    }

    /// Lays readings beside expectations, pass by pass, and shows them.
    fn show(&mut self, machine: usize, words: Range<usize>, see: &mut dyn FnMut(&PanelView)) {
        let mut from = words.start;
        for panel in 0..self.standings[machine].faces.len() {
            let mut pass = 0;
            loop {
                let mine = |word: &&Word| usize::from(word.panel) == panel && word.pass == pass;
                let until = from + self.bench.words[from..words.end].iter().take_while(mine).count();
                if until == from && pass > 0 {
                    break;
                }
                let view = self.view(machine, panel, pass, from..until);
                see(&view);
                (from, pass) = (until, pass.saturating_add(1));
            }
        }
    }

    fn view(&mut self, machine: usize, panel: usize, pass: u16, words: Range<usize>) -> PanelView {
        let span_s = if pass == 0 && !self.course.clock.fresh { self.plan.tick.seconds() } else { 0.0 };
        let model = self.machines.get(machine).map(|machine| machine.model as usize);
        let lanes = model.map_or(&[][..], |model| self.sketches[model].lanes.as_slice());
        let (time, tick) = (self.time(), self.course.clock.tick);
        let standing = &mut self.standings[machine];
        let face = &mut standing.faces[panel];
        let (mut expected, mut sd) = ([f64::NAN; LANES], [f64::NAN; LANES]);
        let (mut heard, mut modelled) = (0u16, 0u16);
        for (sensor, lane) in of_panel(lanes, panel) {
            let number = usize::from(lane.lane);
            let spread = standing.follower.traces[sensor].spread;
            expected[number] = face.expected[number];
            sd[number] = (lane.noise + lane.least() + spread).sqrt();
            let settled = lane.settles == 0 || tick >= lane.settles;
            let within = expected[number] > lane.low && expected[number] < lane.high;
            if settled && within && sd[number].is_finite() && standing.rivals.is_empty() {
                modelled |= 1 << number;
            }
        }
        for word in &self.bench.words[words] {
            let number = usize::from(word.lane);
            let found = of_panel(lanes, panel).find(|(_, lane)| lane.lane == word.lane);
            let quality = match found {
                Some((_, lane)) if word.value < lane.low || word.value > lane.high => doubted(word.quality),
                _ => word.quality,
            };
            // Before the reading is shown: what is left of the noise depends on when the one before was heard.
            let noise = found.map(|(sensor, lane)| {
                let spread = standing.follower.traces[sensor].spread;
                (face.noise_now(number, lane, word.time), lane, spread)
            });
            if face.show(number, word.time, word.value, quality) {
                heard |= 1 << number;
            }
            if let Some((before, lane, spread)) = noise {
                if face.quality[number] == Quality::Good.code() {
                    expected[number] += before.left * before.noise;
                    let own = 1.0 - before.left;
                    sd[number] = (before.variance + lane.least() + spread * own * own).sqrt();
                }
                face.learn_noise(number, lane, &before, word.value);
            }
        }
        PanelView {
            machine: machine as u32,
            panel: panel as u8,
            time,
            span_s,
            heard_at: face.heard_at,
            measured: face.measured,
            quality: face.quality,
            heard,
            expected,
            sd,
            modelled,
        }
    }

    /// How many lanes of a panel are used.
    pub(super) fn lanes_of(&self, machine: usize, panel: usize) -> usize {
        let model = self.machines.get(machine).map(|machine| &self.plan.models[machine.model as usize]);
        let panels = model.map_or(&[][..], |model| &model.panels);
        if let Some(panel) = panels.get(panel) {
            return panel.used;
        }
        self.standings[machine].strays.len().saturating_sub((panel - panels.len()) * LANES).min(LANES)
    }
}

/// Noise as it is expected before a reading: what is left of the one before, that one, and the variance.
struct NoiseNow {
    left: f64,
    noise: f64,
    variance: f64,
}

/// The quality of a reading beyond its sensor's range.
fn doubted(quality: Quality) -> Quality {
    if quality == Quality::Good { Quality::Uncertain } else { quality }
}

/// Sensors of a panel, each with its number.
pub fn of_panel(lanes: &[LaneSketch], panel: usize) -> impl Iterator<Item = (usize, &LaneSketch)> {
    lanes.iter().enumerate().filter(move |(_, lane)| usize::from(lane.panel) == panel)
}

/// Seconds that must lie between two readings of a sensor. Machines begin at different ticks, so that not all are looked at in
/// the same one.
fn pace_of(tick: u32, machine: usize, tick_nanos: i64) -> f64 {
    let tick_s = tick_nanos as f64 / SECOND as f64;
    let every = (PACE_S / tick_s).floor().max(1.0);
    let early = f64::from(tick) < every && f64::from(tick) < machine as f64 % every;
    // Half a tick less, for readings whose times tremble.
    if early { f64::INFINITY } else { (every - 0.5) * tick_s }
}

impl Face {
    /// Takes a lagged lane to what was prepared a tick ago, and prepares the next. A target that is no number leaves it.
    fn advance(&mut self, lane: usize, aim: f64, alpha: f64, fresh: bool) -> f64 {
        let aim = if aim.is_finite() { aim } else { self.ahead[lane] };
        if fresh {
            self.ahead[lane] = aim;
        }
        let now = if alpha > 0.0 { self.ahead[lane] } else { aim };
        self.ahead[lane] = now + (aim - now) * alpha;
        now
    }

    /// The noise that is to be expected of the next reading.
    fn noise_now(&self, lane: usize, sketch: &LaneSketch, time: Time) -> NoiseNow {
        if self.heard_at[lane] == NEVER || sketch.memory_s <= 0.0 {
            return NoiseNow { left: 0.0, noise: 0.0, variance: sketch.noise };
        }
        let left = sketch.remembers(time.0.saturating_sub(self.heard_at[lane]) as f64 / SECOND as f64);
        let variance = left * left * self.doubt[lane] + sketch.noise * (1.0 - left * left);
        NoiseNow { left, noise: self.noise[lane], variance }
    }

    /// What a reading says of its noise: all but what rounding added to it. A reading that is not good says nothing.
    fn learn_noise(&mut self, lane: usize, sketch: &LaneSketch, before: &NoiseNow, value: f64) {
        let off = value - self.expected[lane];
        if self.quality[lane] != Quality::Good.code() || !off.is_finite() {
            (self.noise[lane], self.doubt[lane]) = (0.0, sketch.noise);
            return;
        }
        let gain = before.variance / (before.variance + sketch.least());
        let expected = before.left * before.noise;
        let most = NOISE_ENDS * sketch.noise.sqrt();
        self.noise[lane] = (expected + gain * (off - expected)).clamp(-most, most);
        self.doubt[lane] = (1.0 - gain) * before.variance;
    }

    /// What a lane shows: its own value, or what the twin expects while it is silent or bad.
    pub(super) fn value(&self, lane: usize) -> (f64, Quality) {
        if self.is_fresh(lane) {
            return (self.measured[lane], Quality::from_code(self.quality[lane]));
        }
        let quality = if self.expected[lane].is_finite() { Quality::Substitute } else { Quality::Bad };
        (self.expected[lane], quality)
    }
}
