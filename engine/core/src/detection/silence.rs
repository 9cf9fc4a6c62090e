//! Silence: a sensor that speaks no more while its machine does is missing; a machine that says nothing at all has lost
//! its signal, which is one finding instead of one for each sensor.
//!
//! Only what was heard before can fall silent: a sensor that was never connected is no finding. Readings that are not
//! believed (bad, or no number) are no sign of life. It never looks at a machine before the earliest time at which one of
//! its sensors could be missed.

use super::PanelWatchPlan;
use super::panel::PanelWatch;
use crate::sensing::LANES;
use serde::{Deserialize, Serialize};
use twinwright_model::time::SECOND;

/// Silence is told by the usual gap between readings: so many gaps, and at least so long.
const UNCERTAIN: (f64, i64) = (5.0, 5 * SECOND);
const BAD: (f64, i64) = (20.0, 20 * SECOND);
/// A silence as long as the furthest future: never.
pub const NEVER: i64 = i64::MAX;

/// What is remembered of one machine's silence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// When anything of the machine was last heard.
    pub newest: i64,
    /// Since when it has been silent as a whole.
    pub lost: Option<i64>,
    /// When it was last silent as a whole: its sensors get their time to come back, one after the other.
    back: i64,
    /// Sensors that are missing: panel, lane, since when.
    pub missing: Vec<(u8, u8, i64)>,
}

/// What a look at a machine found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// Panel and lane of sensors that are missing now.
    pub missing: Vec<(u8, u8)>,
    pub is_lost: bool,
    /// Not to be looked at before.
    pub next: i64,
}

/// How long a lane may be silent before it is uncertain, and bad.
fn patience(plan: &PanelWatchPlan, watch: &PanelWatch, lane: usize) -> (i64, i64) {
    let by_gap = |(gaps, least): (f64, i64)| {
        let span = f64::from(watch.gap_s[lane]) * gaps * SECOND as f64;
        (span as i64).max(least)
    };
    (plan.uncertain.unwrap_or_else(|| by_gap(UNCERTAIN)), plan.bad.unwrap_or_else(|| by_gap(BAD)))
}

impl Silence {
    /// Looks at all lanes of a machine at the time `now`, in nanoseconds.
    pub fn look<'a>(
        &mut self,
        now: i64,
        panels: impl Iterator<Item = (&'a PanelWatchPlan, &'a mut PanelWatch)>,
    ) -> Found {
        let mut found = Found { next: NEVER, ..Found::default() };
        if self.lost.is_some() {
            return found;
        }
        let mut silent: Vec<(u8, u16, &mut PanelWatch)> = Vec::new();
        for (panel, (plan, watch)) in (0u8..).zip(panels) {
            let judged = watch.paced & !watch.missing;
            let mut over = None;
            for lane in (0..LANES).filter(|lane| judged >> lane & 1 == 1) {
                let (uncertain, bad) = patience(plan, watch, lane);
                let base = watch.heard_at[lane].max(self.back);
                if now.saturating_sub(base) < bad {
                    found.next = found.next.min(base.saturating_add(bad));
                } else {
                    found.is_lost |= now.saturating_sub(self.newest) >= uncertain;
                    over = Some(over.unwrap_or(0u16) | 1 << lane);
                }
            }
            silent.extend(over.map(|lanes| (panel, lanes, watch)));
        }
        if found.is_lost {
            (self.lost, found.next) = (Some(now), NEVER);
            return found;
        }
        for (panel, lanes, watch) in silent {
            watch.missing |= lanes;
            for lane in (0u8..LANES as u8).filter(|lane| lanes >> lane & 1 == 1) {
                self.miss(panel, lane, now);
                found.missing.push((panel, lane));
            }
        }
        found
    }

    /// The machine spoke: returns since when it had been silent as a whole, if it had.
    pub fn heard(&mut self, time: i64) -> Option<i64> {
        self.newest = self.newest.max(time);
        let lost = self.lost.take()?;
        self.back = time;
        Some(lost)
    }

    /// A missing sensor spoke: since when it had been missing.
    pub fn found_again(&mut self, panel: u8, lane: u8) -> Option<i64> {
        let place = self.missing.iter().position(|(p, l, _)| (*p, *l) == (panel, lane))?;
        Some(self.missing.remove(place).2)
    }

    /// Sensors stay in order, so that the same silence is the same state.
    fn miss(&mut self, panel: u8, lane: u8, since: i64) {
        let place = self.missing.partition_point(|(p, l, _)| (*p, *l) < (panel, lane));
        self.missing.insert(place, (panel, lane, since));
    }

    /// The same, without the sensors: where these lie now is told by `carry_missing`.
    pub fn carried(&self) -> Silence {
        Silence { missing: Vec::new(), ..self.clone() }
    }

    /// A sensor that may be missing lies elsewhere now.
    pub fn carry_missing(&mut self, to: (u8, u8), from: &Silence, place: (u8, u8)) {
        if let Some((_, _, since)) = from.missing.iter().find(|(panel, lane, _)| (*panel, *lane) == place) {
            self.miss(to.0, to.1, *since);
        }
    }
}
