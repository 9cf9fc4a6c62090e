//! Which notices may go out now: in order within a lane, where one that must wait holds back those behind it and no others.
//!
//! Pure: it reads no clock and no store.

use super::Notice;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;
use twinwright_model::Time;

/// No pause that somebody asked for is longer.
pub(super) const LONGEST_ASKED: Duration = Duration::from_secs(3_600);
/// Our own pauses end here.
const LONGEST: Duration = Duration::from_secs(120);

/// The pause after so many attempts: it doubles from 1 s, and falls short by up to a quarter, by chance.
pub(super) fn pause(attempts: u32) -> Duration {
    let whole = Duration::from_secs(1 << attempts.saturating_sub(1).min(20)).min(LONGEST);
    let chance = std::collections::hash_map::RandomState::new().build_hasher().finish() % 1_000;
    whole.mul_f64(1.0 - chance as f64 / 4_000.0)
}

/// Chooses from page after page, in order of id.
#[derive(Debug)]
pub(super) struct Choice {
    now: Time,
    /// Alerts that are younger still gather.
    gathered_before: Option<Time>,
    /// Several of a lane may go together.
    together: bool,
    most: usize,
    /// When the first alert that is due was written.
    oldest: Option<Time>,
    taken: BTreeSet<String>,
    held: BTreeSet<String>,
    pub(super) chosen: Vec<Notice>,
}

impl Choice {
    pub(super) fn new(now: Time, most: usize, gather: Option<Duration>) -> Choice {
        Choice {
            now,
            gathered_before: gather.map(|gather| Time(now.0.saturating_sub(gather.as_nanos() as i64))),
            together: gather.is_some(),
            most,
            oldest: None,
            taken: BTreeSet::new(),
            held: BTreeSet::new(),
            chosen: Vec::new(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.chosen.len() >= self.most
    }

    /// Looks at the next notice.
    pub(super) fn look(&mut self, notice: Notice, lane: String) {
        if self.is_full() || self.held.contains(&lane) || (!self.together && self.taken.contains(&lane)) {
            return;
        }
        let due = self.is_due(&notice);
        if due && !notice.is_report() {
            self.oldest.get_or_insert(notice.created);
        }
        if !due || (!notice.is_report() && self.still_gathers()) {
            self.held.insert(lane);
            return;
        }
        self.taken.insert(lane);
        self.chosen.push(notice);
    }

    /// A clock that was set back must not make anybody wait for ever, and what was never tried is always due.
    fn is_due(&self, notice: &Notice) -> bool {
        let ahead = notice.next.0.saturating_sub(self.now.0);
        notice.attempts == 0 || ahead <= 0 || ahead > LONGEST_ASKED.as_nanos() as i64 + 60_000_000_000
    }

    fn still_gathers(&self) -> bool {
        match (self.gathered_before, self.oldest) {
            (Some(before), Some(oldest)) => oldest > before && oldest <= self.now,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_000_000_000_000;

    fn notice(id: i64, attempts: u32, next: i64) -> Notice {
        let payload = json!({ "uid": "a", "severity": "high" });
        Notice { id, uid: id.to_string(), payload, created: Time(NOW), next: Time(NOW + next), attempts }
    }

    fn ids(choice: &Choice) -> Vec<i64> {
        choice.chosen.iter().map(|notice| notice.id).collect()
    }

    #[test]
    fn what_must_wait_holds_back_its_own_lane_and_no_other() {
        let mut choice = Choice::new(Time(NOW), 10, None);
        for (id, lane, attempts, next) in
            [(1, "a", 1, 5), (2, "b", 0, 0), (3, "a", 0, 0), (4, "b", 0, 0), (5, "c", 3, -1)]
        {
            choice.look(notice(id, attempts, next), lane.to_owned());
        }
        assert_eq!(ids(&choice), [2, 5]);
    }

    #[test]
    fn no_more_are_chosen_than_go_at_once() {
        let mut choice = Choice::new(Time(NOW), 2, None);
        (1..=9).for_each(|id| choice.look(notice(id, 0, 0), id.to_string()));
        assert_eq!(ids(&choice), [1, 2]);
    }

    #[test]
    fn alerts_gather_from_the_oldest_on_and_reports_do_not() {
        let second = 1_000_000_000;
        for (age, chosen) in [(30, vec![2]), (61, vec![1, 2, 3]), (-5, vec![1, 2, 3])] {
            let mut choice = Choice::new(Time(NOW), 10, Some(Duration::from_secs(60)));
            let alert = |id| Notice { created: Time(NOW - age * second + id), ..notice(id, 0, 0) };
            choice.look(alert(1), "a".to_owned());
            choice.look(Notice { payload: json!({ "report": "daily" }), ..notice(2, 0, 0) }, "r".to_owned());
            choice.look(alert(3), "a".to_owned());
            assert_eq!(ids(&choice), chosen, "{age} s");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait_for_ever() {
        let mut choice = Choice::new(Time(NOW), 10, None);
        choice.look(notice(1, 2, 30_000_000_000), "a".to_owned());
        choice.look(notice(2, 2, 86_400_000_000_000), "b".to_owned());
        assert_eq!(ids(&choice), [2]);
    }

    #[test]
    fn pauses_double_and_are_never_longer_than_said() {
        for (attempts, seconds) in [(1, 1.0), (2, 2.0), (3, 4.0), (7, 64.0), (8, 120.0), (4_000_000_000, 120.0)] {
            for _ in 0..50 {
                let pause = pause(attempts).as_secs_f64();
                assert!((0.75 * seconds..=seconds).contains(&pause), "{pause} after {attempts}");
            }
        }
    }
}
