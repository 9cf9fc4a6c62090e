//! Alerts as ISA-18.2 and EEMUA 191 count them: how many, how bunched, which of them come and go, which stay.
//!
//! Windows are half open: ten minutes from an alert on do not hold one that comes exactly ten minutes later.

use std::collections::BTreeMap;
use twinwright_io::store::periods::AlertRow;
use twinwright_model::{Span, Time};

const MINUTE: i64 = 60_000_000_000;
const TEN: i64 = 10 * MINUTE;
const DAY: i64 = 1_440 * MINUTE;
/// More alerts than this in ten minutes are a flood.
pub const FLOOD: usize = 10;
/// As many within one minute are chatter.
const CHATTER: usize = 3;
/// Lengths of an off-delay that can be proposed.
const DELAYS: [i64; 9] = [5, 10, 15, 30, 60, 120, 300, 600, 1_800];
/// Severities, the least first.
pub const SEVERITIES: [&str; 4] = ["low", "medium", "high", "critical"];

/// What the alerts of a stretch came to; suppressed ones only count as such.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alarms {
    pub raised: usize,
    pub per_hour: f64,
    pub per_ten: f64,
    /// The ten minutes with most alerts: from when on, and how many.
    pub worst: Option<(Time, usize)>,
    /// Stretches of ten minutes, and how many of them were a flood.
    pub stretches: usize,
    pub floods: usize,
    /// Rules of machines that chattered, and their alerts that did.
    pub chattering: usize,
    pub chatter: usize,
    /// Cleared within a minute, without chattering.
    pub fleeting: usize,
    /// In the order of [`SEVERITIES`].
    pub severities: [usize; 4],
    pub suppressed: usize,
    /// Rules of machines, the commonest first.
    pub rules: Vec<RuleFigure>,
    /// Open for more than a day, the longest first.
    pub stale: Vec<Stale>,
    /// When each was raised, and its place among the severities.
    pub times: Vec<(Time, usize)>,
}

/// One rule of one machine.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleFigure {
    /// Its machine's place in the list.
    pub of: usize,
    pub rule: String,
    pub severity: String,
    pub count: usize,
    /// Of all alerts.
    pub share: f64,
    pub chatter: usize,
    pub fleeting: usize,
    /// Raised within a minute of clearing.
    pub again: usize,
    /// Mean time from raised to cleared, of those that cleared.
    pub lasted_s: Option<f64>,
    pub suppressed: usize,
    /// An off-delay, and how many alerts would be left with it.
    pub delay: Option<(Span, usize)>,
}

/// An alert that stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Stale {
    pub of: usize,
    pub rule: String,
    pub severity: String,
    pub raised: Time,
    /// None while it lasts.
    pub ended: Option<Time>,
    pub lasted: Span,
}

/// Counts the alerts of a stretch. They come by time; `place` finds a machine in the list.
pub fn count(alerts: &[AlertRow], (from, to): (Time, Time), place: impl Fn(i64) -> usize) -> Alarms {
    let within = |alert: &&AlertRow| alert.raised >= from;
    let shown: Vec<&AlertRow> = alerts.iter().filter(within).filter(|alert| !alert.suppressed).collect();
    let times: Vec<Time> = shown.iter().map(|alert| alert.raised).collect();
    let long = (to.0 - from.0).max(1);
    let mut alarms = Alarms {
        raised: shown.len(),
        per_hour: shown.len() as f64 / Span(long).hours(),
        per_ten: shown.len() as f64 * TEN as f64 / long as f64,
        worst: worst(&times),
        stretches: ((long + TEN - 1) / TEN) as usize,
        floods: floods(&times, from),
        suppressed: alerts.iter().filter(within).filter(|alert| alert.suppressed).count(),
        stale: stale(alerts, to, &place),
        times: shown.iter().map(|alert| (alert.raised, grade(&alert.severity))).collect(),
        ..Alarms::default()
    };
    for (_, grade) in &alarms.times {
        alarms.severities[*grade] += 1;
    }
    let mut rules: BTreeMap<(usize, &str), Vec<&AlertRow>> = BTreeMap::new();
    for alert in alerts.iter().filter(within) {
        rules.entry((place(alert.machine), &alert.rule)).or_default().push(alert);
    }
    alarms.rules = rules.into_iter().map(|((of, name), alerts)| rule(of, name, &alerts, shown.len())).collect();
    alarms.rules.sort_by_key(|rule| std::cmp::Reverse((rule.count, rule.suppressed)));
    alarms.chattering = alarms.rules.iter().filter(|rule| rule.chatter > 0).count();
    alarms.chatter = alarms.rules.iter().map(|rule| rule.chatter).sum();
    alarms.fleeting = alarms.rules.iter().map(|rule| rule.fleeting).sum();
    alarms
}

