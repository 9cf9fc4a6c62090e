//! A sensor's readings as one limit sees them, and the calls that a setting makes of them.

use crate::alerts::concern::FLUTTER;

/// How one limit is watched; times in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// As the signal counts: larger is worse.
    pub limit: f64,
    pub deadband: f64,
    pub on_delay: i64,
    pub off_delay: i64,
}

/// How a rule calls somebody for a finding; times in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rule {
    /// For how long the finding must last, and be gone.
    pub holds: i64,
    pub gone: i64,
    /// After so long without the finding what nobody acknowledged is forgotten; None: never.
    pub quiet: Option<i64>,
}

/// Readings in which a larger number is always worse: those of low limits are turned round. Stretches that no setting under
/// trial could call for are one piece.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Signal {
    /// When each piece begins, in nanoseconds.
    times: Vec<i64>,
    /// The reading; minus infinity for a stretch below the floor, which lasts until the next piece.
    values: Vec<f32>,
    floor: f32,
}

impl Signal {
    /// A signal in which nothing below `floor` matters: neither a limit nor a deadband under trial reaches down to it.
    pub fn new(floor: f64) -> Signal {
        Signal { times: Vec::new(), values: Vec::new(), floor: floor as f32 }
    }

    /// The next reading; what is no number is passed over.
    pub fn push(&mut self, time: i64, value: f32) {
        let value = if value < self.floor { f32::NEG_INFINITY } else { value };
        let repeats = value == f32::NEG_INFINITY && self.values.last() == Some(&f32::NEG_INFINITY);
        if value.is_nan() || repeats {
            return;
        }
        self.times.push(time);
        self.values.push(value);
    }

    pub fn len(&self) -> usize {
        self.times.len()
    }

    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }
}

/// Something that must last before it counts, and be gone before it is over.
#[derive(Debug, Default)]
struct Latch {
    is_on: bool,
    since: Option<i64>,
}

impl Latch {
    /// One more look; true when it has just come on.
    fn look(&mut self, time: i64, (on, off): (bool, bool), (holds, gone): (i64, i64)) -> bool {
        let (wanted, delay) = if self.is_on { (off, gone) } else { (on, holds) };
        if !wanted {
            self.since = None;
            return false;
        }
        let since = *self.since.get_or_insert(time);
        if time - since < delay {
            return false;
        }
        (self.is_on, self.since) = (!self.is_on, None);
        self.is_on
    }

    /// When it would turn by itself if nothing changed.
    fn due(&self, delay: (i64, i64)) -> Option<i64> {
        Some(self.since? + if self.is_on { delay.1 } else { delay.0 })
    }
}

/// A rule at work: what comes again and again within a minute must be gone for a minute.
#[derive(Debug, Default)]
struct Caller {
    rule: Rule,
    alert: Latch,
    raised: [Option<i64>; 3],
    flutters: bool,
    returned: Option<i64>,
}

impl Caller {
    /// One more look; true when somebody is called.
    fn look(&mut self, time: i64, found: bool) -> bool {
        let was_on = self.alert.is_on;
        let delays = self.delays();
        let calls = self.alert.look(time, (found, !found), delays);
        if was_on && !self.alert.is_on {
            self.returned = Some(time);
        }
        if calls {
            if self.rule.quiet.zip(self.returned).is_some_and(|(quiet, returned)| time - returned >= quiet) {
                (self.flutters, self.raised) = (false, [None; 3]);
            }
            self.raised.rotate_left(1);
            self.raised[2] = Some(time);
            self.flutters |= self.raised[0].is_some_and(|first| time - first < FLUTTER);
        }
        calls
    }

    fn delays(&self) -> (i64, i64) {
        (self.rule.holds, if self.flutters { self.rule.gone.max(FLUTTER) } else { self.rule.gone })
    }

    fn due(&self) -> Option<i64> {
        self.alert.due(self.delays())
    }
}

