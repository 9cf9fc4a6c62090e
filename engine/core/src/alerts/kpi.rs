//! How good an alarm system is: the figures of ISA-18.2 and EEMUA 191 over a stretch of time, each beside what these
//! documents recommend. Counted from alerts as they went, wherever these were kept.
//!
//! What was never shown to anybody (suppressed by design, raised on a shelf) is counted apart: these figures are about what
//! people had to look at.

use serde::Serialize;
use std::collections::BTreeMap;
use twinwright_model::time::SECOND;
use twinwright_model::{Severity, Time};

const MINUTE: i64 = 60 * SECOND;
const WINDOW: i64 = 10 * MINUTE;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// More in ten minutes begin a flood, fewer end it.
const FLOOD_BEGINS: u32 = 10;
const FLOOD_ENDS: u32 = 5;
/// So many times within a minute is chattering; gone within so long is fleeting.
const CHATTERING: usize = 3;
const FLEETING: i64 = 10 * SECOND;
const TOP: usize = 10;

/// An alert as it went.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRow {
    pub machine: String,
    pub rule: String,
    pub severity: Severity,
    pub raised: Time,
    /// When its condition came back before it was resolved.
    pub again: Vec<Time>,
    pub returned: Option<Time>,
    pub acknowledged: Option<Time>,
    pub resolved: Option<Time>,
    /// It was put on a shelf at some time.
    pub shelved: bool,
    /// It was never in sight.
    pub suppressed: bool,
}

/// How much a person can take, after EEMUA 191.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// At most one alert in ten minutes.
    Acceptable,
    /// At most one in five.
    Manageable,
    /// At most one in one.
    OverDemanding,
    Unacceptable,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Acceptable => "acceptable",
            Verdict::Manageable => "manageable",
            Verdict::OverDemanding => "over-demanding",
            Verdict::Unacceptable => "unacceptable",
        }
    }
}

/// What alerts a rule on a machine made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Frequent {
    pub machine: String,
    pub rule: String,
    pub count: u32,
    /// Of all.
    pub share: f64,
}

/// The figures. Shares are parts of 1; what there is nothing to work out from is None.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kpi {
    /// How often an alert called for somebody.
    pub alerts: u32,
    pub per_day: f64,
    pub per_hour: f64,
    pub per_10_min: f64,
    pub most_per_day: u32,
    pub most_per_hour: u32,
    pub most_per_10_min: u32,
    /// Windows of ten minutes with more than ten alerts, and time in floods.
    pub busy_windows: f64,
    pub in_flood: f64,
    pub floods: u32,
    /// Active at the end; and the most that were active for over a day, at the end of any day.
    pub standing: u32,
    pub stale: u32,
    /// Rules on machines that came three times within a minute; alerts that were gone within ten seconds.
    pub chattering: u32,
    pub fleeting: u32,
    pub frequent: Vec<Frequent>,
    /// What the ten most frequent made of all.
    pub top_share: Option<f64>,
    /// Low, medium, high, critical.
    pub priorities: Option<[f64; 4]>,
    /// Seconds.
    pub to_acknowledge_median: Option<f64>,
    pub to_acknowledge_p90: Option<f64>,
    pub unacknowledged: u32,
    pub shelved: u32,
    pub suppressed: u32,
    pub verdict: Verdict,
}

/// A figure beside what is recommended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    pub name: &'static str,
    /// NaN where there is nothing to work it out from.
    pub value: f64,
    pub reference: &'static str,
    /// Whether it is as recommended; None where nothing is.
    pub fits: Option<bool>,
}

