//! The life of alerts against tables and against a tiny model; what hides them and who is told; the figures by hand.

mod figures;
mod hiding;
mod life;
mod telling;
mod walk;

use super::{Answer, Desk, Moment};
use crate::site::{RulePlan, SitePlan};
use crate::watch::tests::plant;
use std::sync::Arc;
use twinwright_model::live::{Action, Aim, AlertChange, Ask, FindingChange, Step};
use twinwright_model::time::SECOND;
use twinwright_model::{Mode, Severity, Time};

/// A desk, and what happens to it second by second.
pub struct Table {
    pub desk: Desk,
    pub now: i64,
    pub modes: Vec<Mode>,
    /// What the expression of a rule reads, by machine.
    pub numbers: Vec<f64>,
    pub answers: Vec<Answer>,
    asked: u32,
}

impl Table {
    /// Some machines with rules about the findings `hot` and `cold` of any sensor; `change` may change them.
    pub fn new(machines: u32, change: impl FnOnce(&mut SitePlan)) -> Table {
        let plan = plant::plan(
            "[sensors.a]\nvalue = \"1\"\nunit = \"degC\"\n[sensors.b]\nvalue = \"2\"\n",
            machines,
            "1 s",
            if machines > 1 { LINKS } else { "" },
        );
        let mut site = plant::site(plan.clone());
        site.rules = vec![plant::rule(&plan, "hot", None, Some("hot")), plant::rule(&plan, "cold", None, Some("cold"))];
        site.alerts.by_limits = false;
        change(&mut site);
        let (modes, numbers) = (vec![Mode::Running; machines as usize], vec![0.0; machines as usize]);
        let desk = Desk::new(&Arc::new(site), "run");
        Table { desk, now: 0, modes, numbers, answers: Vec::new(), asked: 0 }
    }

    /// One second in which these findings begin or end, and these actions are asked.
    pub fn second(&mut self, findings: &[FindingChange], actions: &[Action]) -> Vec<AlertChange> {
        self.now += 1;
        let findings: Vec<FindingChange> = findings.iter().cloned().map(|finding| self.timed(finding)).collect();
        let numbers = &self.numbers;
        let changes = self.desk.advance(&Moment {
            time: Time(self.now * SECOND),
            findings: &findings,
            modes: &self.modes,
            value_of: &|machine, _| numbers[machine as usize],
            actions,
        });
        self.answers.extend(self.desk.take_answers());
        for change in &changes {
            sound(change);
        }
        changes
    }

    fn timed(&self, finding: FindingChange) -> FindingChange {
        let time = Time(self.now * SECOND);
        FindingChange { since: time, ended: finding.ended.map(|_| time), ..finding }
    }

    /// Quiet seconds.
    pub fn wait(&mut self, seconds: i64) -> Vec<AlertChange> {
        (0..seconds).flat_map(|_| self.second(&[], &[])).collect()
    }

    pub fn begin(&mut self, machine: u32, detector: &str) -> Vec<AlertChange> {
        self.second(&[finding(machine, detector, true)], &[])
    }

    pub fn end(&mut self, machine: u32, detector: &str) -> Vec<AlertChange> {
        self.second(&[finding(machine, detector, false)], &[])
    }

    pub fn ask(&mut self, at: Aim, ask: Ask) -> Vec<AlertChange> {
        self.asked += 1;
        let action = asked(self.asked, at, ask);
        self.second(&[], &[action])
    }
}

/// An action of Ann's.
pub fn asked(number: u32, at: Aim, ask: Ask) -> Action {
    let (by, reason) = ("ann".to_owned(), Some("because".to_owned()));
    Action { uid: format!("ask-{number}"), at, ask, by, reason, asked: Time(0) }
}

/// `U-1` feeds `U-2`.
const LINKS: &str = "[[link]]\nfrom = \"U-1\"\nto = \"U-2\"\nkind = \"feeds\"\n";

pub fn finding(machine: u32, detector: &str, begins: bool) -> FindingChange {
    FindingChange {
        uid: String::new(),
        machine,
        sensor: Some("a".to_owned()),
        detector: detector.to_owned(),
        severity: Severity::Low,
        since: Time(0),
        ended: (!begins).then_some(Time(0)),
        value: 91.5,
        expected: Some((60.0, 1.0)),
        limit: Some(85.0),
        peak: 91.5,
    }
}

pub fn rule_of(machine: u32, rule: &str) -> Aim {
    Aim::Rule { machine: format!("U-{}", machine + 1), rule: rule.to_owned() }
}

pub fn alert(number: u32) -> Aim {
    Aim::Alert(format!("run/{number}"))
}

pub fn steps(changes: &[AlertChange]) -> Vec<Step> {
    changes.iter().map(|change| change.step).collect()
}

/// What a store would refuse.
fn sound(change: &AlertChange) {
    let alert = &change.alert;
    let status = alert.status.name();
    assert_eq!(status == "resolved", alert.resolved.is_some(), "{change:?}");
    assert_eq!(status == "suppressed", alert.hidden.is_some(), "{change:?}");
    assert!(status != "acknowledged" || alert.acknowledged.is_some(), "{change:?}");
    assert!(alert.hidden.is_none_or(|hidden| hidden.name() != "shelved") || alert.shelved.is_some(), "{change:?}");
    let after = [alert.returned, alert.resolved.as_ref().map(|(time, _)| *time)];
    assert!(after.into_iter().flatten().all(|time| time >= alert.raised), "{change:?}");
    assert!(!change.by.is_empty());
}

/// A rule of the site under test.
pub fn rule<'a>(site: &'a mut SitePlan, name: &str) -> &'a mut RulePlan {
    site.rules.iter_mut().find(|rule| rule.name == name).expect("the rule is there")
}
