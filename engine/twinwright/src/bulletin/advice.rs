//! Recommendations: few, each with the figures behind it and what it saves, the largest saving first.
//!
//! A saving is what a failure costs more than the same work planned. Both stand still as long, so that downtime counts
//! only where a machine stands still now. A straight line of wear that leads to 1 is taken for certain unless a
//! prediction says how likely it is.

use super::alarms::{Alarms, RuleFigure, Stale};
use super::figures::{Account, Advice, Stay, WearFigure, Work};
use super::prices::{Price, RepairPrice};
use super::written::{number, when};
use serde_json::json;
use std::collections::BTreeMap;
use twinwright_io::store::periods::Prediction;
use twinwright_model::{Mode, Span, Time};

const DAY: i64 = 86_400_000_000_000;
/// How far ahead work is proposed.
pub const HORIZON: Span = Span(30 * DAY);
/// Worn as far as this, a part is due where no line is known.
const WORN: f64 = 0.9;
/// Standing still for longer than this, a failed machine is waited for.
const WAITED: i64 = DAY;
/// Alerts of a rule from which on its setting is worth a look.
const MANY: usize = 10;
/// What a person reads.
const MOST: usize = 10;

/// What advice is made from.
pub struct Evidence<'a> {
    pub machines: &'a [Account],
    pub wears: &'a [WearFigure],
    pub works: &'a [Work],
    pub alarms: &'a Alarms,
    pub expected: &'a [(String, Prediction)],
    pub stays: &'a [Vec<Stay>],
    pub prices: &'a BTreeMap<String, Price>,
    pub to: Time,
}

/// The advice, and why there is no more of it.
pub fn give(evidence: &Evidence) -> (Vec<Advice>, String) {
    let mut advice: Vec<Advice> = evidence.wears.iter().filter_map(|wear| restore(evidence, wear)).collect();
    advice.extend(often(evidence));
    advice.extend(evidence.stays.iter().enumerate().filter_map(|(of, stays)| standing(evidence, of, stays)));
    advice.extend(evidence.alarms.rules.iter().filter_map(|rule| tune(evidence, rule)));
    advice.extend(stale(evidence));
    let saved = |advice: &Advice| advice.saves.unwrap_or(0.0);
    advice.sort_by(|a, b| saved(b).total_cmp(&saved(a)));
    let more = advice.len().saturating_sub(MOST);
    advice.truncate(MOST);
    let rest = rest(evidence, advice.len(), more);
    (advice, rest)
}

/// Why there is not more.
fn rest(evidence: &Evidence, given: usize, more: usize) -> String {
    if more > 0 {
        return format!("{more} more would save less than these.");
    }
    let (start, other) = if given == 0 { ("Nothing to do", "") } else { ("Nothing else to do", " other") };
    let wears = if evidence.wears.is_empty() {
        "no wear is known".to_owned()
    } else {
        format!("no{other} wear that planned work would pay for ends within {HORIZON}")
    };
    format!(
        "{start}: {wears}, no{other} part of which planned work is cheaper failed twice, no{other} rule chatters, and \
         no{other} alert is still open after a day."
    )
}

fn blank(evidence: &Evidence, of: usize, subject: &str) -> Advice {
    Advice {
        of,
        machine: evidence.machines.get(of).map_or(String::new(), |machine| machine.name.clone()),
        subject: subject.to_owned(),
        kind: "inspection",
        severity: "medium",
        title: String::new(),
        reason: String::new(),
        due: None,
        saves: None,
        assumption: String::new(),
        hours: None,
        cost: None,
        figures: json!({}),
        occasion: 0,
    }
}

/// What the machine files say of a wear's repair: nothing known, or None where nothing restores it.
fn price<'a>(evidence: &'a Evidence, machine: &str, wear: &str) -> Option<&'a Option<RepairPrice>> {
    evidence.prices.get(machine).and_then(|price| price.repairs.get(wear))
}

