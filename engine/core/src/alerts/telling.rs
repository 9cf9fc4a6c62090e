//! Whether people are told. Alerts of one group on one machine are told as one; in a flood low and medium ones wait until
//! there is room, the most severe first, and those that are over by then are never told. High and critical ones always are.
//! What nobody acknowledges is told again, and made more severe, if its rule says so.

use super::concern::{ENGINE, Held, Key, Open};
use super::desk::{Desk, keep_last};
use std::cmp::Reverse;
use twinwright_model::live::Step;
use twinwright_model::time::SECOND;
use twinwright_model::{Severity, Span, Time};

/// What is told is counted over so long.
const WINDOW: i64 = 600 * SECOND;

impl Desk {
    /// Whether there is room for one more.
    fn has_room(&self, time: Time) -> bool {
        let recent = self.state.told.iter().filter(|told| time.0.saturating_sub(**told) < WINDOW).count();
        recent < self.rules.site.alerts.flood as usize
    }

    /// Whether people are told of an alert that comes in sight, which was taken from its concern for that. Returns what to
    /// say beside it.
    pub(super) fn decide_telling(&mut self, key: &Key, open: &mut Open, time: Time) -> Option<String> {
        open.alert.first_up |=
            open.alert.raised == time && open.alert.group.is_some() && !self.group_is_active(key, open);
        if open.alert.hidden.is_some() {
            return None;
        }
        open.held = if self.is_told_by_group(key, open) {
            Some(Held::Group)
        } else if open.alert.severity <= Severity::Medium && !self.has_room(time) {
            Some(Held::Flood)
        } else {
            None
        };
        if open.held.is_some() { None } else { self.tell(open, time) }
    }

    /// Counts a telling; the last one that has room says so.
    fn tell(&mut self, open: &mut Open, time: Time) -> Option<String> {
        (open.told, open.held) = (true, None);
        let had_room = self.has_room(time);
        self.state.told.push_back(time.0);
        let flood = self.rules.site.alerts.flood;
        keep_last(&mut self.state.told, flood.max(1) as usize);
        (had_room && !self.has_room(time)).then(|| {
            format!("{flood} alerts in 10 minutes: until they are fewer, others of low and medium severity are only recorded")
        })
    }

    fn others_of_group<'a>(&'a self, key: &'a Key, open: &'a Open) -> impl Iterator<Item = &'a Open> {
        let of_machine = self.state.concerns.range(Key::first_of(key.machine)..);
        let others = of_machine.take_while(|(other, _)| other.machine == key.machine);
        let open_ones = others.filter(move |(other, _)| *other != key).filter_map(|(_, concern)| concern.open.as_ref());
        let group = open.alert.group.as_ref();
        open_ones.filter(move |other| group.is_some() && other.alert.group.as_ref() == group && other.is_active())
    }

    fn group_is_active(&self, key: &Key, open: &Open) -> bool {
        self.others_of_group(key, open).next().is_some()
    }

    /// Whether people know already, by another alert of the group that is at least as severe.
    fn is_told_by_group(&self, key: &Key, open: &Open) -> bool {
        let known =
            |other: &Open| other.told && other.alert.hidden.is_none() && other.alert.severity >= open.alert.severity;
        self.others_of_group(key, open).any(known)
    }

    /// What is told later, once more, or more severely.
    pub(super) fn remind(&mut self, time: Time) {
        self.tell_held(time);
        for key in self.keys_in_order() {
            let Some(rule) = self.rules.of(&key) else { continue };
            if rule.again.is_none() && rule.escalate.is_none() {
                continue;
            }
            let Some(mut open) = self.take_open(&key) else { continue };
            let alert = &open.alert;
            let is_waiting = open.is_active() && alert.acknowledged.is_none() && alert.hidden.is_none();
            let is_over = |span: Option<Span>, since: i64| span.is_some_and(|span| time.0 - since >= span.0.max(1));
            if is_waiting && is_over(rule.escalate, open.escalated) {
                open.escalated = time.0;
                self.escalate(&mut open, time);
            }
            if is_waiting && open.told && is_over(rule.again, open.nudged) {
                open.nudged = time.0;
                let lasted = time.since(open.alert.raised);
                let comment = format!("nobody acknowledged it in {lasted}");
                self.said.push(open.step(Step::RaisedAgain, time, ENGINE, Some(comment), f64::NAN));
            }
            self.give_open(&key, open);
        }
    }

    fn escalate(&mut self, open: &mut Open, time: Time) {
        let Some(severity) = open.next_severity() else { return };
        open.alert.severity = severity;
        open.alert.escalated += 1;
        if !open.told && severity >= Severity::High {
            self.tell(open, time);
        }
        self.said.push(open.step(Step::Escalated, time, ENGINE, None, f64::NAN));
    }

    /// Tells what was held back and is still active, as far as there is room: the most severe first, then the oldest.
    fn tell_held(&mut self, time: Time) {
        let held = self.state.concerns.iter().filter_map(|(key, concern)| Some((key, concern.open.as_ref()?)));
        let held = held.filter(|(_, open)| open.held.is_some() && open.is_active() && open.alert.hidden.is_none());
        let mut held: Vec<(Reverse<Severity>, u64, Key)> =
            held.map(|(key, open)| (Reverse(open.alert.severity), open.order, key.clone())).collect();
        held.sort();
        for (_, _, key) in held {
            let Some(mut open) = self.take_open(&key) else { continue };
            let is_new = open.alert.raised == time;
            let why = open.held;
            let has_room = open.alert.severity > Severity::Medium || self.has_room(time);
            if !is_new && has_room && !self.is_told_by_group(&key, &open) {
                let comment = self.tell(&mut open, time).unwrap_or_else(|| {
                    match why {
                        Some(Held::Flood) => "held back while there were too many",
                        _ => "still active after the alert that told of its group",
                    }
                    .to_owned()
                });
                self.said.push(open.step(Step::RaisedAgain, time, ENGINE, Some(comment), f64::NAN));
            }
            self.give_open(&key, open);
        }
    }

    fn take_open(&mut self, key: &Key) -> Option<Open> {
        self.state.concerns.get_mut(key)?.open.take()
    }

    fn give_open(&mut self, key: &Key, open: Open) {
        if let Some(concern) = self.state.concerns.get_mut(key) {
            concern.open = Some(open);
        }
    }
}
