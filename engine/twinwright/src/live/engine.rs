//! The mirror at work, without its surroundings: deliveries go in, journal entries come out.
//!
//! It waits for nothing and touches no disk, socket or clock: times are told from outside. What follows from what was heard is
//! a matter of the journal alone, so that [`Engine::recall`] makes the same of it after a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use twinwright_core::intake::{Courses, Due, Intake, Skew, SkewWatch, Verdict};
use twinwright_core::lookout::{Lookout, Said};
use twinwright_core::site::{Clock, SitePlan, Target};
use twinwright_io::feeds::{Delivery, Receipt};
use twinwright_model::journal::{Checkpoint, Entry, Heard, Hearing, Newcomer};
use twinwright_model::live::{Action, Channel, ChannelName, FindingChange, Measurement, Reason, Refusal, Step};
use twinwright_model::{Severity, Span, Time};

/// Machine-ticks in a row before what they said is committed: a backlog is caught up in bites.
const BITE: usize = 100_000;

/// What an engine has done since it started; for the metrics page.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    pub ticks: u64,
    pub readings: u64,
    pub late: u64,
    pub repeated: u64,
    pub refused: [u64; Reason::ALL.len()],
    pub findings: u64,
    /// Steps in the course of alerts, and those that raised one.
    pub alerts: u64,
    pub raised: u64,
}

/// When the engine leaves its state behind, in ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    pub checkpoint: u32,
    pub digest: u32,
}

/// A mirror with what waits for its next tick and for the next commit.
#[derive(Debug)]
pub struct Engine {
    site: Arc<SitePlan>,
    lookout: Lookout,
    intake: Intake,
    courses: Courses,
    skews: SkewWatch,
    rhythm: Rhythm,
    /// By channel: the first channel of its machine, for clocks that are wrong.
    sources: Vec<Channel>,
    first_of: BTreeMap<String, Channel>,
    names: Vec<ChannelName>,
    /// What people ask, until the next tick; and what was asked before, so that nothing is done twice.
    asked: Vec<Action>,
    known: BTreeSet<String>,
    draft: Entry,
    leaves_state: bool,
    receipts: Vec<Receipt>,
    counts: Counts,
}

impl Engine {
    /// A mirror that goes on with entry `number`. `now` is the host's running clock.
    pub fn new(site: &Arc<SitePlan>, lookout: Lookout, number: u64, rhythm: Rhythm, now: Span) -> Engine {
        let mut intake = Intake::new(&site.time, site.plan.start, site.plan.tick);
        intake.resume(lookout.now().map_or(0, |tick| tick + 1));
        let mut engine = Engine {
            site: site.clone(),
            courses: Courses::new(site.feeds.len(), None, now),
            lookout,
            intake,
            skews: SkewWatch::default(),
            rhythm,
            sources: Vec::new(),
            first_of: BTreeMap::new(),
            names: Vec::new(),
            asked: Vec::new(),
            known: BTreeSet::new(),
            draft: Entry { number, ..Entry::default() },
            leaves_state: false,
            receipts: Vec::new(),
            counts: Counts::default(),
        };
        site.channels.iter().for_each(|channel| engine.name(channel.name.clone()));
        let newcomers = engine.lookout.mirror().newcomers().to_vec();
        newcomers.into_iter().for_each(|newcomer| engine.name(newcomer.name));
        engine
    }

    fn name(&mut self, name: ChannelName) {
        // A source is a machine: all that it says is stamped by one clock, as a rule.
        let own = self.names.len() as Channel;
        self.sources.push(*self.first_of.entry(name.machine.clone()).or_insert(own));
        self.names.push(name);
    }

    pub fn lookout(&mut self) -> &mut Lookout {
        &mut self.lookout
    }

    pub fn site(&self) -> &Arc<SitePlan> {
        &self.site
    }

    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The instant that the mirror shows.
    pub fn shows(&self) -> Option<Time> {
        self.lookout.now().map(|tick| self.intake.time_of(tick))
    }

    /// How far the readings' times have come.
    pub fn reached(&self) -> Option<Time> {
        self.intake.reached()
    }

    /// Readings that wait for their tick.
    pub fn waiting(&self) -> usize {
        self.intake.waiting()
    }

    pub fn channel(&self, channel: u32) -> Option<&ChannelName> {
        self.names.get(channel as usize)
    }
}

/// What comes in.
impl Engine {
    /// A feed's line stands, or is lost.
    pub fn line(&mut self, feed: u16, stands: bool, now: Span) {
        self.courses.line(feed, stands, now);
    }

    /// Nobody was listening for a while, whatever feeds said meanwhile.
    pub fn listens_again(&mut self, now: Span) {
        self.courses.listens_again(now);
    }

    pub fn ended(&mut self, feed: u16) {
        self.courses.ended(feed);
    }

    /// Channels that feeds registered: before the first reading of them.
    pub fn register(&mut self, newcomers: Vec<Newcomer>) {
        for newcomer in newcomers {
            self.adopt(&newcomer);
            self.draft.heard.newcomers.push(newcomer);
        }
    }

