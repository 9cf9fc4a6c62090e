//! Traces: what the sensors of one machine read over the run, with their limits, alerts and faults.
//!
//! All followed machines are kept until the end; the one with most to tell is drawn.

use super::data::{BUCKETS, Reach, Trace, Traces};
use super::legend::{self, Entries};
use super::lookout::{MOST_FOLLOWED, Sight};
use super::scale::{Scale, TimeScale, minute};
use super::svg::{Anchor, Svg};
use twinwright_core::{Plan, plan::Model};
use twinwright_model::{AlertRecord, Label, Time};

/// Sensors that are drawn.
const MOST_SENSORS: usize = 6;
/// Alerts and faults that are marked on one machine.
const MOST_MARKS: usize = 2_000;

/// Keeps what was seen of the followed machines.
#[derive(Debug)]
pub(super) struct Follower {
    machines: Vec<Followed>,
    end: Time,
}

#[derive(Debug, Default)]
struct Followed {
    /// `readings[sensor][bucket]`
    readings: Vec<Vec<Gathered>>,
    wears: Vec<Vec<Gathered>>,
    failures: usize,
    alerts: Vec<(String, Time)>,
    faults: Vec<(String, Time, Time)>,
}

/// Samples of one bucket.
#[derive(Debug, Clone, Copy, Default)]
struct Gathered {
    low: f64,
    sum: f64,
    high: f64,
    count: u32,
}

impl Gathered {
    fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        let first = self.count == 0;
        self.low = if first { value } else { self.low.min(value) };
        self.high = if first { value } else { self.high.max(value) };
        self.sum += value;
        self.count += 1;
    }

    fn reach(&self) -> Option<Reach> {
        let mean = self.sum / f64::from(self.count);
        (self.count > 0).then_some(Reach { low: self.low, mean, high: self.high })
    }
}

impl Follower {
    pub(super) fn new(plan: &Plan) -> Follower {
        let followed = plan.machines.len().min(MOST_FOLLOWED as usize) as u32;
        let fresh = |machine: u32| {
            let model = plan.model_of(machine);
            let columns = |count: usize| vec![vec![Gathered::default(); BUCKETS]; count];
            Followed {
                readings: columns(model.sensors.len()),
                wears: columns(model.wears.len()),
                ..Followed::default()
            }
        };
        Follower { machines: (0..followed).map(fresh).collect(), end: plan.time_of(i64::from(plan.ticks)) }
    }

    pub(super) fn see(&mut self, sight: &Sight) {
        let Some(followed) = self.machines.get_mut(sight.machine as usize) else { return };
        for (column, value) in followed.readings.iter_mut().zip(&sight.readings) {
            column[sight.bucket].add(f64::from(*value));
        }
        for (column, value) in followed.wears.iter_mut().zip(&sight.wears) {
            column[sight.bucket].add(*value);
        }
    }

    pub(super) fn note_failure(&mut self, machine: u32) {
        if let Some(followed) = self.machines.get_mut(machine as usize) {
            followed.failures += 1;
        }
    }

    pub(super) fn note_alert(&mut self, alert: &AlertRecord) {
        if let Some(followed) = self.machines.get_mut(alert.machine as usize)
            && followed.alerts.len() < MOST_MARKS
        {
            followed.alerts.push((alert.sensor.clone(), alert.time));
        }
    }