/// The instants at which somebody is called.
pub fn calls(signal: &Signal, setting: &Setting, rule: Rule) -> Vec<i64> {
    let back = setting.limit - setting.deadband;
    let lasts = (setting.on_delay, setting.off_delay);
    let (mut finding, mut caller) = (Latch::default(), Caller { rule, ..Caller::default() });
    let mut calls = Vec::new();
    for (at, (&time, &value)) in signal.times.iter().zip(&signal.values).enumerate() {
        let (value, is_long) = (f64::from(value), value == f32::NEG_INFINITY);
        let next = signal.times.get(at + 1).copied().unwrap_or(time);
        let mut now = time;
        loop {
            if now == time || is_long {
                finding.look(now, (value > setting.limit, value <= back), lasts);
            }
            if caller.look(now, finding.is_on) {
                calls.push(now);
            }
            // What is waited for comes when it is due: a rule looks at every tick, and a long stretch has many readings.
            let waited = [caller.due(), finding.due(lasts).filter(|_| is_long)];
            match waited.into_iter().flatten().filter(|due| *due > now).min() {
                Some(due) if due < next => now = due,
                _ => break,
            }
        }
    }
    calls
}

/// Stretches in which at least half of the readings of the last `window` are beyond a limit: what goes on beneath the noise.
/// A stretch begins with the first reading beyond in the window that made it one.
pub fn stretches(signal: &Signal, limit: f64, window: i64) -> Vec<(i64, i64)> {
    let (mut from, mut beyond) = (0usize, 0usize);
    let (mut found, mut open): (Vec<(i64, i64)>, Option<i64>) = (Vec::new(), None);
    let is_beyond = |at: usize| f64::from(signal.values[at]) > limit;
    let Some(&first) = signal.times.first() else { return found };
    for (at, &time) in signal.times.iter().enumerate() {
        beyond += usize::from(is_beyond(at));
        while signal.times[from] <= time - window {
            beyond -= usize::from(is_beyond(from));
            from += 1;
        }
        let is_long = signal.values[at] == f32::NEG_INFINITY;
        let half = !is_long && time - first >= window && 2 * beyond >= at + 1 - from && beyond > 0;
        match open {
            None if half => open = (from..=at).find(|at| is_beyond(*at)).map(|at| signal.times[at]),
            Some(since) if !half => {
                found.push((since, time));
                open = None;
            }
            _ => {}
        }
    }
    let last = signal.times.last().copied().unwrap_or(first);
    found.extend(open.map(|since| (since, last)));
    join(found, window)
}

/// Stretches closer together than `gap` are one.
fn join(stretches: Vec<(i64, i64)>, gap: i64) -> Vec<(i64, i64)> {
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (from, to) in stretches {
        match joined.last_mut() {
            Some(last) if from - last.1 <= gap => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// What moves slower than this is no noise.
const SLOW: i64 = 1_800_000_000_000;
/// Noise beyond so many of its standard deviations is something else.
const FURTHEST: f64 = 5.0;

/// The noise of readings on a value that creeps, within `span`, from four standard deviations below 0 to four above.
pub fn creep(readings: &[(i64, f64)], span: i64) -> Signal {
    let mut signal = Signal::new(f64::NEG_INFINITY);
    let Some(&(first, _)) = readings.first() else { return signal };
    let readings = &readings[..readings.partition_point(|(time, _)| *time <= first + span)];
    let (mut from, mut to, mut sum) = (0, 0, 0.0);
    let mut noise = Vec::with_capacity(readings.len());
    for &(time, value) in readings {
        while to < readings.len() && readings[to].0 <= time + SLOW / 2 {
            sum += readings[to].1;
            to += 1;
        }
        while readings[from].0 < time - SLOW / 2 {
            sum -= readings[from].1;
            from += 1;
        }
        noise.push(value - sum / (to - from) as f64);
    }
    let mut sizes: Vec<f64> = noise.iter().map(|one| one.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let sd = sizes[sizes.len() / 2] / 0.6745;
    let last = readings[readings.len() - 1].0;
    for (&(time, _), noise) in readings.iter().zip(noise) {
        let share = (time - first) as f64 / (last - first).max(1) as f64;
        let value = (8.0 * share - 4.0) * sd + noise.clamp(-FURTHEST * sd, FURTHEST * sd);
        signal.push(time, value as f32);
    }
    signal
}