/// Works the figures out for the time from `from` up to `to`.
pub fn kpi(rows: &[AlertRow], from: Time, to: Time) -> Kpi {
    let length = (to.0.saturating_sub(from.0)).max(1);
    let within = |time: &Time| time.0 >= from.0 && time.0 < to.0;
    let shown: Vec<&AlertRow> = rows.iter().filter(|row| !row.suppressed).collect();
    let mut calls: Vec<(i64, &AlertRow)> = Vec::new();
    for row in &shown {
        calls.extend(
            [row.raised].iter().chain(&row.again).filter(|time| within(time)).map(|time| (time.0 - from.0, *row)),
        );
    }
    calls.sort_by_key(|(time, _)| *time);
    let times: Vec<i64> = calls.iter().map(|(time, _)| *time).collect();
    let raised: Vec<&AlertRow> = shown.iter().copied().filter(|row| within(&row.raised)).collect();
    let mean = |unit: i64| times.len() as f64 * unit as f64 / length as f64;
    let windows = counts(&times, WINDOW, length);
    let (in_flood, floods) = floods(&windows);
    let busy = windows.iter().filter(|count| **count > FLOOD_BEGINS).count() as f64 / windows.len() as f64;
    let (frequent, top_share) = frequent(&calls);
    let waits = waits(&raised);
    let fleeting = |row: &&&AlertRow| row.returned.is_some_and(|returned| returned.0 - row.raised.0 <= FLEETING);
    Kpi {
        alerts: times.len() as u32,
        per_day: mean(DAY),
        per_hour: mean(HOUR),
        per_10_min: mean(WINDOW),
        most_per_day: most(&times, DAY, length),
        most_per_hour: most(&times, HOUR, length),
        most_per_10_min: most(&times, WINDOW, length),
        busy_windows: busy,
        in_flood,
        floods,
        standing: active(&shown, to.0, 0),
        stale: (1..=length / DAY)
            .map(|day| from.0 + day * DAY)
            .chain([to.0])
            .map(|at| active(&shown, at, DAY))
            .max()
            .unwrap_or(0),
        chattering: chattering(&calls),
        fleeting: raised.iter().filter(fleeting).count() as u32,
        frequent,
        top_share,
        priorities: priorities(&raised),
        to_acknowledge_median: quantile(&waits, 0.5),
        to_acknowledge_p90: quantile(&waits, 0.9),
        unacknowledged: raised.iter().filter(|row| row.acknowledged.is_none()).count() as u32,
        shelved: rows.iter().filter(|row| row.shelved && within(&row.raised)).count() as u32,
        suppressed: rows.iter().filter(|row| row.suppressed && within(&row.raised)).count() as u32,
        verdict: verdict(mean(WINDOW)),
    }
}

fn verdict(per_10_min: f64) -> Verdict {
    match per_10_min {
        rate if rate <= 1.0 => Verdict::Acceptable,
        rate if rate <= 2.0 => Verdict::Manageable,
        rate if rate <= 10.0 => Verdict::OverDemanding,
        _ => Verdict::Unacceptable,
    }
}

/// How many fall into each window; the last one may be shorter.
fn counts(times: &[i64], window: i64, length: i64) -> Vec<u32> {
    let mut counts = vec![0u32; (length.saturating_add(window - 1) / window).max(1) as usize];
    for time in times {
        counts[(time / window) as usize] += 1;
    }
    counts
}

fn most(times: &[i64], window: i64, length: i64) -> u32 {
    counts(times, window, length).into_iter().max().unwrap_or(0)
}

/// The share of windows in a flood, and how many floods there were.
fn floods(windows: &[u32]) -> (f64, u32) {
    let (mut inside, mut flooded, mut floods) = (false, 0u32, 0);
    for count in windows {
        let begins = !inside && *count > FLOOD_BEGINS;
        inside = begins || inside && *count >= FLOOD_ENDS;
        floods += u32::from(begins);
        flooded += u32::from(inside);
    }
    (f64::from(flooded) / windows.len() as f64, floods)
}

/// Alerts that are active at an instant, and have been for longer than `longer`.
fn active(rows: &[&AlertRow], at: i64, longer: i64) -> u32 {
    let is_active = |row: &&&AlertRow| {
        let since = row.again.iter().filter(|time| time.0 <= at).max().copied().unwrap_or(row.raised).0;
        // What came back before it was resolved was not active all the time.
        let over = [row.returned, row.resolved].into_iter().flatten().any(|time| time.0 >= since && time.0 <= at);
        row.raised.0 <= at && !over && at - since > longer - i64::from(longer == 0)
    };
    rows.iter().filter(is_active).count() as u32
}

fn by_source<'a>(calls: &[(i64, &'a AlertRow)]) -> BTreeMap<(&'a str, &'a str), Vec<i64>> {
    let mut sources: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for (time, row) in calls {
        sources.entry((&row.machine, &row.rule)).or_default().push(*time);
    }
    sources
}