    pub(super) fn note_faults<'a>(&mut self, labels: impl Iterator<Item = &'a Label>) {
        for label in labels {
            let end = label.end.unwrap_or(self.end);
            if let Some(followed) = self.machines.get_mut(label.machine as usize)
                && followed.faults.len() < MOST_MARKS
            {
                followed.faults.push((label.sensor.clone(), label.start, end));
            }
        }
    }

    /// The machine with most to tell: failures count most, then faults, then alerts.
    pub(super) fn finish(self, plan: &Plan) -> Option<Traces> {
        let weight = |one: &Followed| (one.failures, one.faults.len(), one.alerts.len());
        let most = self.machines.iter().map(weight).max()?;
        let index = self.machines.iter().position(|one| weight(one) == most)?;
        let followed = &self.machines[index];
        let model = plan.model_of(index as u32);
        let reaches = |column: &[Gathered]| column.iter().map(Gathered::reach).collect::<Vec<_>>();
        let wears = model.wears.iter().zip(&followed.wears).map(|(wear, column)| (wear.name.clone(), reaches(column)));
        Some(Traces {
            machine: plan.machines[index].id.to_string(),
            kind: model.kind.clone(),
            sensors: chosen(model, followed).into_iter().map(|sensor| followed.trace(model, sensor)).collect(),
            wears: wears.collect(),
        })
    }
}

/// Sensors with faults come first, then those with most alerts, then those with limits; drawn in the file's order.
fn chosen(model: &Model, followed: &Followed) -> Vec<usize> {
    let mut order: Vec<usize> = (0..model.sensors.len()).collect();
    let told = |&sensor: &usize| {
        let name = &model.sensors[sensor].name;
        let faults = followed.faults.iter().filter(|(faulted, ..)| faulted == name).count();
        let alerts = followed.alerts.iter().filter(|(alerted, _)| alerted == name).count();
        std::cmp::Reverse((faults, alerts, model.sensors[sensor].limits.is_some()))
    };
    order.sort_by_key(told);
    order.truncate(MOST_SENSORS);
    order.sort_unstable();
    order
}

impl Followed {
    fn trace(&self, model: &Model, sensor: usize) -> Trace {
        let plan = &model.sensors[sensor];
        let alerts = self.alerts.iter().filter(|(name, _)| *name == plan.name).map(|(_, time)| *time);
        // A fault without a sensor acts on the whole machine.
        let faults = self.faults.iter().filter(|(name, ..)| *name == plan.name || name.is_empty());
        Trace {
            name: plan.name.clone(),
            unit: plan.unit.clone(),
            limits: plan.limits.as_ref().map_or([None; 4], |limits| limits.at),
            points: self.readings[sensor].iter().map(Gathered::reach).collect(),
            alerts: alerts.collect(),
            faults: faults.map(|(_, start, end)| (*start, *end)).collect(),
        }
    }
}

const LEFT: f64 = 64.0;
const HEIGHT: f64 = 118.0;

/// One sensor's trace.
pub(super) fn draw_trace(trace: &Trace, span: (Time, Time), width: f64) -> Svg {
    let mut svg = Svg::new(width, HEIGHT);
    let time = TimeScale { start: span.0, end: span.1, left: LEFT, width: width - LEFT - 28.0 };
    let scale = scale_of(trace);
    let bottom = scale.top + scale.height;
    for &(from, to) in &trace.faults {
        let hint = format!("fault, {} to {}", minute(from), minute(to));
        svg.rect([time.x(from), scale.top, (time.x(to) - time.x(from)).max(1.5), scale.height], "fault", &hint);
    }
    time.draw(&mut svg, scale.top, bottom);
    scale.draw(&mut svg, LEFT, time.left + time.width, 3);
    for (limit, class) in trace.limits.iter().zip(["alarm2", "alarm1", "alarm1", "alarm2"]) {
        if let Some(limit) = limit.filter(|limit| *limit >= scale.low && *limit <= scale.high) {
            svg.line([LEFT, scale.y(limit), time.left + time.width, scale.y(limit)], class);
        }
    }
    draw_reach(&mut svg, &trace.points, &time, &scale, "0");
    let mut last = f64::NEG_INFINITY;
    for x in trace.alerts.iter().map(|&alert| time.x(alert)) {
        if x - last >= 3.0 {
            svg.path(&[(x - 3.5, 13.0), (x + 3.5, 13.0), (x, 19.0)], "flag", true);
            last = x;
        }
    }
    let unit = if trace.unit.is_empty() || trace.unit == "1" { String::new() } else { format!(", {}", trace.unit) };
    svg.fitted((LEFT, 11.0), "name", Anchor::Start, &format!("{}{unit}", trace.name), width - LEFT - 8.0);
    svg
}

