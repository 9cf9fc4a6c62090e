//! How far time has come, from what each feed has said.
//!
//! Time goes as far as the slowest feed that is speaking: one that lags behind the others would find all its readings late. A
//! feed that is silent holds nobody up, one that lost its line does so for a while. Where all are silent, time goes on at
//! the pace of the host's clock. Everything here is told from outside: elapsed times, and whether a line stands.

use twinwright_model::{Span, Time};

/// Silence after which a feed holds nobody up: a broker that has a backlog for us sends it much sooner.
pub const QUIET: Span = Span(5_000_000_000);
/// A lost line, or a feed that lags, holds time for so long; what comes from it after that is late.
const PATIENCE: Span = Span(60_000_000_000);
/// A feed lags that is further than this behind the others: it has a backlog, or its clock is wrong.
const LAG: Span = Span(30_000_000_000);

/// The courses of all feeds.
#[derive(Debug, Clone)]
pub struct Courses {
    feeds: Vec<Course>,
    /// The latest believable time that anybody stamped, and when we heard it, by the host's running clock.
    latest: Option<(Time, Span)>,
    /// The host's running clock when this began.
    begun: Span,
}

#[derive(Debug, Clone, Copy, Default)]
struct Course {
    latest: Option<Time>,
    /// By the host's running clock.
    spoke: Option<Span>,
    lost: Option<Span>,
    lags: Option<Span>,
}

impl Courses {
    /// `from`: how far time had come when the journal ended.
    pub fn new(feeds: usize, from: Option<Time>, now: Span) -> Courses {
        // No line stands yet.
        let course = Course { lost: Some(now), ..Course::default() };
        Courses { feeds: vec![course; feeds], latest: from.map(|time| (time, now)), begun: now }
    }

    /// A feed said something with this time stamp.
    pub fn heard(&mut self, feed: u16, time: Time, now: Span) {
        let Some(course) = self.feeds.get_mut(feed as usize) else { return };
        course.latest = Some(course.latest.map_or(time, |before| before.max(time)));
        course.spoke = Some(now);
        if self.latest.is_none_or(|(latest, _)| time > latest) {
            self.latest = Some((time, now));
        }
        let behind = self.latest.zip(course.latest).map_or(0, |((latest, _), own)| latest.0.saturating_sub(own.0));
        course.lags = (behind > LAG.0).then(|| course.lags.unwrap_or(now));
    }

    /// A feed's line stands, or is lost.
    pub fn line(&mut self, feed: u16, stands: bool, now: Span) {
        let Some(course) = self.feeds.get_mut(feed as usize) else { return };
        if !stands {
            course.lost.get_or_insert(now);
        } else if course.lost.take().is_some() {
            // What it has for us comes now: until it has been quiet for a while, nobody goes ahead.
            course.spoke = Some(now);
        }
    }

    /// We could not listen for a while: what came meanwhile is heard next, so silence counts from now on.
    pub fn listens_again(&mut self, now: Span) {
        for course in self.feeds.iter_mut().filter(|course| course.spoke.is_some()) {
            course.spoke = Some(now);
        }
    }

    /// A feed has ended.
    pub fn ended(&mut self, feed: u16) {
        if let Some(course) = self.feeds.get_mut(feed as usize) {
            *course = Course::default();
        }
    }

    /// How far time has come. `by_clock`: the host's clock goes on where everybody is silent.
    pub fn reached(&self, now: Span, by_clock: bool) -> Option<Time> {
        let (latest, heard) = self.latest?;
        let mut slowest: Option<Time> = None;
        let mut held = false;
        for course in &self.feeds {
            let speaking = course.spoke.is_some_and(|spoke| now.0 - spoke.0 <= QUIET.0);
            let waited_for = course.lost.is_some_and(|lost| now.0 - lost.0 <= PATIENCE.0);
            let too_slow = course.lags.is_some_and(|since| now.0 - since.0 > PATIENCE.0);
            if too_slow || (!speaking && !waited_for) {
                continue;
            }
            match course.latest {
                Some(time) => slowest = Some(slowest.map_or(time, |other| other.min(time))),
                // It has not said anything yet, but may be about to.
                None => held = true,
            }
        }
        match (held, slowest) {
            (true, _) => None,
            (false, Some(time)) => Some(time),
            (false, None) if by_clock => {
                let silent = now.0 - heard.max(self.begun).0 - QUIET.0;
                Some(Time(latest.0.saturating_add(silent.max(0))))
            }
            (false, None) => Some(latest),
        }
    }
}
