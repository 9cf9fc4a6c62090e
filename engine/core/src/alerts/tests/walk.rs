//! A random walk of a hundred thousand events against a model of a page: what is on, known, gone, shelved, out of service
//! and in maintenance, and what a person must therefore see.

use super::{Table, finding, rule_of, steps};
use crate::dice::{Dice, Purpose};
use twinwright_model::live::{AlertStatus, Ask, Hidden};
use twinwright_model::time::SECOND;
use twinwright_model::{Mode, Time};

/// The model: one rule on one machine.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Page {
    on: bool,
    open: bool,
    known: bool,
    gone: bool,
    waived: bool,
    shelved_until: i64,
    out: bool,
    works: bool,
}

impl Page {
    fn hidden(&self, now: i64) -> Option<Hidden> {
        if self.out {
            Some(Hidden::OutOfService)
        } else if self.shelved_until > now {
            Some(Hidden::Shelved)
        } else if self.works {
            Some(Hidden::Design)
        } else {
            None
        }
    }

    /// A second passes in which what was asked is done already.
    fn pass(&mut self, was_hidden: Option<Hidden>, now: i64) {
        if !self.on {
            self.waived = false;
        }
        let hidden = self.hidden(now);
        if self.on && !self.waived && !self.out && (!self.open || self.gone) {
            (self.open, self.gone, self.known) = (true, false, false);
        }
        if self.open && !self.on {
            self.gone = true;
        }
        // Out of sight until now, and over: nobody needs to look.
        if self.open && self.gone && was_hidden.is_some() && hidden.is_none() {
            self.open = false;
        }
        let is_over = match hidden {
            None => self.known,
            Some(hidden) => hidden == Hidden::Design,
        };
        if self.open && self.gone && is_over {
            self.open = false;
        }
    }
}

#[test]
fn a_hundred_thousand_events_go_as_a_page_of_paper_would() {
    let mut table = Table::new(1, |site| site.alerts.quiet = None);
    let mut page = Page::default();
    let mut luck = Dice::of(4, 0, "walk").stream(Purpose::named("test.walk"), 0);
    let mut counts = [0u32; 12];
    for event in 0..100_000u32 {
        let was_hidden = page.hidden(table.now);
        // Long pauses, so that nothing counts as fluttering.
        table.now += 60;
        let now = table.now + 1;
        let (mut findings, mut ask) = (Vec::new(), None);
        let choice = luck.choice(10);
        match choice {
            0 | 1 => {
                page.on = !page.on;
                findings.push(finding(0, "hot", page.on));
            }
            2 => {
                ask = Some(Ask::Acknowledge);
                page.known |= page.open;
            }
            3 if page.open => {
                ask = Some(Ask::Resolve);
                (page.open, page.waived) = (false, page.on);
            }
            4 => {
                let until = now + 1 + luck.choice(300) as i64;
                (ask, page.shelved_until) = (Some(Ask::Shelve { until: Time(until * SECOND) }), until);
            }
            5 => (ask, page.shelved_until) = (Some(Ask::Unshelve), 0),
            6 => {
                page.out = !page.out;
                ask = Some(if page.out { Ask::OutOfService } else { Ask::InService });
            }
            7 => {
                page.works = !page.works;
                table.modes[0] = if page.works { Mode::Maintenance } else { Mode::Running };
            }
            _ => {}
        }
        counts[choice] += 1;
        page.pass(was_hidden, now);
        let actions: Vec<_> = ask.into_iter().map(|ask| super::asked(event, rule_of(0, "hot"), ask)).collect();
        let said = steps(&table.second(&findings, &actions));
        let seen = table.desk.open().first().map(|alert| (alert.status, alert.hidden, alert.returned.is_some()));
        let status = match page.hidden(table.now) {
            Some(_) => AlertStatus::Suppressed,
            None if page.known => AlertStatus::Acknowledged,
            None => AlertStatus::Active,
        };
        let expected = page.open.then_some((status, page.hidden(table.now), page.gone));
        assert_eq!(seen, expected, "event {event}, {choice}: {page:?} {said:?}");
    }
    assert!(counts[..8].iter().all(|count| *count > 5_000), "{counts:?}");
}
