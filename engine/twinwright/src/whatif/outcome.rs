//! What a study came to: plain data that the screen, `summary.json`, the tables and the report are made from.

use crate::run::progress::Speed;
use crate::run::summary::Figure;
use twinwright_core::plan::study::{Axis, Better, Setting};

/// What a study came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WhatIf {
    /// As the study's runs.
    pub runs: Vec<RunOutcome>,
    pub axes: Vec<Axis>,
    /// Futures asked for, and done in every run.
    pub asked: u32,
    pub done: u32,
    /// Ended by Ctrl-C before the futures that were asked for.
    pub partial: bool,
    /// Confidence of every interval.
    pub confidence: f64,
    pub stopped: Option<Stopped>,
    pub verdicts: Vec<Verdict>,
    /// Why sensors were simulated or not, and how quiet stretches were passed: what `--explain` says.
    pub explained: Vec<String>,
    /// The walk of `[optimise]`.
    pub walk: Option<Walk>,
    pub speed: Speed,
}

/// One run of the study.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunOutcome {
    pub name: String,
    pub variant: String,
    pub point: Vec<Setting>,
    /// Its own place for a baseline.
    pub baseline: usize,
    /// Path and value of what the variant says otherwise.
    pub changes: Vec<(String, String)>,
    /// Plant-wide first, then the scenario's own measures, then `name(machine)`.
    pub measures: Vec<MeasureOutcome>,
    /// Of what every future came to.
    pub digest: u128,
    /// Hours to the plant's first failure in each future, ascending, with how many futures had none.
    pub first_failures: Vec<f64>,
    pub survived: u32,
}

/// A measure over the futures of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasureOutcome {
    pub name: String,
    pub unit: String,
    pub better: Option<Better>,
    pub figure: Figure,
    /// Of the mean, by Student's t; None of a single future.
    pub interval: Option<Interval>,
    /// Against the baseline, future by future; None for a baseline.
    pub difference: Option<Difference>,
    /// The value in each future in which it has one, in the order of futures; kept for plant-wide and own measures.
    pub samples: Vec<f64>,
}

/// An interval of a mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// The mean of paired differences, variant less baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    pub mean: f64,
    /// By Student's t on the differences of the futures; None of a single future.
    pub interval: Option<Interval>,
    /// The part of futures in which the variant was better (a tie counts half); None where no way is better.
    pub better: Option<f64>,
    /// Pairs.
    pub n: usize,
}

/// A stop rule that was reached, or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopped {
    pub measure: String,
    /// The widest half width over all runs, and the one that was asked for.
    pub half_width: f64,
    pub wanted: f64,
    pub confidence: f64,
    pub reached: bool,
}

/// An expectation and whether it held.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// As the scenario has it, with the variant that it speaks of.
    pub text: String,
    pub run: String,
    pub holds: bool,
    /// Each figure that it speaks of, with its interval, in words.
    pub figures: Vec<String>,
}

/// How an optimum was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Walk {
    pub measure: String,
    pub better: Option<Better>,
    pub paths: Vec<String>,
    /// Every point that was tried, in order.
    pub steps: Vec<Step>,
    /// The best point, with the interval of its measure.
    pub best: Option<Step>,
    /// Where a curve through the neighbours of the best point has its turn, when it has one.
    pub fitted: Option<Step>,
    pub futures: u64,
}

/// A point of the walk: values in the order of the paths, as a file would have them and as numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    pub at: Vec<Setting>,
    pub value: f64,
    pub interval: Option<Interval>,
}
