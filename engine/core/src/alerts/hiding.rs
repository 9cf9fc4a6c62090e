//! What puts alerts out of sight: a shelf with an end, a rule out of service, and design (maintenance, start-up, another
//! alert that explains them). Hidden alerts are recorded like all others; what outlasts its hiding is shown.
//!
//! An alert that is itself hidden by design hides no other one: two rules that name each other would else hide a fault
//! together.

use super::concern::{ENGINE, Key};
use super::desk::Desk;
use crate::site::{RulePlan, Suppress};
use twinwright_model::live::{Alert, AlertChange, Hidden, Shelf, Step};
use twinwright_model::{Mode, Time};

impl Desk {
    /// What hides an alert of a key now.
    fn hidden(&self, key: &Key, rule: &RulePlan, time: Time) -> (Option<Hidden>, Option<Shelf>) {
        let shelf = self.shelf(key);
        let hidden = if self.is_out_of_service(key) {
            Some(Hidden::OutOfService)
        } else if shelf.is_some() {
            Some(Hidden::Shelved)
        } else if self.is_hidden_by_design(key, rule, time) {
            Some(Hidden::Design)
        } else {
            None
        };
        (hidden, shelf.cloned())
    }

    /// Whether the rule is not judged on that machine.
    pub(super) fn is_out_of_service(&self, key: &Key) -> bool {
        let out = &self.state.out_of_service;
        !out.is_empty() && out.contains(&(key.machine, key.rule.clone()))
    }

    fn shelf(&self, key: &Key) -> Option<&Shelf> {
        if self.state.shelves.is_empty() {
            return None;
        }
        let of = |sensor: Option<&String>| self.state.shelves.get(&(key.machine, key.rule.clone(), sensor.cloned()));
        of(Some(&key.sensor)).or_else(|| of(None))
    }

    fn is_hidden_by_design(&self, key: &Key, rule: &RulePlan, time: Time) -> bool {
        let mode = self.mode(key.machine);
        let machine = key.machine as usize;
        let feeders = self.rules.feeders(key.machine);
        mode == Mode::Maintenance
            || rule.suppress.iter().any(|suppress| match suppress {
                Suppress::Mode(listed) => mode == *listed,
                Suppress::StartUp(span) => {
                    let since = self.state.running.get(machine).copied().flatten();
                    since.is_some_and(|since| time.0.saturating_sub(since) < *span)
                }
                Suppress::Rule(name) => {
                    let named = |other: &Key| other.rule == *name && other != key;
                    self.any_in_sight(key.machine, named) || feeders.iter().any(|from| self.any_in_sight(*from, named))
                }
                Suppress::Upstream => feeders.iter().any(|from| {
                    let stands = matches!(self.mode(*from), Mode::Failed | Mode::Maintenance | Mode::Offline);
                    stands || self.any_in_sight(*from, |_| true)
                }),
            })
    }

    fn mode(&self, machine: u32) -> Mode {
        self.state.modes.get(machine as usize).copied().unwrap_or_default()
    }

    /// Whether a machine has an active alert that is not hidden by design.
    fn any_in_sight(&self, machine: u32, wanted: impl Fn(&Key) -> bool) -> bool {
        let of_machine = self.state.concerns.range(Key::first_of(machine)..);
        of_machine.take_while(|(key, _)| key.machine == machine).any(|(key, concern)| {
            let open = concern.open.as_ref().filter(|open| open.is_active());
            wanted(key) && open.is_some_and(|open| open.alert.hidden != Some(Hidden::Design))
        })
    }

    /// Writes into an alert what hides it.
    pub(super) fn put_hidden(&self, key: &Key, rule: &RulePlan, alert: &mut Alert, time: Time) {
        (alert.hidden, alert.shelved) = self.hidden(key, rule, time);
    }

    /// Ends shelves whose time is over.
    pub(super) fn end_shelves(&mut self, time: Time) {
        self.state.shelves.retain(|_, shelf| shelf.until > time);
    }

    /// All open alerts, older ones first: what is hidden now, and what no more.
    pub(super) fn review_hidden(&mut self, time: Time) {
        for key in self.keys_in_order() {
            self.review(&key, time, ENGINE, None);
        }
        self.settle(time);
    }

    /// Keys with an open alert, in the order in which they were raised.
    pub(super) fn keys_in_order(&self) -> Vec<Key> {
        let open = self.state.concerns.iter().filter_map(|(key, concern)| Some((concern.open.as_ref()?.order, key)));
        let mut keys: Vec<(u64, Key)> = open.map(|(order, key)| (order, key.clone())).collect();
        keys.sort_by_key(|(order, _)| *order);
        keys.into_iter().map(|(_, key)| key).collect()
    }

    /// Takes one alert in or out of sight, if something changed; `by` asked for it.
    pub(super) fn review(&mut self, key: &Key, time: Time, by: &str, comment: Option<String>) {
        let Some(rule) = self.rules.of(key) else { return };
        let now = self.hidden(key, &rule, time);
        let open = self.state.concerns.get(key).and_then(|concern| concern.open.as_ref());
        if open.is_none_or(|open| (open.alert.hidden, &open.alert.shelved) == (now.0, &now.1)) {
            return;
        }
        let Some(mut concern) = self.state.concerns.remove(key) else { return };
        if let Some(open) = &mut concern.open {
            let was = std::mem::replace(&mut open.alert.hidden, now.0);
            open.alert.shelved = now.1;
            let step = match (was, now.0) {
                (_, Some(Hidden::Shelved)) => Step::Shelved,
                (_, Some(_)) => Step::Suppressed,
                (Some(Hidden::Shelved), None) => Step::Unshelved,
                (_, None) => Step::Unsuppressed,
            };
            if now.0.is_none() && open.is_active() {
                self.decide_telling(key, open, time);
            }
            let is_held = open.held.is_some();
            let said = open.step(step, time, by, comment, f64::NAN);
            self.said.push(AlertChange { tell: said.tell && !is_held, ..said });
            if now.0.is_none() && !open.is_active() && !rule.latch {
                // It came and went while nobody was to see it.
                self.said.push(open.resolve(time, ENGINE, None));
                concern.open = None;
            }
        }
        self.state.concerns.insert(key.clone(), concern);
    }

    /// Resolves what has returned and waits for nobody: acknowledged ones, those hidden by design, and those that nobody
    /// acknowledged for the quiet time.
    pub(super) fn settle(&mut self, time: Time) {
        let quiet = self.rules.site.alerts.quiet;
        for (key, concern) in &mut self.state.concerns {
            let Some(open) = &mut concern.open else { continue };
            let Some(returned) = open.alert.returned else { continue };
            if self.rules.of(key).is_some_and(|rule| rule.latch) {
                continue;
            }
            let is_forgotten = quiet.is_some_and(|quiet| time.since(returned) >= quiet);
            let settles = match open.alert.hidden {
                None => open.alert.acknowledged.is_some() || is_forgotten,
                Some(Hidden::Design) => true,
                Some(Hidden::Shelved | Hidden::OutOfService) => false,
            };
            if settles {
                self.said.push(open.resolve(time, ENGINE, None));
                concern.open = None;
            }
        }
    }
}
