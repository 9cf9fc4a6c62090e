//! Judging row by row against a baseline. It keeps nothing that grows.

use super::calibrate::{fused, part_of, weigh};
use super::channels::Channels;
use super::episode::{Episode, Turn};
use super::series::{SeriesSpec, SeriesVerdict, SeriesWatch};
use super::turns::Turns;
use super::{Baseline, CHANNELLED, JudgeSpec, Learner, PARTS, TOP, heard};
use smallvec::SmallVec;
use std::sync::Arc;

/// Scores are not counted further than this.
const MOST: f64 = 1e6;
/// A column with a smaller share is not named.
const LEAST_SHARE: f64 = 0.05;
/// When an anomaly ends below this score, what it leaves is what was usual before; else it is the new usual.
const AS_BEFORE: f64 = 0.7;
/// Where nothing is learnt after so many times the warm-up, nothing ever will.
const PATIENCE: usize = 16;

/// What is thought of one row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Verdict {
    /// How odd the row is: 1 is the limit. Never negative, always finite.
    pub score: f64,
    /// Something is wrong since a while: debounced, and cleared only when the score has come down.
    pub anomaly: bool,
    /// At this very row something began, ended or stepped.
    pub changepoint: bool,
    /// Who moved: (column, share of the score), the most first. Empty while nothing is odd.
    pub top: SmallVec<[(usize, f64); TOP]>,
    /// The opinion of each of [`PARTS`], 1 at the limit.
    pub parts: [f64; PARTS.len()],
    /// Where the row stands on the map: standard deviations along the first two axes of the baseline.
    pub place: [f64; 2],
}

/// Judges rows, one after another.
#[derive(Debug, Clone)]
pub struct Judge {
    stage: Stage,
}

#[derive(Debug, Clone)]
enum Stage {
    Learning {
        learner: Box<Learner>,
        next: usize,
        last: usize,
    },
    Judging(Box<Bench>),
    /// A single series that nobody trained.
    Alone(Box<SeriesWatch>),
    /// What was heard cannot be learnt from.
    Mute,
}

#[derive(Debug, Clone)]
struct Bench {
    baseline: Arc<Baseline>,
    channels: Channels,
    episode: Episode,
    turns: Turns,
}

impl Judge {
    pub fn new(baseline: Arc<Baseline>) -> Judge {
        Judge { stage: Stage::Judging(Box::new(Bench::new(baseline))) }
    }

    /// A judge without a baseline. A single column is judged as a series, from its first values on; several are learnt from the
    /// first rows and then judged by them. Until then every score is 0.
    pub fn unlearnt(columns: usize, spec: &JudgeSpec) -> Judge {
        if columns == 1 {
            return Judge { stage: Stage::Alone(Box::new(SeriesWatch::new(&SeriesSpec::default()))) };
        }
        let next = spec.warmup as usize;
        Judge { stage: Stage::Learning { learner: Box::new(Learner::new(columns, spec)), next, last: next * PATIENCE } }
    }

    /// The baseline, once there is one.
    pub fn baseline(&self) -> Option<&Arc<Baseline>> {
        match &self.stage {
            Stage::Judging(bench) => Some(&bench.baseline),
            _ => None,
        }
    }

    pub fn hear(&mut self, time_ns: i64, row: &[f64]) -> Verdict {
        match &mut self.stage {
            Stage::Judging(bench) => return bench.hear(row),
            Stage::Alone(watch) => return alone(watch.hear(time_ns, row.first().copied().unwrap_or(f64::NAN))),
            Stage::Mute => return Verdict::default(),
            Stage::Learning { learner, next, last } => {
                learner.hear(time_ns, row);
                if learner.rows() < *next {
                    return Verdict::default();
                }
                *next *= 2;
                if let Ok(baseline) = Learner::clone(learner).finish() {
                    self.stage = Stage::Judging(Box::new(Bench::new(Arc::new(baseline))));
                } else if *next > *last {
                    self.stage = Stage::Mute;
                }
            }
        }
        Verdict::default()
    }
}

/// What is thought of a single series. Only the first row of an event counts; the map shows how rare each row is.
fn alone(said: SeriesVerdict) -> Verdict {
    Verdict {
        score: said.score.clamp(0.0, MOST),
        anomaly: said.anomaly,
        changepoint: said.anomaly,
        top: if said.anomaly { SmallVec::from_slice(&[(0, 1.0)]) } else { SmallVec::new() },
        parts: Default::default(),
        place: [said.rarity.clamp(0.0, MOST), 0.0],
    }
}

