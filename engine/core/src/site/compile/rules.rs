//! `[rule.NAME]`: everything of a rule but its condition.

use super::Maker;
use crate::files::leaf::At;
use crate::files::names;
use crate::files::site::RuleSpec;
use crate::files::sources::Fault;
use crate::site::{ItemPlan, RulePlan, Suppress, When};
use std::collections::{BTreeMap, BTreeSet};
use twinwright_model::time::SECOND;
use twinwright_model::{Mode, Severity, Span, units};

/// What a message may hold.
pub const MESSAGE_FIELDS: [&str; 9] =
    ["machine", "sensor", "rule", "value", "limit", "expected", "unit", "severity", "detector"];

const LONGEST_MESSAGE: usize = 1_000;

impl Maker<'_> {
    pub(super) fn rules(&mut self, items: &[ItemPlan]) -> Vec<RulePlan> {
        let spec = self.spec;
        let plans = spec.rule.iter().filter_map(|(name, rule)| self.rule(name, rule, items)).collect::<Vec<_>>();
        self.check_suppression();
        plans
    }

    fn rule(&mut self, name: &At<String>, rule: &RuleSpec, items: &[ItemPlan]) -> Option<RulePlan> {
        if self.faults().is_full() {
            return None;
        }
        self.check_name(name, "a rule");
        let severity = rule.severity.as_ref().and_then(|severity| self.severity(severity));
        let suppress = self.suppress(name, rule);
        let lasting = (Span(SECOND), super::LONGEST);
        let again = rule.again.as_ref().map(|_| self.span(&rule.again, Span(SECOND), lasting));
        let escalate = rule.escalate.as_ref().map(|_| self.span(&rule.escalate, Span(SECOND), lasting));
        if let Some(group) = &rule.group {
            self.check_name(group, "a group");
        }
        if let Some(message) = &rule.message {
            self.check_message(message);
        }
        let (formula, mut holds) = self.compiler.split_hold(&rule.when);
        if let Some(apart) = &rule.r#for {
            if formula.text.len() < rule.when.text.len() {
                let message = "`when` says already for how long";
                self.faults().add(Fault::new(&apart.span, "rule", message).expected("one of them"));
            }
            holds = self.span(&rule.r#for, Span::ZERO, (Span::ZERO, super::LONGEST)).0;
        }
        let gone = self.span(&rule.gone, Span(holds), (Span::ZERO, super::LONGEST)).0;
        let picked = self.picked(rule);
        let (machines, when) = self.condition(name, &formula, picked, items)?;
        let message = rule.message.as_ref().map_or_else(|| usual_message(&when), |message| message.value.clone());
        Some(RulePlan {
            name: name.value.clone(),
            machines,
            when,
            holds,
            gone,
            severity: severity.unwrap_or(Severity::Medium),
            group: rule.group.as_ref().map(|group| group.value.clone()),
            latch: rule.latch.unwrap_or(false),
            suppress,
            again,
            escalate,
            message,
        })
    }

    pub(super) fn severity(&mut self, given: &At<String>) -> Option<Severity> {
        const ALL: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
        self.one_of(given, &["low", "medium", "high", "critical"], "a severity").map(|place| ALL[place])
    }

    /// The machines that a rule names, each once; None where it names none.
    fn picked(&mut self, rule: &RuleSpec) -> Option<Vec<u32>> {
        let chosen = rule.machine.as_ref()?;
        let mut machines = BTreeSet::new();
        for selector in &chosen.0 {
            machines.extend(self.plant.select(selector, &mut self.compiler.faults));
        }
        Some(machines.into_iter().collect())
    }

    fn suppress(&mut self, name: &At<String>, rule: &RuleSpec) -> Vec<Suppress> {
        let Some(texts) = &rule.suppress else { return vec![Suppress::Mode(Mode::Maintenance)] };
        texts.0.iter().filter_map(|text| self.suppressed_by(name, text)).collect()
    }

    fn suppressed_by(&mut self, own: &At<String>, text: &At<String>) -> Option<Suppress> {
        const EXPECTED: &str = "a mode other than running, `start-up 10 min`, `upstream` or `rule NAME`";
        let said = text.value.trim();
        if said == "upstream" {
            return Some(Suppress::Upstream);
        }
        if let Some(mode) = Mode::from_name(said).filter(|mode| *mode != Mode::Running) {
            return Some(Suppress::Mode(mode));
        }
        if let Some(lasts) = said.strip_prefix("start-up ") {
            return match units::parse_span(lasts) {
                Ok(span) if span.0 > 0 => Some(Suppress::StartUp(span.0)),
                Ok(_) => {
                    self.faults().add(Fault::new(&text.span, "time", "a start-up takes some time").expected("above 0"));
                    None
                }
                Err(wrong) => {
                    let mut fault = Fault::new(&text.span, "time", wrong.message);
                    fault.expected = wrong.expected;
                    self.faults().add(fault.nearest(wrong.nearest.map(|near| format!("start-up {near}"))));
                    None
                }
            };
        }
        if let Some(other) = said.strip_prefix("rule ").map(str::trim) {
            let known = || self.spec.rule.names().filter(|name| *name != own.value);
            if known().any(|name| name == other) {
                return Some(Suppress::Rule(other.to_owned()));
            }
            let fault = Fault::new(&text.span, "rule", format!("there is no other rule `{other}`"));
            let near = names::nearest(other, known()).map(|near| format!("rule {near}"));
            let fault = fault.expected(names::list(known())).nearest(near);
            self.faults().add(fault);
            return None;
        }
        let words = ["idle", "maintenance", "failed", "offline", "calibrating", "upstream", "start-up 10 min"];
        let fault = Fault::new(&text.span, "rule", format!("`{said}` suppresses nothing"));
        self.faults().add(fault.expected(EXPECTED).nearest(names::nearest(said, words)));
        None
    }

    /// Rules that keep each other out of sight would both never be seen.
    fn check_suppression(&mut self) {
        let spec = self.spec;
        let mut by: BTreeMap<&str, Vec<&At<String>>> = BTreeMap::new();
        for (name, rule) in spec.rule.iter() {
            let texts = rule.suppress.iter().flat_map(|texts| &texts.0);
            by.insert(&name.value, texts.filter(|text| text.value.trim().starts_with("rule ")).collect());
        }
        let other = |text: &At<String>| text.value.trim().strip_prefix("rule ").unwrap_or_default().trim().to_owned();
        for (name, texts) in &by {
            for text in texts {
                let (mut seen, mut open) = (BTreeSet::new(), vec![other(text)]);
                while let Some(next) = open.pop() {
                    if next == *name {
                        // Once for a circle, at the first of its names; a rule that names itself was told so.
                        if seen.is_empty() || seen.iter().any(|other: &String| other.as_str() < *name) {
                            break;
                        }
                        let message = format!("`{name}` would keep itself out of sight");
                        self.compiler.faults.say(&text.span, "cycle", message);
                        break;
                    }
                    if seen.insert(next.clone()) {
                        open.extend(by.get(next.as_str()).into_iter().flatten().map(|text| other(text)));
                    }
                }
            }
        }
    }

    fn check_message(&mut self, message: &At<String>) {
        if message.value.is_empty() || message.value.chars().count() > LONGEST_MESSAGE {
            let fault = Fault::new(&message.span, "message", "this is no message");
            self.faults().add(fault.expected(format!("1 to {LONGEST_MESSAGE} characters")));
        }
        for word in words_in_braces(&message.value) {
            if !MESSAGE_FIELDS.contains(&word) {
                let fault = Fault::new(&message.span, "message", format!("there is no field `{{{word}}}`"));
                let near = names::nearest(word, MESSAGE_FIELDS).map(|near| format!("{{{near}}}"));
                self.faults().add(fault.expected(names::list(MESSAGE_FIELDS)).nearest(near));
            }
        }
    }
}

/// Words between braces; other braces are text.
pub(super) fn words_in_braces(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).filter_map(|after| {
        let (word, _) = after.split_once('}')?;
        names::is_identifier(word).then_some(word)
    })
}

fn usual_message(when: &When) -> String {
    match when {
        When::Finding { .. } => "{machine}: {sensor} {detector}, {value} {unit}".to_owned(),
        When::Holds { text, .. } => format!("{{machine}}: {text}"),
    }
}
