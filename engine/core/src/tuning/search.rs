//! The search: settings around the present one, what each would have asked of people, and which is worth proposing.

use super::signal::{Rule, Setting, Signal, calls};

/// Something real that people want to be told of, on one unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Episode {
    pub from: i64,
    pub to: i64,
    /// It has a label: what tells it now must tell it then. Of the others some may be lost, at a price.
    pub sure: bool,
}

/// One machine's sensor under one limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    pub signal: Signal,
    pub rule: Rule,
    pub episodes: Vec<Episode>,
}

/// What a setting came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    pub calls: usize,
    /// Calls outside of any episode, and calls within one that was told already.
    pub useless: usize,
    pub missed: usize,
    /// By episode, units one after another: nanoseconds until it was told.
    pub told_after: Vec<Option<i64>>,
    /// Episodes with a label, by their places among all.
    pub sure: Vec<bool>,
}

/// A setting and what it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub setting: Setting,
    pub ledger: Ledger,
    /// Calls beyond the first of each value that creeps through the limit.
    pub creeping: usize,
    /// Nanoseconds by which episodes are told later than with the present setting: the median, and the worst.
    pub later: i64,
    pub latest: i64,
}

/// What a proposal may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wishes {
    /// Episodes may be told so much later, by the median.
    pub delay: i64,
    /// A missed episode weighs as much as so many useless calls.
    pub missed: f64,
    /// Limits may move, not only deadbands and delays.
    pub moves_limits: bool,
}

/// How far around the present setting is looked.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// In standard deviations of the noise.
    pub limits: Vec<f64>,
    pub deadbands: Vec<f64>,
    /// Nanoseconds.
    pub delays: Vec<i64>,
}

impl Ledger {
    /// Books the calls of one unit, in their order.
    pub fn book(&mut self, times: &[i64], episodes: &[Episode]) {
        self.calls += times.len();
        let (mut told, mut at) = (0, 0);
        for episode in episodes {
            while times.get(at).is_some_and(|time| *time < episode.from) {
                at += 1;
            }
            let first = times.get(at).copied().filter(|time| *time <= episode.to);
            told += usize::from(first.is_some());
            self.missed += usize::from(first.is_none());
            self.told_after.push(first.map(|time| time - episode.from));
            self.sure.push(episode.sure);
        }
        self.useless += times.len() - told;
    }
}

/// Goes through all units with one setting.
pub fn judge(units: &[Unit], setting: &Setting) -> Ledger {
    let mut ledger = Ledger::default();
    for unit in units {
        ledger.book(&calls(&unit.signal, setting, unit.rule), &unit.episodes);
    }
    ledger
}

/// Calls for something that happens once.
fn again(units: &[Unit], setting: &Setting) -> usize {
    units.iter().map(|unit| calls(&unit.signal, setting, unit.rule).len().saturating_sub(1)).sum()
}

/// All settings of the grid, judged beside the present one, which comes first: on what was, and on what creeps through the limit.
pub fn candidates(
    (units, creeping): (&[Unit], &[Unit]),
    present: &Setting,
    noise: f64,
    step: f64,
    grid: &Grid,
) -> Vec<Candidate> {
    let own = judge(units, present);
    let at_rest = |setting: &Setting| Setting { limit: 0.0, ..*setting };
    let first = again(creeping, &at_rest(present));
    let mut all = vec![Candidate { setting: *present, ledger: own.clone(), creeping: first, later: 0, latest: 0 }];
    let mut add = |setting: Setting| {
        if all.iter().any(|known| known.setting == setting) {
            return;
        }
        let ledger = judge(units, &setting);
        let (later, latest) = later(&own, &ledger);
        // Where the limit stands does not matter to what creeps through it.
        let creeping = again(creeping, &at_rest(&setting));
        all.push(Candidate { setting, ledger, creeping, later, latest });
    };
    let shifts = grid.limits.iter().map(|part| present.limit + nice(part * noise, step));
    let limits: Vec<f64> = distinct(std::iter::once(present.limit).chain(shifts));
    let bands = grid.deadbands.iter().map(|part| nice(part * noise, step));
    let deadbands = distinct(std::iter::once(present.deadband).chain(bands));
    let ons = spans(present.on_delay, &grid.delays);
    for &limit in &limits {
        for &deadband in &deadbands {
            for &on_delay in &ons {
                for off_delay in spans(present.off_delay, &[on_delay, *grid.delays.last().unwrap_or(&0)]) {
                    add(Setting { limit, deadband, on_delay, off_delay });
                }
            }
        }
    }
    all
}

