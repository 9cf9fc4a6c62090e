//! What people ask of alerts and rules. Each action is done once, however often it is handed in; one that cannot be done is
//! counted and answered, and changes nothing.

use super::concern::Key;
use super::desk::{Desk, keep_last};
use super::message::{cut, shown};
use serde::{Deserialize, Serialize};
use twinwright_model::Time;
use twinwright_model::live::{Action, Aim, Ask, Shelf, Step};

/// What became of an action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The action's.
    pub uid: String,
    /// Why it was not done, for people.
    pub refused: Option<String>,
}

/// So many actions are remembered, so that none is done twice.
const REMEMBERED: usize = 10_000;
/// Longer comments are cut.
const LONGEST_COMMENT: usize = 2_000;

impl Desk {
    pub(super) fn take_action(&mut self, action: &Action, time: Time) {
        if self.state.done.contains(&action.uid) {
            return;
        }
        self.state.done.push_back(action.uid.clone());
        keep_last(&mut self.state.done, REMEMBERED);
        let refused = self.do_action(action, time).err();
        self.state.refused += u64::from(refused.is_some());
        self.answers.push(Answer { uid: action.uid.clone(), refused });
    }

    fn do_action(&mut self, action: &Action, time: Time) -> Result<(), String> {
        let by = Desk::person(&action.by);
        if by.is_empty() {
            return Err("it must say who asks".to_owned());
        }
        let keys = self.aimed_at(&action.at);
        let (machine, rule) = match (&action.at, keys.first()) {
            (Aim::Alert(_), Some(key)) => (key.machine, key.rule.clone()),
            (Aim::Alert(uid), None) => return Err(format!("there is no open alert `{}`", cut(&shown(uid), 200))),
            (Aim::Rule { machine, rule }, _) => (self.with_rule(machine, rule)?, rule.clone()),
        };
        let comment = action.reason.as_deref().map(|text| cut(&shown(text.trim()), LONGEST_COMMENT));
        let comment = comment.filter(|text| !text.is_empty());
        let named_rule = matches!(action.at, Aim::Rule { .. });
        match action.ask {
            Ask::Acknowledge => self.for_each_open(&keys, "nothing is left to acknowledge", |desk, key| {
                desk.acknowledge(key, time, &by, comment.clone())
            }),
            Ask::Comment => {
                let text = comment.ok_or("a comment needs a text")?;
                self.for_each_open(&keys, "there is no alert to comment on", |desk, key| {
                    desk.comment(key, time, &by, &text)
                })
            }
            Ask::Resolve => self.for_each_open(&keys, "there is no alert to resolve", |desk, key| {
                desk.let_go(key, time, &by, comment.clone())
            }),
            Ask::Shelve { until } => {
                let reason = comment.ok_or("shelving needs a reason")?;
                let until = until.min(time + self.rules.site.alerts.longest_shelf);
                if until <= time {
                    return Err("that time is over already".to_owned());
                }
                let shelf = Shelf { until, by: by.clone(), reason: reason.clone() };
                let sensor = keys.first().filter(|_| !named_rule).map(|key| key.sensor.clone());
                self.state.shelves.insert((machine, rule, sensor), shelf);
                self.review_all(&keys, time, &by, Some(reason));
                Ok(())
            }
            Ask::Unshelve => {
                let before = self.state.shelves.len();
                let meant = |sensor: &Option<String>| {
                    named_rule || sensor.as_ref().is_none_or(|sensor| keys.iter().any(|key| key.sensor == *sensor))
                };
                self.state.shelves.retain(|(on, of, sensor), _| *on != machine || *of != rule || !meant(sensor));
                if self.state.shelves.len() == before {
                    return Err("it is not shelved".to_owned());
                }
                self.review_all(&keys, time, &by, comment);
                Ok(())
            }
            Ask::OutOfService => {
                let is_new = self.state.out_of_service.insert((machine, rule));
                self.review_all(&keys, time, &by, comment);
                if is_new { Ok(()) } else { Err("it is out of service already".to_owned()) }
            }
            Ask::InService => {
                let was_out = self.state.out_of_service.remove(&(machine, rule));
                self.review_all(&keys, time, &by, comment);
                if was_out { Ok(()) } else { Err("it is in service".to_owned()) }
            }
        }
    }

