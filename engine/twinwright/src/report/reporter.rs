//! The reporter: hears what a run says, stretch by stretch, and keeps the little that a report shows.

use super::data::{AlertRow, Card, FAILURE_BINS, FaultRow, LANE_BINS, Lane, MOST_ROWS, ReportData, Row, Spread, Stop};
use super::lookout::Sight;
use super::scale::plain;
use super::traces::Follower;
use crate::VERSION;
use crate::run::merge::Merged;
use crate::run::summary::{KindSummary, Summary};
use std::collections::BTreeMap;
use twinwright_core::Plan;
use twinwright_core::accounts::Accounts;
use twinwright_core::measures::Tally;
use twinwright_model::{AlertRecord, AlertState, EventRecord, Label, Mode, Severity, Time};

/// Stops that are drawn for one machine; more of them could not be told apart.
const MOST_STOPS: usize = 1_000;
/// Faults that are listed.
const MOST_FAULTS: usize = 60;
/// Rows of alerts that are listed.
const MOST_ALERTS: usize = 16;

/// Gathers a report while its run is under way.
#[derive(Debug)]
pub struct Reporter {
    start: Time,
    end: Time,
    futures: u32,
    lanes: Vec<LaneDraft>,
    failures: BTreeMap<String, Vec<f64>>,
    alerts: BTreeMap<(u32, String), (Severity, u64, Time, Time)>,
    follower: Follower,
    rows: Vec<Row>,
    plant: BTreeMap<u32, Tally>,
}

#[derive(Debug)]
struct LaneDraft {
    lane: Lane,
    mode: Mode,
    since: Time,
    /// What failed or was worked on, said just before the mode changes.
    part: (Time, String),
}

impl Reporter {
    pub fn new(plan: &Plan) -> Reporter {
        // What goes on from a snapshot is not known before it.
        let modes = plan.origin.as_ref().map_or(Vec::new(), |origin| origin.modes(plan));
        let since = plan.time_of(i64::from(plan.first_tick()));
        let lane = |(index, machine): (usize, &twinwright_core::plan::MachinePlan)| LaneDraft {
            lane: Lane { id: machine.id.to_string(), bins: vec![[0.0; 6]; LANE_BINS], stops: Vec::new() },
            mode: modes.get(index).copied().unwrap_or(Mode::Running),
            since,
            part: (since, String::new()),
        };
        Reporter {
            start: plan.start,
            end: plan.time_of(i64::from(plan.ticks)),
            futures: plan.futures,
            lanes: plan.machines.iter().enumerate().take(MOST_ROWS).map(lane).collect(),
            failures: BTreeMap::new(),
            alerts: BTreeMap::new(),
            follower: Follower::new(plan),
            rows: Vec::new(),
            plant: BTreeMap::new(),
        }
    }

    /// What was seen of the machines that are followed.
    pub fn see(&mut self, sights: &[Sight]) {
        sights.iter().for_each(|sight| self.follower.see(sight));
    }

    /// What happened in a stretch of the run.
    pub fn hear(&mut self, merged: &Merged) {
        merged.events.iter().for_each(|event| self.hear_event(event));
        merged.alerts.iter().for_each(|alert| self.hear_alert(alert));
    }

    fn hear_event(&mut self, event: &EventRecord) {
        let text = |key: &str| event.detail.get(key).and_then(|value| value.as_str()).unwrap_or_default();
        let is_first = event.future == 0;
        match event.event {
            "failure" => {
                let bin = bin_of(event.time, self.start, self.end, FAILURE_BINS);
                let part = if text("wear").is_empty() { text("fault") } else { text("wear") }.to_owned();
                let bins = self.failures.entry(part.clone()).or_insert_with(|| vec![0.0; FAILURE_BINS]);
                bins[bin] += 1.0;
                if is_first {
                    self.note_part(event, part);
                    self.follower.note_failure(event.machine);
                }
            }
            "maintenance" if is_first => {
                let parts = event.detail.get("wears").and_then(|value| value.as_array());
                let parts: Vec<&str> = parts.into_iter().flatten().filter_map(|part| part.as_str()).collect();
                self.note_part(event, parts.join(", "));
            }
            "mode" if is_first => {
                let (start, end) = (self.start, self.end);
                if let (Some(draft), Some(mode)) =
                    (self.lanes.get_mut(event.machine as usize), Mode::from_name(text("mode")))
                {
                    draft.change(event.time, mode, start, end);
                }
            }
            _ => {}
        }
    }