fn chattering(calls: &[(i64, &AlertRow)]) -> u32 {
    let chatters = |times: &&Vec<i64>| times.windows(CHATTERING).any(|run| run[CHATTERING - 1] - run[0] < MINUTE);
    by_source(calls).values().filter(chatters).count() as u32
}

fn frequent(calls: &[(i64, &AlertRow)]) -> (Vec<Frequent>, Option<f64>) {
    let all = calls.len() as f64;
    let sources = by_source(calls).into_iter();
    let mut list: Vec<Frequent> = sources
        .map(|((machine, rule), times)| Frequent {
            machine: machine.to_owned(),
            rule: rule.to_owned(),
            count: times.len() as u32,
            share: times.len() as f64 / all,
        })
        .collect();
    // Names keep their order where counts are the same.
    list.sort_by_key(|source| std::cmp::Reverse(source.count));
    list.truncate(TOP);
    let share = (!calls.is_empty()).then(|| list.iter().map(|source| f64::from(source.count)).sum::<f64>() / all);
    (list, share)
}

fn priorities(rows: &[&AlertRow]) -> Option<[f64; 4]> {
    let share = |severity| rows.iter().filter(|row| row.severity == severity).count() as f64 / rows.len() as f64;
    let all = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    (!rows.is_empty()).then(|| all.map(share))
}

/// Seconds from being raised to being acknowledged, in order.
fn waits(rows: &[&AlertRow]) -> Vec<f64> {
    let wait = |row: &&AlertRow| Some(row.acknowledged?.since(row.raised).seconds().max(0.0));
    let mut waits: Vec<f64> = rows.iter().filter_map(wait).collect();
    waits.sort_by(f64::total_cmp);
    waits
}

/// Between neighbours in proportion, as most people's tables do.
fn quantile(sorted: &[f64], part: f64) -> Option<f64> {
    let place = part * (sorted.len().checked_sub(1)?) as f64;
    let (low, high) = (libm::floor(place) as usize, libm::ceil(place) as usize);
    Some(sorted[low] + (sorted[high] - sorted[low]) * (place - low as f64))
}

impl Kpi {
    /// The figures that ISA-18.2 and EEMUA 191 speak of, beside what they recommend.
    pub fn figures(&self) -> Vec<Figure> {
        let figure = |name, value, reference, fits| Figure { name, value, reference, fits };
        let most = |name, value: f64, reference, most: f64| {
            figure(name, value, reference, (!value.is_nan()).then_some(value <= most))
        };
        let priority = |at: usize| self.priorities.map_or(f64::NAN, |shares| 100.0 * shares[at]);
        vec![
            most("alerts per day", self.per_day, "at most 144, 288 can be managed", 144.0),
            most("alerts per hour", self.per_hour, "at most 6, 12 can be managed", 6.0),
            most("alerts per 10 min", self.per_10_min, "at most 1, 2 can be managed", 1.0),
            most("most in 10 min", f64::from(self.most_per_10_min), "at most 10", 10.0),
            most("10 min with more than 10 (%)", 100.0 * self.busy_windows, "under 1", 1.0),
            most("time in flood (%)", 100.0 * self.in_flood, "under 1", 1.0),
            figure("standing", f64::from(self.standing), "-", None),
            most("stale, over 24 h", f64::from(self.stale), "fewer than 5 on any day", 4.0),
            most("chattering", f64::from(self.chattering), "none", 0.0),
            most("fleeting", f64::from(self.fleeting), "none", 0.0),
            most("ten most frequent (%)", 100.0 * self.top_share.unwrap_or(f64::NAN), "at most 5", 5.0),
            figure("low (%)", priority(0), "about 80", None),
            figure("medium (%)", priority(1), "about 15", None),
            figure("high (%)", priority(2), "about 5", None),
            figure("critical (%)", priority(3), "under 1", None),
            figure("acknowledged after, median (s)", self.to_acknowledge_median.unwrap_or(f64::NAN), "-", None),
            figure("acknowledged after, 90 % (s)", self.to_acknowledge_p90.unwrap_or(f64::NAN), "-", None),
            figure("never acknowledged", f64::from(self.unacknowledged), "-", None),
            figure("shelved", f64::from(self.shelved), "each with a reason", None),
            figure("suppressed", f64::from(self.suppressed), "by design only", None),
        ]
    }
}