/// A wear that comes to its end soon.
fn restore(evidence: &Evidence, wear: &WearFigure) -> Option<Advice> {
    let last = wear.reaches.filter(|reaches| *reaches <= evidence.to + HORIZON);
    let is_failed =
        evidence.stays.get(wear.of).and_then(|stays| stays.last()).is_some_and(|stay| stay.mode == Mode::Failed);
    if is_failed || wear.value >= 1.0 || (last.is_none() && (wear.value < WORN || wear.reaches.is_some())) {
        return None;
    }
    let repair = price(evidence, &wear.machine, &wear.wear).copied();
    let repair = match repair {
        // Nothing restores it, or a failure is the cheaper way.
        Some(None) => return None,
        Some(Some(repair)) if repair.unplanned <= repair.planned => return None,
        repair => repair.flatten(),
    };
    let chance = chance(evidence, wear);
    let likely = chance.map(|(chance, _)| chance).or(last.map(|_| 1.0));
    // A day before the line ends, or at once.
    let due = last.map_or(evidence.to, |last| Time(last.0 - DAY).max(evidence.to));
    let line = match (wear.per_day, wear.reaches) {
        (Some(per_day), Some(reaches)) => {
            let since = when(wear.since);
            format!(
                ", {}{} a day since {since}, on a straight line 1 on {}",
                if per_day > 0.0 { "+" } else { "" },
                number(per_day),
                when(reaches)
            )
        }
        _ => String::new(),
    };
    let told = chance.map_or(String::new(), |(chance, horizon)| {
        format!("; failure within {} h has a probability of {}", number(horizon), number(chance))
    });
    let sums = repair.map_or(String::new(), |repair| {
        format!("; a failure costs {}, the same work planned {}", number(repair.unplanned), number(repair.planned))
    });
    Some(Advice {
        kind: "preventive",
        severity: if wear.value >= WORN { "high" } else { "medium" },
        title: format!("restore {} of {} by {}", wear.wear, wear.machine, when(due)),
        reason: format!("wear {} on {}{line}{told}{sums}.", number(wear.value), when(wear.at)),
        due: Some(due),
        saves: likely.and_then(|likely| repair.map(|repair| likely * (repair.unplanned - repair.planned))),
        assumption: match (chance, last) {
            (Some(_), _) => "saving: the probability times what a failure costs more".to_owned(),
            (None, Some(_)) => "saving: the failure is taken for certain if nothing is done".to_owned(),
            (None, None) => "how fast it wears is not known".to_owned(),
        },
        hours: repair.map(|repair| repair.hours),
        cost: repair.map(|repair| repair.planned),
        figures: json!({ "wear": wear.value, "per_day": wear.per_day, "reaches": wear.reaches.map(|time| time.to_string()), "probability": chance.map(|(chance, _)| chance) }),
        occasion: wear.restored,
        ..blank(evidence, wear.of, &wear.wear)
    })
}

/// The probability of failure that a prediction gives, with its horizon in hours.
fn chance(evidence: &Evidence, wear: &WearFigure) -> Option<(f64, f64)> {
    let is_it = |prediction: &Prediction| {
        prediction.kind == "failure_probability" && (prediction.subject == wear.wear || prediction.subject.is_empty())
    };
    let (_, prediction) =
        evidence.expected.iter().find(|(machine, prediction)| *machine == wear.machine && is_it(prediction))?;
    Some((prediction.value.clamp(0.0, 1.0), prediction.horizon_h?))
}

/// What failed more than once, where planned work would have been cheaper.
fn often(evidence: &Evidence) -> Vec<Advice> {
    let mut failed: BTreeMap<(usize, &str), u32> = BTreeMap::new();
    for work in evidence.works.iter().filter(|work| work.what == "failure" && !work.subject.is_empty()) {
        if let Some(of) = evidence.machines.iter().position(|machine| machine.name == work.machine) {
            *failed.entry((of, &work.subject)).or_default() += 1;
        }
    }
    let advice = |((of, wear), count): ((usize, &str), u32)| {
        let machine = &evidence.machines[of];
        let repair = price(evidence, &machine.name, wear).copied().flatten()?;
        let saves = f64::from(count) * (repair.unplanned - repair.planned);
        let running = machine.in_state(twinwright_model::E10::Prd) / f64::from(count);
        (count >= 2 && saves > 0.0).then(|| Advice {
            kind: "preventive",
            title: format!("plan to restore {wear} of {} before it fails", machine.name),
            reason: format!(
                "it failed {count} times, once in {} h of running; a failure costs {}, the same work planned {}.",
                number(running),
                number(repair.unplanned),
                number(repair.planned)
            ),
            saves: Some(saves),
            assumption:
                "saving: as if each of these failures had been planned work; a what-if run with a maintenance policy \
                         says how often that is possible"
                    .to_owned(),
            hours: Some(repair.hours),
            cost: Some(repair.planned),
            figures: json!({ "failures": count, "running_h_each": running }),
            ..blank(evidence, of, wear)
        })
    };
    failed.into_iter().filter_map(advice).collect()
}

