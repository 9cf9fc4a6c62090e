//! Delays between a sign and a finding: a sign must last before a finding begins, and be gone for a while before it ends.
//! Few lanes have a case at any time; the others cost nothing.

use super::plan::Delay;
use super::{Detector, Turn};
use serde::{Deserialize, Serialize};

/// A sign that is waited for, or a finding that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub detector: Detector,
    pub lane: u8,
    /// When the finding began; None while the sign is waited for.
    pub began: Option<i64>,
    /// Since when the sign lasts (waiting), or is gone (begun), and over how many readings.
    since: Option<i64>,
    readings: u16,
    /// The furthest value, as seen from `from`.
    peak: f64,
    from: f64,
}

/// What a reading says to one detector.
#[derive(Debug, Clone, Copy)]
pub struct Sign {
    /// The sign is there.
    pub on: bool,
    /// It is gone by a margin.
    pub calm: bool,
    /// What is waited for is not there any more.
    pub forget: bool,
    pub value: f64,
    /// What the value is far from.
    pub from: f64,
    pub expected: Option<(f64, f64)>,
    pub limit: Option<f64>,
}

/// Steps the case of one lane and detector; tells whether there is still one.
pub fn step(
    cases: &mut Vec<Case>,
    (detector, lane, time): (Detector, u8, i64),
    sign: &Sign,
    (begin, end): (Delay, Delay),
    turns: &mut impl FnMut(Turn),
) -> bool {
    // They stay in order, so that the same cases are the same state.
    let place = match cases.binary_search_by_key(&(lane, detector), |case| (case.lane, case.detector)) {
        Ok(place) => place,
        Err(place) if sign.on => {
            let (peak, from) = (sign.value, sign.from);
            cases.insert(place, Case { detector, lane, began: None, since: None, readings: 0, peak, from });
            place
        }
        Err(_) => return false,
    };
    let case = &mut cases[place];
    if sign.on {
        case.see(sign.value);
    }
    let turn = |since, ended, peak| Turn {
        lane,
        detector,
        since,
        ended,
        value: sign.value,
        expected: sign.expected,
        limit: sign.limit,
        peak,
    };
    match case.began {
        None if sign.forget => {
            cases.remove(place);
            return false;
        }
        None => {
            if case.lasts(sign.on, begin, time) {
                (case.began, case.since, case.readings) = (Some(time), None, 0);
                turns(turn(time, None, case.peak));
            }
        }
        Some(_) if !sign.calm => (case.since, case.readings) = (None, 0),
        Some(since) => {
            if case.lasts(true, end, time) {
                turns(turn(since, Some(time), case.peak));
                cases.remove(place);
                return false;
            }
        }
    }
    true
}

impl Case {
    /// One more reading: whether it was waited for long enough.
    fn lasts(&mut self, counts: bool, delay: Delay, time: i64) -> bool {
        let since = *self.since.get_or_insert(time);
        self.readings = self.readings.saturating_add(u16::from(counts));
        counts && time.saturating_sub(since) >= delay.span && self.readings >= delay.readings
    }

    fn see(&mut self, value: f64) {
        if (value - self.from).abs() > (self.peak - self.from).abs() {
            self.peak = value;
        }
    }

    /// The same on another lane.
    pub fn moved(self, lane: u8) -> Case {
        Case { lane, ..self }
    }

    /// What ends it when its detector, or its lane, is there no more.
    pub fn dropped(&self, time: i64) -> Option<Turn> {
        let since = self.began?;
        let ended = Some(time.max(since));
        let (lane, detector, peak) = (self.lane, self.detector, self.peak);
        Some(Turn { lane, detector, since, ended, value: f64::NAN, expected: None, limit: None, peak })
    }
}