    fn note_part(&mut self, event: &EventRecord, part: String) {
        if let Some(draft) = self.lanes.get_mut(event.machine as usize) {
            draft.part = (event.time, part);
        }
    }

    fn hear_alert(&mut self, alert: &AlertRecord) {
        if alert.state != AlertState::Raised || alert.suppressed {
            return;
        }
        if alert.future == 0 {
            self.follower.note_alert(alert);
        }
        // Beyond so many rules and machines the list would not be read; the count is in the headline.
        let key = (alert.machine, alert.rule.clone());
        if self.alerts.len() < 100_000 || self.alerts.contains_key(&key) {
            let row = self.alerts.entry(key).or_insert((alert.severity, 0, alert.time, alert.time));
            row.1 += 1;
            row.2 = row.2.min(alert.time);
            row.3 = row.3.max(alert.time);
        }
    }

    /// What the plant and its first machines came to.
    pub fn weigh(&mut self, plan: &Plan, accounts: &Accounts) {
        let shown = plan.machines.iter().take(MOST_ROWS).enumerate();
        self.rows = shown
            .map(|(index, machine)| Row {
                name: machine.id.to_string(),
                kind: plan.model_of(index as u32).kind.clone(),
                machines: 1,
                tally: Tally::default(),
            })
            .collect();
        self.plant = accounts.plants.iter().map(|(future, sum)| (*future, sum.tally())).collect();
        for ((machine, _), tally) in &accounts.named {
            if let Some(row) = self.rows.get_mut(*machine as usize) {
                row.tally.add(tally);
            }
        }
        self.rows.iter_mut().for_each(|row| row.tally.scale(1.0 / f64::from(plan.futures)));
    }

    /// Closes the books.
    pub fn finish(mut self, plan: &Plan, summary: &Summary, labels: &[Label], missed: &[String]) -> ReportData {
        let end = plan.time_of(i64::from(summary.ticks));
        for draft in &mut self.lanes {
            let mode = draft.mode;
            draft.change(end, mode, self.start, self.end);
        }
        let faults = labels.iter().filter(|label| label.future == 0);
        self.follower.note_faults(faults.clone());
        let faults = faults.take(MOST_FAULTS).map(|label| fault_row(plan, label)).collect();
        ReportData {
            title: summary.title.clone(),
            question: Vec::new(),
            scenario: summary.scenario.clone(),
            version: VERSION.to_owned(),
            seed: summary.seed,
            start: self.start,
            end: self.end,
            tick: plan.tick,
            machines: summary.machines,
            futures: summary.futures,
            recorded: self.futures,
            interrupted: summary.interrupted,
            cards: cards(summary),
            expectations: expectations(plan, missed),
            kinds: summary.kinds.iter().map(kind_row).collect(),
            alerts: self.alert_rows(plan),
            failures: self.failure_rows(),
            rows: self.rows,
            lanes: self.lanes.into_iter().map(|draft| draft.lane).collect(),
            faults,
            traces: self.follower.finish(plan),
            spreads: if summary.futures > 1 { spreads(&self.plant) } else { Vec::new() },
            what_if: None,
            command: String::new(),
        }
    }

    fn failure_rows(&self) -> Vec<(String, Vec<f64>)> {
        let mut rows: Vec<(String, Vec<f64>)> =
            self.failures.iter().map(|(part, bins)| (part.clone(), bins.clone())).collect();
        for (_, bins) in &mut rows {
            bins.iter_mut().for_each(|count| *count /= f64::from(self.futures));
        }
        let sum = |bins: &[f64]| bins.iter().sum::<f64>();
        rows.sort_by(|(a, x), (b, y)| sum(y).total_cmp(&sum(x)).then_with(|| a.cmp(b)));
        rows
    }

    fn alert_rows(&self, plan: &Plan) -> Vec<AlertRow> {
        let mut rows: Vec<_> = self.alerts.iter().collect();
        rows.sort_by_key(|(key, row)| (std::cmp::Reverse(row.1), (*key).clone()));
        let row =
            |((machine, rule), &(severity, count, first, last)): (&(u32, String), &(Severity, u64, Time, Time))| {
                AlertRow {
                    machine: plan.machines[*machine as usize].id.to_string(),
                    rule: rule.clone(),
                    severity: severity.to_string(),
                    count: count as f64 / f64::from(self.futures),
                    first,
                    last,
                }
            };
        rows.into_iter().take(MOST_ALERTS).map(row).collect()
    }
}