impl Alarms {
    /// The share of the ten commonest rules.
    pub fn top_share(&self) -> f64 {
        self.rules.iter().take(10).map(|rule| rule.share).sum()
    }

    /// The share of ten minutes that were a flood.
    pub fn flooded(&self) -> f64 {
        self.floods as f64 / self.stretches.max(1) as f64
    }
}

/// A severity's place; one that is not known counts as the least.
fn grade(severity: &str) -> usize {
    SEVERITIES.iter().position(|known| *known == severity).unwrap_or(0)
}

/// The most alerts that any ten minutes hold, which begin with one of them.
fn worst(times: &[Time]) -> Option<(Time, usize)> {
    let mut end = 0;
    let mut worst: Option<(Time, usize)> = None;
    for (begin, time) in times.iter().enumerate() {
        while end < times.len() && times[end].0 - time.0 < TEN {
            end += 1;
        }
        if worst.is_none_or(|(_, most)| end - begin > most) {
            worst = Some((*time, end - begin));
        }
    }
    worst
}

/// Stretches of ten minutes from the start on with more alerts than a person can look at.
fn floods(times: &[Time], from: Time) -> usize {
    let stretch = |time: &Time| (time.0 - from.0) / TEN;
    times.chunk_by(|a, b| stretch(a) == stretch(b)).filter(|alerts| alerts.len() > FLOOD).count()
}

fn stale(alerts: &[AlertRow], to: Time, place: &impl Fn(i64) -> usize) -> Vec<Stale> {
    let mut stale: Vec<Stale> = alerts
        .iter()
        .filter(|alert| !alert.suppressed)
        .map(|alert| Stale {
            of: place(alert.machine),
            rule: alert.rule.clone(),
            severity: alert.severity.clone(),
            raised: alert.raised,
            ended: alert.ended.filter(|ended| *ended < to),
            lasted: Span(alert.ended.map_or(to, |ended| ended.min(to)).0 - alert.raised.0),
        })
        .filter(|stale| stale.lasted.0 > DAY)
        .collect();
    stale.sort_by_key(|stale| std::cmp::Reverse(stale.lasted));
    stale
}

/// One rule of one machine: its alerts by time, the suppressed ones among them.
fn rule(of: usize, name: &str, all: &[&AlertRow], total: usize) -> RuleFigure {
    let alerts: Vec<&AlertRow> = all.iter().copied().filter(|alert| !alert.suppressed).collect();
    let mut chatters = vec![false; alerts.len()];
    for (begin, window) in alerts.windows(CHATTER).enumerate() {
        if window[CHATTER - 1].raised.0 - window[0].raised.0 < MINUTE {
            chatters[begin..begin + CHATTER].fill(true);
        }
    }
    let lasted = |alert: &AlertRow| alert.ended.map(|ended| ended.0 - alert.raised.0);
    let is_short = |alert: &AlertRow| lasted(alert).is_some_and(|lasted| lasted < MINUTE);
    let lengths: Vec<i64> = alerts.iter().filter_map(|alert| lasted(alert)).collect();
    let gaps: Vec<i64> = alerts.windows(2).filter_map(|two| Some(two[1].raised.0 - two[0].ended?.0)).collect();
    RuleFigure {
        of,
        rule: name.to_owned(),
        severity: all.last().map(|alert| alert.severity.clone()).unwrap_or_default(),
        count: alerts.len(),
        share: if total > 0 { alerts.len() as f64 / total as f64 } else { 0.0 },
        chatter: chatters.iter().filter(|chatters| **chatters).count(),
        fleeting: alerts.iter().zip(&chatters).filter(|(alert, chatters)| !**chatters && is_short(alert)).count(),
        again: gaps.iter().filter(|gap| **gap < MINUTE).count(),
        lasted_s: (!lengths.is_empty())
            .then(|| lengths.iter().map(|nanos| Span(*nanos).seconds()).sum::<f64>() / lengths.len() as f64),
        suppressed: all.len() - alerts.len(),
        delay: delay(&gaps).map(|(delay, merged)| (delay, alerts.len() - merged)),
    }
}

