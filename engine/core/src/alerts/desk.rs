//! The desk: all concerns of a site from tick to tick. It walks only what is not calm; ten thousand machines without a
//! finding cost it a look at their modes.

use super::asks::Answer;
use super::concern::{Concern, ENGINE, Key, Open, Sight};
use super::message::{Places, cut, fill, shown};
use super::rules::Rules;
use crate::maintenance::Source;
use crate::site::{RulePlan, SitePlan, When};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use twinwright_model::live::{Action, Alert, AlertChange, AlertStatus, FindingChange, Shelf, Step};
use twinwright_model::{Mode, Time};

/// All alerts of a site, and all that rules remember.
#[derive(Debug, Clone)]
pub struct Desk {
    pub(super) rules: Rules,
    pub(super) state: State,
    /// Machine ids, by number.
    pub(super) names: Vec<String>,
    /// Units of items that no model knows.
    units: BTreeMap<(u32, String), String>,
    /// By rule with an expression: on which of its machines it holds.
    holding: BTreeMap<usize, Vec<bool>>,
    /// After a restore conditions are worked out anew: rules may have changed.
    is_restored: bool,
    pub(super) said: Vec<AlertChange>,
    pub(super) answers: Vec<Answer>,
}

/// A finding that lasts.
pub(super) type FindingKey = (u32, String, String);

/// What must outlast a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    pub(super) run: String,
    pub(super) raised: u64,
    pub(super) findings: BTreeMap<FindingKey, (Time, Sight)>,
    pub(super) concerns: BTreeMap<Key, Concern>,
    /// What is shelved until when: by machine, rule and, if only one is meant, sensor.
    pub(super) shelves: BTreeMap<(u32, String, Option<String>), Shelf>,
    pub(super) out_of_service: BTreeSet<(u32, String)>,
    /// Actions that were done, the last ones.
    pub(super) done: VecDeque<String>,
    /// When people were told of new alerts, the last times.
    pub(super) told: VecDeque<i64>,
    /// Since when machines run; None: they do not.
    pub(super) running: Vec<Option<i64>>,
    pub(super) modes: Vec<Mode>,
    /// Actions that could not be done.
    pub(super) refused: u64,
}

/// What happens at a tick.
pub struct Moment<'a> {
    pub time: Time,
    pub findings: &'a [FindingChange],
    /// By machine; a machine beyond its end runs.
    pub modes: &'a [Mode],
    /// A number of a machine that expressions read; NaN where it is not known.
    pub value_of: &'a dyn Fn(u32, &Source) -> f64,
    pub actions: &'a [Action],
}

impl Desk {
    pub fn new(site: &Arc<SitePlan>, run: &str) -> Desk {
        let (rules, state) = (Rules::new(site), State { run: run.to_owned(), ..State::default() });
        let names = site.plan.machines.iter().map(|machine| machine.id.to_string()).collect();
        let (units, holding) = (BTreeMap::new(), holding(&rules, &state));
        Desk { rules, state, names, units, holding, is_restored: false, said: Vec::new(), answers: Vec::new() }
    }

    /// Goes on from a state that is kept.
    pub(super) fn take_state(&mut self, state: State) {
        (self.state, self.is_restored) = (state, true);
        self.holding = holding(&self.rules, &self.state);
    }

    /// A machine or an item that no file knows.
    pub fn register(&mut self, machine: u32, name: &str, item: &str, unit: &str) {
        if machine as usize >= self.names.len() {
            self.names.resize(machine as usize + 1, String::new());
            self.names[machine as usize] = name.to_owned();
        }
        self.units.insert((machine, item.to_owned()), unit.to_owned());
    }

    /// One tick: what people asked, what was found, what became of it.
    pub fn advance(&mut self, moment: &Moment) -> Vec<AlertChange> {
        let time = moment.time;
        self.note_modes(moment);
        if std::mem::take(&mut self.is_restored) {
            self.judge_all_findings(time);
        }
        self.end_shelves(time);
        for action in moment.actions {
            self.take_action(action, time);
        }
        for change in moment.findings {
            self.note_finding(change, time);
        }
        self.judge_expressions(moment);
        if !self.state.concerns.is_empty() {
            self.raise_due(time);
            self.return_gone(time);
            self.review_hidden(time);
            self.remind(time);
            self.state.concerns.retain(|_, concern| !concern.is_idle(time.0));
        }
        std::mem::take(&mut self.said)
    }