/// From the lowest to the highest reading, and a limit that is near.
fn scale_of(trace: &Trace) -> Scale {
    let reaches = || trace.points.iter().flatten();
    let low = reaches().map(|reach| reach.low).fold(f64::INFINITY, f64::min);
    let high = reaches().map(|reach| reach.high).fold(f64::NEG_INFINITY, f64::max);
    let (mut low, mut high) = if low <= high { (low, high) } else { (0.0, 1.0) };
    let span = (high - low).max(1e-9 * high.abs()).max(1e-9);
    let near = trace.limits.iter().flatten().filter(|limit| **limit > low - 0.6 * span && **limit < high + 0.6 * span);
    let near: Vec<f64> = near.copied().collect();
    low = near.iter().fold(low, |low, limit| low.min(*limit));
    high = near.iter().fold(high, |high, limit| high.max(*limit));
    let pad = 0.06 * (high - low).max(span);
    Scale { low: low - pad, high: high + pad, top: 20.0, height: HEIGHT - 20.0 - 22.0 }
}

/// A band from lowest to highest and a line through the means; broken where nothing was read.
fn draw_reach(svg: &mut Svg, points: &[Option<Reach>], time: &TimeScale, scale: &Scale, hue: &str) {
    let step = time.width / points.len() as f64;
    let filled: Vec<(usize, &Reach)> =
        points.iter().enumerate().filter_map(|(at, reach)| Some((at, reach.as_ref()?))).collect();
    for piece in filled.chunk_by(|(a, _), (b, _)| a + gap_of(points, &filled) >= *b) {
        let x = |at: usize| time.left + (at as f64 + 0.5) * step;
        let mut band: Vec<(f64, f64)> = piece.iter().map(|(at, reach)| (x(*at), scale.y(reach.high))).collect();
        band.extend(piece.iter().rev().map(|(at, reach)| (x(*at), scale.y(reach.low))));
        let line: Vec<(f64, f64)> = piece.iter().map(|(at, reach)| (x(*at), scale.y(reach.mean))).collect();
        svg.path(&band, &format!("band h{hue}"), true);
        svg.path(&line, &format!("line h{hue}"), false);
    }
}

/// How far apart points may lie and still be joined: a short run fills only some of the buckets.
fn gap_of(points: &[Option<Reach>], filled: &[(usize, &Reach)]) -> usize {
    (2 * points.len() / filled.len().max(1)).max(1)
}

/// All wears of the machine in one picture, 0 as new to 1 failed.
pub(super) fn draw_wears(traces: &Traces, span: (Time, Time), width: f64) -> Svg {
    let named = traces.wears.iter().enumerate();
    let entries: Entries = named.map(|(index, (name, _))| (format!("h{}", index % 6), name.clone())).collect();
    let top = 22.0 + legend::height(&entries, LEFT, width);
    let mut svg = Svg::new(width, top + HEIGHT - 42.0 + 22.0);
    let time = TimeScale { start: span.0, end: span.1, left: LEFT, width: width - LEFT - 28.0 };
    let scale = Scale { low: 0.0, high: 1.0, top, height: HEIGHT - 42.0 };
    time.draw(&mut svg, scale.top, scale.top + scale.height);
    scale.draw(&mut svg, LEFT, time.left + time.width, 2);
    svg.text((LEFT, 11.0), "name", Anchor::Start, "wear (true)");
    legend::draw(&mut svg, &entries, LEFT, width, 18.0);
    for (index, (_, points)) in traces.wears.iter().enumerate() {
        draw_reach(&mut svg, points, &time, &scale, &(index % 6).to_string());
    }
    svg
}
