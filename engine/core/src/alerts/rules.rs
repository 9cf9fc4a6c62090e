//! The rules of a site by name, and which of them a finding concerns. Where a site has no rules, limits raise alerts by
//! themselves; a machine that is silent as a whole raises one always, unless a rule speaks of that.

use super::concern::Key;
use crate::detection::Detector;
use crate::limits::Level;
use crate::links::LinkKind;
use crate::site::{RulePlan, SitePlan, Suppress, When};
use std::collections::BTreeMap;
use std::sync::Arc;
use twinwright_model::{Mode, Severity};

/// All rules that can raise an alert.
#[derive(Debug, Clone)]
pub struct Rules {
    pub site: Arc<SitePlan>,
    list: Vec<Arc<RulePlan>>,
    /// By rule: its machines, sorted.
    members: Vec<Vec<u32>>,
    by_name: BTreeMap<String, usize>,
    /// Limits by level, where they raise alerts by themselves.
    limits: Option<[Arc<RulePlan>; 4]>,
    /// The rule about silent machines, where no other one speaks of them.
    lost: Option<Arc<RulePlan>>,
    /// By machine: those that feed it.
    feeders: BTreeMap<u32, Vec<u32>>,
}

/// A rule that nobody wrote.
fn unwritten(name: &str, severity: Severity, message: &str, suppress: Vec<Suppress>) -> Arc<RulePlan> {
    Arc::new(RulePlan {
        name: name.to_owned(),
        machines: Vec::new(),
        when: When::Finding { sensor: None, detector: Some(name.to_owned()) },
        holds: 0,
        gone: 0,
        severity,
        group: None,
        latch: false,
        suppress,
        again: None,
        escalate: None,
        message: message.to_owned(),
    })
}

impl Rules {
    pub fn new(site: &Arc<SitePlan>) -> Rules {
        let list: Vec<Arc<RulePlan>> = site.rules.iter().cloned().map(Arc::new).collect();
        let members = list.iter().map(|rule| {
            let mut machines = rule.machines.clone();
            machines.sort_unstable();
            machines
        });
        let by_name = list.iter().enumerate().map(|(at, rule)| (rule.name.clone(), at)).collect();
        let speaks_of_silence = list.iter().any(|rule| {
            matches!(&rule.when, When::Finding { detector: Some(named), .. } if named == Detector::SignalLost.name())
        });
        let limit = |level: Level| {
            let side = if matches!(level, Level::LowLow | Level::Low) { "below" } else { "above" };
            let message = format!("{{machine}}: {{sensor}} is {{value}} {{unit}}, {side} {{limit}}");
            unwritten(level.name(), level.severity(), &message, Vec::new())
        };
        let lost = || {
            let name = Detector::SignalLost.name();
            let message = "{machine}: nothing is heard of it any more";
            // A machine that is switched off says nothing.
            unwritten(name, Detector::SignalLost.severity(), message, vec![Suppress::Mode(Mode::Offline)])
        };
        let mut feeders: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for link in site.plan.links.iter().filter(|link| link.kind == LinkKind::Feeds) {
            feeders.entry(link.to).or_default().push(link.from);
        }
        Rules {
            site: site.clone(),
            members: members.collect(),
            by_name,
            limits: site.alerts.by_limits.then(|| Level::ALL.map(limit)),
            lost: (!speaks_of_silence).then(lost),
            feeders,
            list,
        }
    }

    /// The rule that a key names, if it is still there.
    pub fn of(&self, key: &Key) -> Option<Arc<RulePlan>> {
        if let Some(at) = self.by_name.get(&key.rule) {
            return self.members[*at].binary_search(&key.machine).is_ok().then(|| self.list[*at].clone());
        }
        if key.rule == Detector::SignalLost.name() {
            return self.lost.clone();
        }
        let (_, level) = key.rule.rsplit_once('.')?;
        let level = Level::ALL.into_iter().find(|known| known.name() == level)?;
        Some(self.limits.as_ref()?[level as usize].clone())
    }

    /// The keys that a finding is about.
    pub fn about(&self, machine: u32, sensor: Option<&str>, detector: &str) -> Vec<Key> {
        let key = |rule: &str, sensor: Option<&str>| Key {
            machine,
            rule: rule.to_owned(),
            sensor: sensor.unwrap_or_default().to_owned(),
        };
        let concerned = |(rule, members): &(&Arc<RulePlan>, &Vec<u32>)| {
            fits(&rule.when, sensor, detector) && members.binary_search(&machine).is_ok()
        };
        let written = self.list.iter().zip(&self.members).filter(concerned);
        let mut keys: Vec<Key> = written.map(|(rule, _)| key(&rule.name, sensor)).collect();
        if detector == Detector::SignalLost.name() && self.lost.is_some() {
            keys.push(key(detector, None));
        }
        if let (Some(sensor), Some(_)) = (sensor, &self.limits)
            && Level::ALL.iter().any(|level| level.name() == detector)
        {
            keys.push(key(&format!("{sensor}.{detector}"), Some(sensor)));
        }
        keys
    }

    /// Whether a finding is what a key's rule is about.
    pub fn concerns(&self, key: &Key, sensor: &str, detector: &str) -> bool {
        if key.sensor != sensor {
            return false;
        }
        match self.by_name.get(&key.rule) {
            Some(at) => fits(&self.list[*at].when, (!sensor.is_empty()).then_some(sensor), detector),
            None if key.rule == detector => sensor.is_empty(),
            None => key.rule.strip_prefix(sensor).and_then(|rest| rest.strip_prefix('.')) == Some(detector),
        }
    }

    /// Rules whose condition is an expression, with their numbers.
    pub fn expressions(&self) -> impl Iterator<Item = (usize, &Arc<RulePlan>)> {
        self.list.iter().enumerate().filter(|(_, rule)| matches!(rule.when, When::Holds { .. }))
    }

    pub fn feeders(&self, machine: u32) -> &[u32] {
        self.feeders.get(&machine).map_or(&[], Vec::as_slice)
    }
}

fn fits(when: &When, sensor: Option<&str>, detector: &str) -> bool {
    match when {
        When::Finding { sensor: wanted, detector: kind } => {
            wanted.as_deref().is_none_or(|wanted| Some(wanted) == sensor)
                && kind.as_deref().is_none_or(|kind| kind == detector)
        }
        When::Holds { .. } => false,
    }
}