    /// The same of channels that the journal knows.
    pub fn adopt(&mut self, newcomer: &Newcomer) {
        self.lookout.register(newcomer);
        self.name(newcomer.name.clone());
    }

    /// Something that somebody asks: heard by the next tick, once.
    pub fn ask(&mut self, action: Action) {
        if self.known.insert(action.uid.clone()) {
            self.asked.push(action);
        }
    }

    /// A feed's delivery, whole.
    pub fn hear(&mut self, delivery: Delivery, now: Span) {
        for reading in &delivery.readings {
            self.hear_reading(delivery.feed, delivery.arrived, reading, now);
        }
        for refusal in &delivery.refusals {
            self.counts.refused[refusal.reason as usize] += 1;
        }
        self.draft.refusals.extend(delivery.refusals);
        self.receipts.extend(delivery.receipt);
    }

    fn hear_reading(&mut self, feed: u16, arrived: Time, reading: &Measurement, now: Span) {
        self.counts.readings += 1;
        let verdict = self.intake.hear(arrived, reading);
        self.look_at_clock(arrived, reading, &verdict);
        match &verdict {
            Verdict::Refused(reason, detail) => return self.refuse(feed, arrived, reading, *reason, detail.clone()),
            Verdict::Late => self.counts.late += 1,
            Verdict::Tick(_) => {
                self.courses.heard(feed, reading.time, now);
                self.reach(now);
            }
        }
        self.draft.heard.readings.extend(verdict.heard(*reading));
    }

    fn reach(&mut self, now: Span) {
        let by_clock = self.site.time.clock == Clock::Wall;
        if let Some(reached) = self.courses.reached(now, by_clock) {
            self.intake.reach(reached);
        }
    }

    fn refuse(&mut self, feed: u16, arrived: Time, reading: &Measurement, reason: Reason, detail: String) {
        self.counts.refused[reason as usize] += 1;
        let name = self.names.get(reading.channel as usize);
        let origin = name.map_or(String::new(), |name| format!("{}/{}", name.machine, name.item));
        let feed = self.site.feeds.get(feed as usize).map_or(String::new(), |feed| feed.name.clone());
        let payload = format!("{} {}", reading.time, reading.value).into_bytes();
        self.draft.refusals.push(Refusal { reason, detail, feed, origin, arrived, payload });
    }

    /// Whether the clock of whoever stamped this is wrong, beside how far time has come: of a backlog all is old.
    fn look_at_clock(&mut self, arrived: Time, reading: &Measurement, verdict: &Verdict) {
        if self.site.time.clock == Clock::Source {
            return;
        }
        let ours = match verdict {
            Verdict::Refused(..) => arrived,
            _ => self.intake.reached().unwrap_or(reading.time),
        };
        let Some(&source) = self.sources.get(reading.channel as usize) else { return };
        if let Some(skew) = self.skews.look(source, reading.time, ours) {
            let finding = self.clock_finding(&skew);
            self.counts.findings += 1;
            self.draft.findings.push(finding);
        }
    }

    fn clock_finding(&self, skew: &Skew) -> FindingChange {
        let machine = &self.names[skew.source as usize].machine;
        FindingChange {
            uid: format!("{machine}/-/skew/{}", skew.since.0),
            machine: self.machine_of(skew.source),
            sensor: None,
            detector: "skew".to_owned(),
            severity: Severity::Low,
            since: skew.since,
            ended: skew.ended,
            value: skew.ahead.seconds(),
            expected: None,
            limit: None,
            peak: skew.ahead.seconds(),
        }
    }

    fn machine_of(&self, channel: u32) -> u32 {
        match self.site.channels.get(channel as usize).map(|channel| channel.target) {
            Some(
                Target::Sensor { machine, .. }
                | Target::Driver { machine, .. }
                | Target::Mode { machine }
                | Target::Stray { machine },
            ) => machine,
            None => self.lookout.machine_of(channel).unwrap_or_default(),
        }
    }
}

/// What comes out.
impl Engine {
    /// Goes through the ticks that are over, at most a bite of them; true when there are more.
    pub fn advance(&mut self, now: Span) -> bool {
        self.reach(now);
        let bite = (BITE / self.site.plan.machines.len().max(1)).max(1);
        for _ in 0..bite {
            let Some(due) = self.intake.next_due() else { return false };
            self.tick(&due);
        }
        true
    }

    /// Nothing comes any more: what waits is heard without waiting for what could overtake it.
    pub fn finish(&mut self) {
        if let Some(reached) = self.intake.reached() {
            let window = self.site.time.reorder.0 + self.site.plan.tick.0 + 1;
            self.intake.reach(Time(reached.0.saturating_add(window)));
        }
    }