/// A machine that has failed and that nobody brings back.
fn standing(evidence: &Evidence, of: usize, stays: &[Stay]) -> Option<Advice> {
    let stay = stays.last().filter(|stay| stay.mode == Mode::Failed && stay.to == evidence.to)?;
    let lasted = Span(stay.to.0 - stay.from.0);
    let name = &evidence.machines.get(of)?.name;
    let price = evidence.prices.get(name).map(|price| price.downtime).filter(|price| *price > 0.0);
    let cost = price.map_or(String::new(), |price| format!("; a day of it costs {}", number(24.0 * price)));
    let part = if stay.reason.is_empty() { String::new() } else { format!(" ({})", stay.reason) };
    (lasted.0 > WAITED).then(|| Advice {
        kind: "corrective",
        severity: "critical",
        title: format!("bring {name} back"),
        reason: format!(
            "failed{part} since {} at the latest, {} h of this report{cost}.",
            when(stay.from),
            number(lasted.hours())
        ),
        due: Some(evidence.to),
        saves: price.map(|price| 24.0 * price),
        assumption: "saving: downtime of one day".to_owned(),
        figures: json!({ "failed_h": lasted.hours() }),
        ..blank(evidence, of, "")
    })
}

/// A rule that comes and goes.
fn tune(evidence: &Evidence, rule: &RuleFigure) -> Option<Advice> {
    let (delay, left) = rule.delay?;
    if rule.chatter == 0 && (rule.count < MANY || rule.again * 2 < rule.count) {
        return None;
    }
    let subject = &rule.rule;
    let machine = evidence.machines.get(rule.of).map_or("", |machine| &machine.name);
    Some(Advice {
        kind: "calibration",
        severity: "low",
        title: format!("lengthen the off-delay of {subject} on {machine} by {delay}"),
        reason: format!(
            "raised {} times, {} of them within a minute of clearing; with {delay} more at most {left} are left. A wider \
             deadband does the same where the value swings around its limit.",
            rule.count, rule.again
        ),
        assumption: "it clears nothing that stays away for longer".to_owned(),
        figures: json!({ "raised": rule.count, "within_a_minute": rule.again, "off_delay_s": delay.seconds(), "left": left }),
        ..blank(evidence, rule.of, subject)
    })
}

/// Alerts that nobody brings to an end, one advice a machine: its alerts mostly have one cause.
fn stale(evidence: &Evidence) -> Vec<Advice> {
    let mut machines: BTreeMap<usize, Vec<&Stale>> = BTreeMap::new();
    for stale in evidence.alarms.stale.iter().filter(|stale| stale.ended.is_none()) {
        machines.entry(stale.of).or_default().push(stale);
    }
    let mut machines: Vec<(usize, Vec<&Stale>)> = machines.into_iter().collect();
    machines.sort_by_key(|(_, open)| std::cmp::Reverse(open[0].lasted));
    let advice = |(of, open): (usize, Vec<&Stale>)| {
        let longest = open[0];
        let mut rules: Vec<&str> = Vec::new();
        for stale in &open {
            if !rules.contains(&stale.rule.as_str()) {
                rules.push(&stale.rule);
            }
        }
        let machine = evidence.machines.get(of).map_or("", |machine| &machine.name);
        let (since, hours) = (when(longest.raised), longest.lasted.hours());
        Advice {
            title: format!("look after {} of {machine}", rules.join(", ")),
            reason: match open.len() {
                1 => format!("the alert has been open since {since}, for {} h.", number(hours)),
                count => format!("{count} alerts are open, the first since {since}, for {} h.", number(hours)),
            },
            severity: if open.iter().any(|stale| stale.severity == "critical") { "high" } else { "medium" },
            assumption: "an alert that stays open hides the next one".to_owned(),
            figures: json!({ "open": open.len(), "open_h": hours }),
            ..blank(evidence, of, &longest.rule)
        }
    };
    machines.into_iter().map(advice).collect()
}
