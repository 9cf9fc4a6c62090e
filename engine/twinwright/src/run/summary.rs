//! What a run came to: measures over futures, and whether the expectations held.

use super::Settings;
use super::progress::Speed;
use crate::VERSION;
use crate::whatif::outcome::{Interval, Verdict};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use twinwright_core::Plan;
use twinwright_core::accounts::{Accounts, Sum};
use twinwright_core::expression::{self, Meaning, Names};
use twinwright_core::measures::{self, GroupTally, Tally};
use twinwright_core::plan::KindHead;
use twinwright_model::Sheet;

/// A measure over futures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    pub mean: f64,
    pub p05: f64,
    pub p50: f64,
    pub p95: f64,
    pub n: usize,
}

/// What one kind came to, summed over its machines and averaged over futures.
#[derive(Debug, Clone, PartialEq)]
pub struct KindSummary {
    pub kind: String,
    pub machines: usize,
    pub tally: Tally,
}

/// A whole run.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    pub scenario: String,
    pub title: String,
    pub seed: u64,
    /// Digest of the final state, and of the plan.
    pub digest: u128,
    pub ticks: u32,
    pub machines: usize,
    pub futures: u32,
    pub interrupted: bool,
    pub expectations_missed: usize,
    pub speed: Speed,
    pub kinds: Vec<KindSummary>,
    /// Name to figure: plant-wide, then `name(machine)`.
    pub measures: Vec<(String, Figure)>,
    /// What a study adds, when the run is part of one.
    pub studied: Option<Studied>,
}

/// What a study knows of a run beyond its own figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Studied {
    pub confidence: f64,
    /// Of means, by measure.
    pub intervals: BTreeMap<String, Interval>,
    /// Expectations that do not hold, in words.
    pub missed: Vec<String>,
    /// Further fields of `summary.json`.
    pub fields: Map<String, Value>,
}

impl Summary {
    pub fn new(settings: &Settings, plan: &Plan, tick: u32, accounts: &Accounts, digest: u128) -> Summary {
        let plants: Vec<Tally> = accounts.plants.values().map(Sum::tally).collect();
        let mut measures = figures(&plants.iter().collect::<Vec<_>>(), |name| name.to_owned());
        let mut machines: BTreeMap<u32, Vec<&Tally>> = BTreeMap::new();
        for ((machine, _), tally) in &accounts.named {
            machines.entry(*machine).or_default().push(tally);
        }
        for (machine, tallies) in &machines {
            let id = &plan.machines[*machine as usize].id;
            measures.extend(figures(tallies, |name| format!("{name}({id})")));
        }
        for (index, group) in plan.groups.iter().enumerate() {
            let of_group = (index as u16, 0)..=(index as u16, u32::MAX);
            let tallies: Vec<&GroupTally> = accounts.groups.range(of_group).map(|(_, tally)| tally).collect();
            measures.extend(measures::GROUP_NAMES.iter().filter_map(|name| {
                let values = tallies.iter().filter_map(|tally| tally.measure(name)).collect();
                Some((format!("{name}({})", group.name), Figure::of(values)?))
            }));
        }
        Summary {
            scenario: settings.scenario.file_stem().map_or(String::new(), |stem| stem.to_string_lossy().into_owned()),
            title: plan.title.clone(),
            seed: plan.seed,
            digest,
            ticks: tick,
            machines: plan.machines.len(),
            futures: plan.futures,
            interrupted: false,
            expectations_missed: 0,
            speed: Speed::default(),
            kinds: kinds(plan, accounts),
            measures,
            studied: None,
        }
    }

    pub fn figure(&self, name: &str) -> Option<Figure> {
        self.measures.iter().find(|(known, _)| known == name).map(|(_, figure)| *figure)
    }

    /// Expectations that do not hold, each with the figures that it speaks of.
    pub fn missed(&self, plan: &Plan) -> Vec<String> {
        match &self.studied {
            Some(studied) => studied.missed.clone(),
            None => plan.expectations.iter().filter_map(|text| self.judge(text)).collect(),
        }
    }

    /// Every expectation of a plain run, with its figures where it does not hold.
    pub fn verdicts(&self, plan: &Plan) -> Vec<Verdict> {
        let verdict = |text: &String| {
            let missed = self.judge(text);
            let figures = missed.as_ref().and_then(|line| line.split_once(", but "));
            Verdict {
                text: text.clone(),
                run: self.scenario.clone(),
                holds: missed.is_none(),
                figures: figures.map(|(_, figures)| figures.to_owned()).into_iter().collect(),
            }
        };
        plan.expectations.iter().map(verdict).collect()
    }

    fn judge(&self, text: &str) -> Option<String> {
        let mut values: Vec<f64> = Vec::new();
        let mut said: Vec<String> = Vec::new();
        let mut resolve = |name: &str| {
            // A measure without a meaning in this run (mtbf of a machine that never failed) holds for nothing.
            let mean = self.figure(name).map_or(f64::NAN, |figure| figure.mean);
            said.push(format!("{name} = {mean}"));
            values.push(mean);
            Some(Meaning::Slot((values.len() - 1) as u16))
        };
        let bound = expression::parse(text, Names::Qualified).ok()?.bind(&mut resolve, &[]).ok()?;
        let value = bound.eval(&values);
        let holds = value != 0.0 && !value.is_nan() && values.iter().all(|value| !value.is_nan());
        said.dedup();
        (!holds).then(|| format!("expected {text}, but {}", said.join(", ")))
    }