impl Bench {
    fn new(baseline: Arc<Baseline>) -> Bench {
        let spec = &baseline.spec;
        let channels = Channels::new(&baseline.lens, spec.scales, &spec.parts, &baseline.reference);
        let turns = Turns::new(&baseline.reference, spec);
        Bench { channels, episode: Episode::default(), turns, baseline }
    }

    fn hear(&mut self, row: &[f64]) -> Verdict {
        let baseline = &*self.baseline;
        let (lens, spec) = (&baseline.lens, &baseline.spec);
        self.channels.advance(lens, row);
        let weighed = weigh(&self.channels.opinions(lens), &baseline.usual);
        let mut verdict = Verdict { score: fused(&weighed, &spec.parts) / baseline.limit, ..Verdict::default() };
        for (member, opinion) in weighed.iter().enumerate().filter(|(member, _)| spec.parts[part_of(*member)]) {
            let part = &mut verdict.parts[part_of(member)];
            *part = part.max(opinion / baseline.limit);
        }
        if spec.parts[CHANNELLED] {
            verdict.parts[CHANNELLED] = beyond(baseline, row);
            verdict.score = verdict.score.max(verdict.parts[CHANNELLED]);
        }
        verdict.score = verdict.score.min(MOST);
        verdict.place = [0, 1].map(|axis| self.along(&lens.axes[axis]));
        let turn = self.episode.hear(verdict.score, spec);
        verdict.anomaly = self.episode.on;
        let told = turn != Turn::Same;
        if verdict.score >= 1.0 || verdict.anomaly {
            verdict.top = self.top(row);
        }
        if turn == Turn::Ended && verdict.score >= AS_BEFORE {
            self.channels.rebase(lens);
        } else if !self.episode.on {
            self.channels.settle();
            if verdict.score < 1.0 {
                self.channels.follow(spec.adapt);
            }
        }
        let stepped = self.turns.hear(lens, &self.channels.level, baseline.step_limit, told);
        verdict.changepoint = told || stepped;
        verdict
    }

    fn along(&self, axis: &[f64]) -> f64 {
        self.channels.reading.iter().zip(axis).map(|(reading, part)| reading * part).sum()
    }

    /// Who moved the most. A limit that is passed comes first.
    fn top(&self, row: &[f64]) -> SmallVec<[(usize, f64); TOP]> {
        let lens = &self.baseline.lens;
        let mut found: SmallVec<[(usize, f64); TOP]> = SmallVec::new();
        let mut whole = 0.0;
        let mut add = |column: usize, share: f64| {
            whole += share;
            let place = found.iter().position(|(_, known)| share > *known).unwrap_or(found.len());
            if place < TOP && share > 0.0 {
                found.truncate(TOP - 1);
                found.insert(place, (column, share));
            }
        };
        for (at, column) in lens.columns.iter().enumerate() {
            add(*column as usize, self.channels.share(lens, at));
        }
        if self.baseline.spec.parts[CHANNELLED] {
            for (column, known) in self.baseline.columns.iter().enumerate().filter(|(_, known)| known.bounds.is_some())
            {
                let over = known.bounds.map_or(0.0, |bounds| over(bounds, heard(row.get(column))));
                add(column, over * lens.columns.len() as f64);
            }
        }
        found.retain(|(_, share)| {
            *share /= whole;
            *share >= LEAST_SHARE
        });
        found
    }
}

/// How far readings are beyond the limits that their columns were given: 1 at a limit.
fn beyond(baseline: &Baseline, row: &[f64]) -> f64 {
    let bounds = baseline.columns.iter().enumerate().filter_map(|(column, known)| Some((column, known.bounds?)));
    bounds.fold(0.0, |most, (column, bounds)| f64::max(most, over(bounds, heard(row.get(column)))))
}

/// 0 inside, 1 at a limit and more beyond, in widths of what is allowed.
fn over([low, high]: [f64; 2], value: Option<f64>) -> f64 {
    let Some(value) = value else { return 0.0 };
    let out = (low - value).max(value - high);
    if out < 0.0 { 0.0 } else { (1.0 + out / (high - low)).min(MOST) }
}