    /// The open alerts that are meant. An alert that is put out of service is so with all of its rule on that machine.
    fn aimed_at(&self, aim: &Aim) -> Vec<Key> {
        let open = self.state.concerns.iter().filter_map(|(key, concern)| Some((key, concern.open.as_ref()?)));
        let is_meant = |key: &Key, uid: &str| match aim {
            Aim::Alert(wanted) => uid == wanted,
            Aim::Rule { machine, rule } => {
                key.rule == *rule && self.names.get(key.machine as usize).is_some_and(|name| name == machine)
            }
        };
        open.filter(|(key, open)| is_meant(key, &open.alert.uid)).map(|(key, _)| key.clone()).collect()
    }

    /// The machine of that name, if the rule is judged on it.
    fn with_rule(&self, name: &str, rule: &str) -> Result<u32, String> {
        let place = self.names.iter().position(|known| known == name);
        let machine = place.ok_or_else(|| format!("there is no machine `{}`", cut(&shown(name), 200)))? as u32;
        let key = Key { rule: rule.to_owned(), ..Key::first_of(machine) };
        let unknown = || format!("there is no rule `{}` on {}", cut(&shown(rule), 200), shown(name));
        self.rules.of(&key).map(|_| machine).ok_or_else(unknown)
    }

    /// Does something to all of them; refuses when it could be done to none.
    fn for_each_open(
        &mut self,
        keys: &[Key],
        nothing: &str,
        mut act: impl FnMut(&mut Desk, &Key) -> bool,
    ) -> Result<(), String> {
        let done = keys.iter().filter(|key| act(self, key)).count();
        if done > 0 { Ok(()) } else { Err(nothing.to_owned()) }
    }

    fn review_all(&mut self, keys: &[Key], time: Time, by: &str, comment: Option<String>) {
        let rules: Vec<(u32, &str)> = keys.iter().map(|key| (key.machine, key.rule.as_str())).collect();
        let meant = |key: &Key| rules.contains(&(key.machine, key.rule.as_str()));
        let all: Vec<Key> = self.keys_in_order().into_iter().filter(meant).collect();
        for key in all {
            self.review(&key, time, by, comment.clone());
        }
    }

    fn acknowledge(&mut self, key: &Key, time: Time, by: &str, comment: Option<String>) -> bool {
        let Some(concern) = self.state.concerns.get_mut(key) else { return false };
        let Some(open) = concern.open.as_mut().filter(|open| open.alert.acknowledged.is_none()) else { return false };
        self.said.push(open.acknowledge(time, by, comment));
        self.settle(time);
        true
    }

    fn comment(&mut self, key: &Key, time: Time, by: &str, text: &str) -> bool {
        let Some(open) = self.state.concerns.get_mut(key).and_then(|concern| concern.open.as_mut()) else {
            return false;
        };
        self.said.push(open.step(Step::Commented, time, by, Some(text.to_owned()), f64::NAN));
        true
    }

    /// A latched alert, or one whose condition will not go away: it is over, and comes again only after the condition was
    /// gone.
    fn let_go(&mut self, key: &Key, time: Time, by: &str, comment: Option<String>) -> bool {
        let Some(concern) = self.state.concerns.get_mut(key) else { return false };
        let Some(mut open) = concern.open.take() else { return false };
        concern.waived = concern.holds;
        self.said.push(open.resolve(time, by, comment));
        true
    }

    /// Shelves, and what is out of service, as people asked for it: machine, rule, until when and why.
    pub fn set_aside(&self) -> Vec<(u32, String, Option<Shelf>)> {
        let shelved = self.state.shelves.iter();
        let shelved = shelved.map(|((machine, rule, _), shelf)| (*machine, rule.clone(), Some(shelf.clone())));
        let out = self.state.out_of_service.iter().map(|(machine, rule)| (*machine, rule.clone(), None));
        shelved.chain(out).collect()
    }
}