    /// `summary.json`. No wall time in it: the same run gives the same bytes.
    pub fn to_json(&self, plan: &Plan) -> Value {
        let measures: Map<String, Value> =
            self.measures.iter().map(|(name, figure)| (name.clone(), self.figure_json(name, figure))).collect();
        let kinds: Vec<Value> = self
            .kinds
            .iter()
            .zip(plan.sheets.iter().zip(&plan.kinds))
            .map(|(kind, (sheet, head))| kind_json(kind, sheet, head))
            .collect();
        let mut summary = json!({
            "twinwright": VERSION,
            "scenario": self.scenario,
            "title": self.title,
            "seed": self.seed,
            "version": VERSION,
            "digest": format!("{:032x}", self.digest),
            "plan": format!("{:032x}", plan.digest),
            "start": plan.start.to_string(),
            "end": plan.time_of(i64::from(self.ticks)).to_string(),
            "tick_s": plan.tick.seconds(),
            "ticks": self.ticks,
            "futures": self.futures,
            "machines": self.machines,
            "interrupted": self.interrupted,
            "kinds": kinds,
            "measures": measures,
        });
        if let (Some(studied), Some(fields)) = (&self.studied, summary.as_object_mut()) {
            fields.extend(studied.fields.clone());
        }
        summary
    }

    fn figure_json(&self, name: &str, figure: &Figure) -> Value {
        let interval = self.studied.as_ref().and_then(|studied| Some((studied, studied.intervals.get(name)?)));
        let mut json = figure.to_json();
        if let (Some((studied, interval)), Some(fields)) = (interval, json.as_object_mut()) {
            fields.insert("low".to_owned(), json!(interval.low));
            fields.insert("high".to_owned(), json!(interval.high));
            fields.insert("confidence".to_owned(), json!(studied.confidence));
        }
        json
    }
}

fn kind_json(kind: &KindSummary, sheet: &Sheet, head: &KindHead) -> Value {
    let named = |list: &[(String, String)]| -> Map<String, Value> {
        list.iter().map(|(name, said)| (name.clone(), json!(said))).collect()
    };
    // What was not watched is not counted.
    let measures: BTreeMap<_, _> = kind.tally.measures().into_iter().filter(|(_, value)| !value.is_nan()).collect();
    let sensors: Map<String, Value> = sheet.sensors.iter().map(|s| (s.name.clone(), json!(s.unit))).collect();
    json!({
        "kind": kind.kind,
        "title": head.title,
        "class": head.class,
        "identity": named(&head.identity),
        "machines": kind.machines,
        "drivers": named(&head.drivers),
        "sensors": sensors,
        "measures": measures,
    })
}

fn figures(futures: &[&Tally], name: impl Fn(&str) -> String) -> Vec<(String, Figure)> {
    let figure = |measure: &str| {
        let values: Vec<f64> = futures.iter().filter_map(|tally| tally.measure(measure)).collect();
        Some((name(measure), Figure::of(values)?))
    };
    measures::NAMES.iter().filter_map(|measure| figure(measure)).collect()
}

impl Figure {
    pub fn to_json(&self) -> Value {
        json!({ "mean": self.mean, "p05": self.p05, "p50": self.p50, "p95": self.p95, "n": self.n })
    }

    /// None of no values.
    pub fn of(mut values: Vec<f64>) -> Option<Figure> {
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.sort_by(f64::total_cmp);
        // Linear between order statistics, as numpy's default has it.
        let at = |part: f64| {
            let place = part * (values.len() - 1) as f64;
            let (low, share) = (place.floor() as usize, place.fract());
            let high = (low + 1).min(values.len() - 1);
            values[low] + (values[high] - values[low]) * share
        };
        Some(Figure { mean, p05: at(0.05), p50: at(0.5), p95: at(0.95), n: values.len() })
    }
}

fn kinds(plan: &Plan, accounts: &Accounts) -> Vec<KindSummary> {
    let mut counts = vec![0usize; plan.sheets.len()];
    for machine in 0..plan.machines.len() as u32 {
        counts[plan.model_of(machine).sheet as usize] += 1;
    }
    let one = |(index, sheet): (usize, &Sheet)| {
        let mut tally = accounts.kinds.get(&(index as u16)).map(Sum::tally).unwrap_or_default();
        tally.scale(1.0 / f64::from(plan.futures));
        KindSummary { kind: sheet.kind.clone(), machines: counts[index], tally }
    };
    plan.sheets.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_numpy_percentile() {
        // numpy.percentile([1, 2, 4, 8, 16], [5, 50, 95]) = 1.2, 4.0, 14.4
        let figure = Figure::of(vec![8.0, 1.0, 16.0, 4.0, 2.0]).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(near(figure.p05, 1.2) && near(figure.p50, 4.0) && near(figure.p95, 14.4) && near(figure.mean, 6.2));
        assert_eq!(Figure::of(Vec::new()), None);
    }
}