impl LaneDraft {
    /// Books the time since the last change, and goes over to another mode.
    fn change(&mut self, now: Time, mode: Mode, start: Time, end: Time) {
        book(&mut self.lane.bins, self.mode, self.since, now, start, end);
        let stopped = matches!(self.mode, Mode::Failed | Mode::Maintenance);
        if stopped && now > self.since && self.lane.stops.len() < MOST_STOPS {
            let part = if self.part.0 == self.since { self.part.1.clone() } else { String::new() };
            self.lane.stops.push(Stop { mode: self.mode, from: self.since, to: now, part });
        }
        (self.mode, self.since) = (mode, now);
    }
}

/// Spreads a time in a mode over the bins that it touches.
fn book(bins: &mut [[f32; 6]], mode: Mode, from: Time, to: Time, start: Time, end: Time) {
    let span = (end.0 - start.0).max(1) as f64;
    let place = |time: Time| ((time.0 - start.0) as f64 / span * bins.len() as f64).clamp(0.0, bins.len() as f64);
    let (first, last) = (place(from), place(to));
    let hours = span / 3.6e12 / bins.len() as f64;
    for (bin, modes) in bins.iter_mut().enumerate().take(last.ceil() as usize).skip(first.floor() as usize) {
        let share = (last.min(bin as f64 + 1.0) - first.max(bin as f64)).max(0.0);
        modes[mode as usize] += (share * hours) as f32;
    }
}

/// The bin of an instant; what lies at the end belongs to the last one.
fn bin_of(time: Time, start: Time, end: Time, bins: usize) -> usize {
    let span = (end.0 - start.0).max(1) as f64;
    (((time.0 - start.0) as f64 / span * bins as f64).max(0.0) as usize).min(bins - 1)
}

fn kind_row(kind: &KindSummary) -> Row {
    Row { name: kind.kind.clone(), kind: kind.kind.clone(), machines: kind.machines, tally: kind.tally.clone() }
}

fn fault_row(plan: &Plan, label: &Label) -> FaultRow {
    FaultRow {
        fault: label.fault.clone(),
        layer: label.layer,
        machine: plan.machines[label.machine as usize].id.to_string(),
        sensor: label.sensor.clone(),
        start: label.start,
        end: label.end,
    }
}

fn expectations(plan: &Plan, missed: &[String]) -> Vec<(String, bool)> {
    let judge = |text: &String| {
        let start = format!("expected {text}, but");
        match missed.iter().find(|line| line.starts_with(&start)) {
            Some(line) => (line.clone(), false),
            None => (text.clone(), true),
        }
    };
    plan.expectations.iter().map(judge).collect()
}

fn cards(summary: &Summary) -> Vec<Card> {
    const SHOWN: [(&str, &str, &str); 8] = [
        ("availability", "available", "%"),
        ("failures", "failures", ""),
        ("mtbf_h", "MTBF, h", ""),
        ("mttr_h", "MTTR, h", ""),
        ("oee", "OEE", "%"),
        ("alerts", "alerts", ""),
        ("energy_kwh", "energy, kWh", ""),
        ("cost", "cost", ""),
    ];
    let card = |(name, label, unit): (&'static str, &'static str, &'static str)| {
        let figure = summary.figure(name)?;
        let show = |value: f64| match unit {
            "%" => format!("{:.2}", value * 100.0),
            _ => plain((value * 10.0).round() / 10.0),
        };
        let note = if figure.n > 1 { format!("{} to {}", show(figure.p05), show(figure.p95)) } else { String::new() };
        let value = format!("{}{}", show(figure.mean), if unit == "%" { " %" } else { "" });
        Some(Card { label, value, note })
    };
    SHOWN.into_iter().filter_map(card).collect()
}

fn spreads(plant: &BTreeMap<u32, Tally>) -> Vec<Spread> {
    const SHOWN: [(&str, &str, bool); 3] =
        [("availability", "availability", true), ("failures", "failures", false), ("cost", "cost", false)];
    let spread = |(name, label, percent): (&str, &'static str, bool)| {
        let mut values: Vec<f64> = plant.values().filter_map(|tally| tally.measure(name)).collect();
        values.sort_by(f64::total_cmp);
        (!values.is_empty()).then_some(Spread { label, percent, values })
    };
    SHOWN.into_iter().filter_map(spread).collect()
}