/// The shortest off-delay that joins four fifths of those that come back within ten minutes, and how many it joins. An
/// alert that comes back before the delay is over has not cleared.
fn delay(gaps: &[i64]) -> Option<(Span, usize)> {
    let soon = gaps.iter().filter(|gap| **gap < TEN).count();
    let merged = |delay: Span| gaps.iter().filter(|gap| **gap < delay.0).count();
    let delays = DELAYS.into_iter().map(|seconds| Span(seconds * 1_000_000_000));
    delays.map(|delay| (delay, merged(delay))).find(|(_, merged)| soon > 0 && merged * 5 >= soon * 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time(seconds * 1_000_000_000)
    }

    /// Raised at a second, open for so many.
    fn alert(raised: i64, lasts: i64) -> AlertRow {
        AlertRow {
            machine: 1,
            rule: "x.high".to_owned(),
            severity: "high".to_owned(),
            suppressed: false,
            raised: at(raised),
            ended: Some(at(raised + lasts)),
        }
    }

    fn counted(alerts: &[AlertRow], seconds: i64) -> Alarms {
        count(alerts, (at(0), at(seconds)), |_| 0)
    }

    #[test]
    fn the_worst_ten_minutes_are_those_of_a_search_through_all() {
        // Steps that look like chance and are the same every time.
        let mut time = 0;
        let times: Vec<Time> = (0..400i64)
            .map(|k| {
                time += (k * k * 7919) % 97 + i64::from(k % 50 == 0) * 900;
                at(time)
            })
            .collect();
        let most = times.iter().map(|from| {
            let within = times.iter().filter(|time| **time >= *from && time.0 < from.0 + TEN);
            (within.count(), std::cmp::Reverse(*from))
        });
        let (count, from) = most.max().unwrap();
        assert_eq!(worst(&times), Some((from.0, count)));
        assert_eq!(worst(&[at(0), at(600)]), Some((at(0), 1)));
        assert_eq!(worst(&[at(0), at(599)]), Some((at(0), 2)));
        assert_eq!(worst(&[]), None);
    }

    #[test]
    fn a_flood_is_more_than_ten_in_ten_minutes() {
        let burst = |from: i64, count: i64| (0..count).map(move |k| at(from + k));
        assert_eq!(floods(&burst(0, 10).collect::<Vec<_>>(), at(0)), 0);
        let two: Vec<Time> = burst(0, 11).chain(burst(600, 11)).chain(burst(1_195, 4)).collect();
        assert_eq!(floods(&two, at(0)), 2);
        let found = counted(&(0..11).map(|k| alert(k, 1)).collect::<Vec<_>>(), 3_600);
        assert_eq!((found.stretches, found.floods, found.per_hour), (6, 1, 11.0));
        assert!((found.per_ten - 11.0 / 6.0).abs() < 1e-12 && (found.flooded() - 1.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn chatter_is_three_within_a_minute_and_a_fleeting_one_is_short_and_alone() {
        let alerts = [alert(0, 5), alert(20, 5), alert(59, 5), alert(300, 5), alert(400, 90), alert(460, 70)];
        let found = counted(&alerts, 86_400);
        let rule = &found.rules[0];
        assert_eq!((found.chattering, found.chatter, found.fleeting), (1, 3, 1));
        // Gaps 15, 34, 236, 95 and -30 s: three of them end within a minute.
        assert_eq!(rule.again, 3);
        assert_eq!(rule.lasted_s, Some((5.0 * 4.0 + 90.0 + 70.0) / 6.0));
        // Four of five gaps are below 120 s, so two alerts are left.
        assert_eq!(rule.delay, Some((Span(120_000_000_000), 2)));
        assert_eq!(counted(&[alert(0, 5), alert(30, 5), alert(60, 5)], 600).chattering, 0);
    }

    #[test]
    fn a_stale_alert_is_open_for_more_than_a_day_also_from_before() {
        let day = 86_400;
        let mut open = alert(-2 * day, 0);
        open.ended = None;
        let mut hidden = open.clone();
        hidden.suppressed = true;
        let alerts = [open, hidden, alert(-1, day), alert(10, day + 1), alert(20, 3 * day)];
        let found = counted(&alerts, 2 * day);
        let lasted: Vec<i64> = found.stale.iter().map(|stale| stale.lasted.0 / 1_000_000_000).collect();
        assert_eq!(lasted, [4 * day, 2 * day - 20, day + 1]);
        assert_eq!((found.raised, found.suppressed, found.stale[0].ended), (2, 0, None));
    }
}