    /// What became of the actions since this was asked last.
    pub fn take_answers(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.answers)
    }

    /// Alerts that are not resolved, in the order in which they were raised.
    pub fn open(&self) -> Vec<&Alert> {
        let mut open: Vec<&Open> = self.state.concerns.values().filter_map(|concern| concern.open.as_ref()).collect();
        open.sort_by_key(|open| open.order);
        open.into_iter().map(|open| &open.alert).collect()
    }

    /// How many actions could not be done.
    pub fn refused(&self) -> u64 {
        self.state.refused
    }

    fn note_modes(&mut self, moment: &Moment) {
        let (known, time) = (&mut self.state.modes, moment.time.0);
        if known.as_slice() == moment.modes {
            return;
        }
        let is_first = known.is_empty();
        known.resize(moment.modes.len(), Mode::Offline);
        self.state.running.resize(moment.modes.len(), None);
        for (machine, (mode, was)) in moment.modes.iter().zip(known.iter_mut()).enumerate() {
            // What runs when the mirror begins was not started just then.
            let since = if is_first { i64::MIN } else { time };
            if *mode != *was {
                self.state.running[machine] = (*mode == Mode::Running).then_some(since);
            }
            *was = *mode;
        }
    }

    fn note_finding(&mut self, change: &FindingChange, time: Time) {
        let sensor = change.sensor.clone().unwrap_or_default();
        let key = (change.machine, sensor, change.detector.clone());
        let sight = Sight {
            value: change.value,
            limit: change.limit,
            expected: change.expected.map(|(mean, _)| mean),
            detector: change.detector.clone(),
            sensor: change.sensor.clone(),
        };
        match change.ended {
            None => self.state.findings.insert(key, (change.since, sight.clone())),
            Some(_) => self.state.findings.remove(&key),
        };
        for key in self.rules.about(change.machine, change.sensor.as_deref(), &change.detector) {
            let holds = self.any_finding(&key);
            let concern = self.state.concerns.entry(key).or_insert_with(|| Concern::begin(time.0));
            concern.struck |= change.ended.is_none();
            if !concern.holds && change.ended.is_none() {
                concern.sight = sight.clone();
            }
            concern.set(holds, time.0);
        }
    }

    /// Whether any finding of a key's rule lasts.
    fn any_finding(&self, key: &Key) -> bool {
        let first = (key.machine, key.sensor.clone(), String::new());
        let of_sensor = self.state.findings.range(first..);
        let mut of_sensor =
            of_sensor.take_while(|((machine, sensor, _), _)| *machine == key.machine && *sensor == key.sensor);
        of_sensor.any(|((_, sensor, detector), _)| self.rules.concerns(key, sensor, detector))
    }

    /// Rules may have come, gone or changed while the findings lasted.
    fn judge_all_findings(&mut self, time: Time) {
        for ((machine, sensor, detector), (_, sight)) in self.state.findings.clone() {
            let named = (!sensor.is_empty()).then_some(sensor.as_str());
            for key in self.rules.about(machine, named, &detector) {
                let concern = self.state.concerns.entry(key).or_insert_with(|| Concern::begin(time.0));
                if !concern.holds {
                    concern.sight = sight.clone();
                    concern.set(true, time.0);
                }
            }
        }
        let keys: Vec<Key> = self.state.concerns.keys().cloned().collect();
        for key in keys {
            let rule = self.rules.of(&key);
            let is_expression = rule.as_ref().is_some_and(|rule| matches!(rule.when, When::Holds { .. }));
            let stays = is_expression || rule.is_some() && self.any_finding(&key);
            let Some(concern) = self.state.concerns.get_mut(&key).filter(|_| !stays) else { continue };
            concern.set(false, time.0);
            if rule.is_some() {
                continue;
            }
            if let Some(mut open) = concern.open.take() {
                open.alert.returned.get_or_insert(time);
                self.said.push(open.resolve(time, ENGINE, Some("its rule is no longer there".to_owned())));
            }
        }
    }

    fn judge_expressions(&mut self, moment: &Moment) {
        let mut values: Vec<f64> = Vec::new();
        for (number, rule) in self.rules.expressions() {
            let When::Holds { by_machine, .. } = &rule.when else { continue };
            let Some(holding) = self.holding.get_mut(&number) else { continue };
            for ((machine, (reads, bound)), was) in rule.machines.iter().zip(by_machine).zip(holding) {
                values.clear();
                values.extend(reads.iter().map(|source| (moment.value_of)(*machine, source)));
                let answer = bound.eval(&values);
                // What is not known decides nothing: a comparison would take a NaN for a no.
                let is_known = !answer.is_nan() && !values.iter().any(|value| value.is_nan());
                if !is_known || (answer != 0.0) == *was {
                    continue;
                }
                *was = answer != 0.0;
                let key = Key { machine: *machine, rule: rule.name.clone(), sensor: String::new() };
                let begin = || Concern::begin(moment.time.0);
                let concern = self.state.concerns.entry(key).or_insert_with(begin);
                concern.sight = Sight { detector: "condition".to_owned(), ..Sight::default() };
                concern.struck |= *was;
                concern.set(*was, moment.time.0);
            }
        }
    }

    /// Raises what has held for long enough, what came first first.
    fn raise_due(&mut self, time: Time) {
        let mut due = Vec::new();
        for (key, concern) in &mut self.state.concerns {
            let rule = self.rules.of(key);
            let is_out = || self.state.out_of_service.contains(&(key.machine, key.rule.clone()));
            if let Some(rule) = rule.filter(|rule| concern.is_due(rule.holds, time.0) && !is_out()) {
                due.push((concern.since, std::cmp::Reverse(rule.severity), key.clone(), rule));
            }
            concern.struck = false;
        }
        due.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        for (_, _, key, rule) in due {
            self.raise(&key, &rule, time);
        }
    }

    fn raise(&mut self, key: &Key, rule: &RulePlan, time: Time) {
        let Some(mut concern) = self.state.concerns.remove(key) else { return };
        concern.count_raise(time.0);
        let value = concern.sight.value;
        let is_new = concern.open.is_none();
        let mut open = match concern.open.take() {
            Some(mut open) => {
                // It is the same alert again, and what was acknowledged was the time before.
                (open.alert.returned, open.alert.acknowledged) = (None, None);
                open
            }
            None => {
                self.state.raised += 1;
                Open::new(self.new_alert(key, rule, &concern.sight, time), self.state.raised, time.0)
            }
        };
        let step = if is_new { Step::Raised } else { Step::RaisedAgain };
        (open.nudged, open.escalated) = (time.0, time.0);
        self.put_hidden(key, rule, &mut open.alert, time);
        let comment = self.decide_telling(key, &mut open, time);
        let is_held = open.held.is_some();
        let said = open.step(step, time, ENGINE, comment, value);
        self.said.push(AlertChange { tell: said.tell && !is_held, ..said });
        concern.open = Some(open);
        self.state.concerns.insert(key.clone(), concern);
    }

    fn new_alert(&self, key: &Key, rule: &RulePlan, sight: &Sight, time: Time) -> Alert {
        let machine = self.names.get(key.machine as usize).map_or("-", String::as_str);
        let unit = sight.sensor.as_deref().map_or("", |sensor| self.unit_of(key.machine, sensor));
        let places = Places { machine, rule: &key.rule, unit, severity: rule.severity, sight };
        Alert {
            uid: format!("{}/{}", self.state.run, self.state.raised),
            machine: key.machine,
            sensor: sight.sensor.clone(),
            rule: key.rule.clone(),
            group: rule.group.clone(),
            first_up: false,
            severity: rule.severity,
            status: AlertStatus::Active,
            hidden: None,
            message: fill(&rule.message, &places),
            value: sight.value.is_finite().then_some(sight.value),
            limit: sight.limit.filter(|limit| limit.is_finite()),
            raised: time,
            returned: None,
            acknowledged: None,
            resolved: None,
            shelved: None,
            escalated: 0,
        }
    }

    fn unit_of(&self, machine: u32, sensor: &str) -> &str {
        if let Some(unit) = self.units.get(&(machine, sensor.to_owned())) {
            return unit;
        }
        let plan = &self.rules.site.plan;
        let model = plan.machines.get(machine as usize).map(|_| plan.model_of(machine));
        let known = model.and_then(|model| model.sensors.iter().find(|known| known.name == sensor));
        known.map_or("", |known| &known.unit)
    }

    /// Conditions that are gone for long enough.
    fn return_gone(&mut self, time: Time) {
        for (key, concern) in &mut self.state.concerns {
            let gone = self.rules.of(key).map_or(0, |rule| rule.gone);
            if !concern.is_gone(gone, time.0) {
                continue;
            }
            if let Some(open) = &mut concern.open {
                self.said.push(open.give_back(time, f64::NAN));
            }
        }
        self.settle(time);
    }

    /// Whose name an alert is shown under: bounded, and without what steers a terminal.
    pub(super) fn person(name: &str) -> String {
        cut(&shown(name.trim()), 200)
    }
}

/// By rule with an expression: on which of its machines it holds.
fn holding(rules: &Rules, state: &State) -> BTreeMap<usize, Vec<bool>> {
    let of_rule = |(number, rule): (usize, &Arc<RulePlan>)| {
        let on = |machine: &u32| {
            let key = Key { machine: *machine, rule: rule.name.clone(), sensor: String::new() };
            state.concerns.get(&key).is_some_and(|concern| concern.holds)
        };
        (number, rule.machines.iter().map(on).collect())
    };
    rules.expressions().map(of_rule).collect()
}

/// Remembers no more than it must.
pub(super) fn keep_last<T>(list: &mut VecDeque<T>, most: usize) {
    while list.len() > most {
        list.pop_front();
    }
}