    fn tick(&mut self, due: &Due) {
        let actions = std::mem::take(&mut self.asked);
        self.lookout.tick(&due.readings, &actions);
        self.draft.heard.actions.extend(actions.into_iter().map(|action| (due.tick, action)));
        self.draft.heard.closed = Some(due.tick);
        self.counts.ticks += 1;
        self.counts.repeated += due.repeated as u64;
        let Said { findings, alerts, modes } = self.lookout.take_said();
        self.counts.findings += findings.len() as u64;
        self.counts.alerts += alerts.len() as u64;
        self.counts.raised += alerts.iter().filter(|change| change.step == Step::Raised).count() as u64;
        self.draft.findings.extend(findings);
        self.draft.alerts.extend(alerts);
        self.draft.modes.extend(modes);
        self.leaves_state |= due.tick.is_multiple_of(self.rhythm.checkpoint.max(1));
        if due.tick.is_multiple_of(self.rhythm.digest.max(1)) {
            self.draft.digest = Some((due.tick, self.lookout.digest()));
        }
    }

    /// The state goes into the store with the next entry.
    pub fn leave_state(&mut self) {
        self.leaves_state = true;
    }

    /// The state after all that the draft holds, with the readings that wait for their tick.
    fn checkpoint(&mut self) -> Option<Checkpoint> {
        let tick = self.lookout.now()?;
        let waiting = self.intake.save();
        let mut bytes = (waiting.len() as u64).to_le_bytes().to_vec();
        bytes.extend(waiting);
        bytes.extend(self.lookout.save());
        Some(Checkpoint { tick, digest: self.lookout.digest(), bytes })
    }

    /// How machines stand, for people.
    fn portraits(&self) -> Vec<(u32, String)> {
        let mirror = self.lookout.mirror();
        (0..mirror.machine_count()).map(|machine| (machine, mirror.portrait(machine).to_string())).collect()
    }

    /// Readings that wait to be committed.
    pub fn uncommitted(&self) -> usize {
        self.draft.heard.readings.len() + self.draft.refusals.len() + self.receipts.len()
    }

    /// What is to be committed now, and who waits to hear that it is; None where there is nothing.
    pub fn entry(&mut self, written: Time) -> Option<(Entry, Vec<Receipt>)> {
        let nothing = self.receipts.is_empty()
            && self.draft.heard == Hearing::default()
            && self.draft.refusals.is_empty()
            && self.draft.findings.is_empty()
            && !self.leaves_state;
        if nothing {
            return None;
        }
        if std::mem::take(&mut self.leaves_state) {
            self.draft.checkpoint = self.checkpoint();
            self.draft.portraits = self.portraits();
        }
        let next = Entry { number: self.draft.number + 1, ..Entry::default() };
        let mut entry = std::mem::replace(&mut self.draft, next);
        entry.written = written;
        Some((entry, std::mem::take(&mut self.receipts)))
    }
}

/// What the journal says.
impl Engine {
    /// Hears again what an entry of the journal heard. What that says is in the store already; `see` is shown each tick.
    pub fn recall(&mut self, hearing: Hearing, now: Span, see: &mut dyn FnMut(u32, &mut Lookout, Said)) {
        hearing.newcomers.iter().for_each(|newcomer| self.adopt(newcomer));
        for heard in &hearing.readings {
            self.intake.recall(heard);
            // Which feed it came from nobody wrote down; with several, only what is over is known to be.
            if heard.tick != Heard::LATE && self.site.feeds.len() == 1 {
                self.courses.heard(0, heard.measurement.time, now);
            }
        }
        let (mut actions, closed) = (hearing.actions.into_iter().peekable(), hearing.closed);
        while let Some(tick) = self.next_recalled(closed) {
            let mut asked = Vec::new();
            while let Some((_, action)) = actions.next_if(|(at, _)| *at <= tick) {
                self.known.insert(action.uid.clone());
                asked.push(action);
            }
            let due = self.intake.close();
            self.lookout.tick(&due.readings, &asked);
            let said = self.lookout.take_said();
            see(tick, &mut self.lookout, said);
        }
        self.draft.number += 1;
    }

    /// Takes over what waited for its tick when the state was kept.
    pub fn wait_again(&mut self, bytes: &[u8]) -> Option<()> {
        let fresh = Intake::new(&self.site.time, self.site.plan.start, self.site.plan.tick);
        self.intake = fresh.restore(bytes)?;
        Some(())
    }

    /// What waits for its tick, with its tick.
    pub fn waiting_readings(&self) -> Vec<Heard> {
        self.intake.pending()
    }

    /// Takes over what waited in the mirror of another file, whose channels have other numbers.
    pub fn wait_for_old(&mut self, waiting: Vec<Heard>, number_of: impl Fn(Channel) -> Option<Channel>) {
        for heard in waiting {
            if let Some(channel) = number_of(heard.measurement.channel) {
                self.intake.recall(&Heard { measurement: Measurement { channel, ..heard.measurement }, ..heard });
            }
        }
    }

    fn next_recalled(&self, closed: Option<u32>) -> Option<u32> {
        let next = self.intake.closed().map_or(0, |tick| tick + 1);
        closed.filter(|closed| next <= *closed).map(|_| next)
    }
}