fn distinct(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

fn spans(present: i64, others: &[i64]) -> Vec<i64> {
    let mut spans: Vec<i64> = std::iter::once(present).chain(others.iter().copied()).collect();
    spans.sort_unstable();
    spans.dedup();
    spans
}

/// Two digits are enough for a number that people write down; never finer than the sensor's own step.
fn nice(value: f64, step: f64) -> f64 {
    if value == 0.0 {
        return 0.0;
    }
    let digits = libm::floor(libm::log10(value.abs())) as i32 - 1;
    let unit = libm::pow(10.0, f64::from(digits)).max(step);
    // A decimal as a person reads it, not its nearest neighbours in binary.
    let rounded = libm::round(value / unit) * unit;
    let places = (-libm::floor(libm::log10(unit))).max(0.0) as usize;
    format!("{rounded:.places$}").parse().unwrap_or(rounded)
}

/// How much later episodes are told that both tell.
pub fn later(own: &Ledger, other: &Ledger) -> (i64, i64) {
    let pairs = own.told_after.iter().zip(&other.told_after);
    let mut added: Vec<i64> = pairs.filter_map(|(own, other)| Some((*other)? - (*own)?)).collect();
    added.sort_unstable();
    let middle = added.get(added.len().saturating_sub(1) / 2).copied().unwrap_or(0);
    (middle, added.last().copied().unwrap_or(0))
}

/// Candidates than which none is better in delay, useless calls (those of what creeps included) and misses at once, by delay.
pub fn frontier(all: &[Candidate]) -> Vec<&Candidate> {
    let useless = |one: &Candidate| one.ledger.useless + one.creeping;
    let key = |one: &Candidate| (one.later, useless(one), one.ledger.missed);
    let mut sorted: Vec<&Candidate> = all.iter().collect();
    sorted.sort_by_key(|one| key(one));
    let mut kept: Vec<&Candidate> = Vec::new();
    for one in sorted {
        let is_beaten =
            kept.iter().any(|other| useless(other) <= useless(one) && other.ledger.missed <= one.ledger.missed);
        if !is_beaten {
            kept.push(one);
        }
    }
    kept
}

/// The candidate worth proposing: the fewest useless calls within what it may cost, and of those that are nearly as quiet the
/// soonest, nearest to what there is. The present setting, which comes first, where nothing is better or nobody was called for nothing.
pub fn choose<'a>(all: &'a [Candidate], wishes: &Wishes) -> Option<&'a Candidate> {
    let present = all.first()?;
    if present.ledger.useless == 0 {
        // Nobody was called for nothing: there is nothing to learn from.
        return Some(present);
    }
    let allowed = |one: &&Candidate| {
        let pairs = present.ledger.told_after.iter().zip(&one.ledger.told_after).zip(&present.ledger.sure);
        let keeps = pairs.into_iter().all(|((own, other), sure)| !sure || own.is_none() || other.is_some());
        keeps && one.later <= wishes.delay && (wishes.moves_limits || one.setting.limit == present.setting.limit)
    };
    let cost = |one: &Candidate| (one.ledger.useless + one.creeping) as f64 + wishes.missed * one.ledger.missed as f64;
    let within: Vec<&Candidate> = all.iter().filter(allowed).collect();
    let least = within.iter().map(|one| cost(one)).fold(cost(present), f64::min);
    // One call in a hundred of those that there are now is no difference to anybody.
    let near = least + 0.01 * (cost(present) - least);
    let change = |one: &Candidate| {
        let (now, then) = (&present.setting, &one.setting);
        usize::from(now.limit != then.limit)
            + usize::from(now.deadband != then.deadband)
            + usize::from(now.on_delay != then.on_delay)
            + usize::from(now.off_delay != then.off_delay)
    };
    let of = |one: &&&Candidate| (one.later.max(0), change(one), one.setting.on_delay, one.setting.off_delay);
    within.iter().filter(|one| cost(one) <= near).min_by_key(of).copied().or(Some(present))
}
