//! A `judge/1` file: what can be chosen about judging, read with every mistake at its place. Nothing here opens a file.

use super::{JudgeSpec, PARTS, SCALES};
use crate::files::leaf::{At, Named, Pair};
use crate::files::site::Number;
use crate::files::sources::Fault;
use crate::files::{Cx, Faults, Node, Read, Sources, names};
use crate::plan::Document;
use crate::spec;
use std::ops::RangeInclusive;
use twinwright_model::Diagnostic;

/// The schema line that such a file opens with.
pub const JUDGE_SCHEMA: &str = "judge/1";

spec! {
    /// How rows are judged.
    pub struct JudgeFile {
        /// Always "judge/1".
        schema: At<String>,
        /// How long levels and variances remember, in rows: three numbers (default [4, 16, 64]).
        scales: Vec<At<Number>>,
        /// Share of its distance that the reference of a sensor moves towards a row that is not odd (default 0.008; 0: never).
        adapt: Option<At<Number>>,
        /// How far correlations are drawn towards 0, from 0 to 1 (default 0.1).
        shrink: Option<At<Number>>,
        /// Room between what was seen while learning and the limit (default 1.15).
        margin: Option<At<Number>>,
        /// Rows in a row that must be odd before it is an anomaly (default 3).
        debounce: Option<At<Number>>,
        /// An anomaly is over when the score is below this share of its peak (default 0.55; 0: only below the limit).
        clear: Option<At<Number>>,
        /// For so many rows it must stay there (default 3).
        hold: Option<At<Number>>,
        /// A step of a sensor beyond so many times what was usual is a change point (default 1.5).
        step: Option<At<Number>>,
        /// Rows between two change points that steps make (default 60).
        apart: Option<At<Number>>,
        /// Rows that are learnt from where no training rows are given (default 400).
        warmup: Option<At<Number>>,
        /// Parts that are heard although they are off: cusum.
        with: Vec<At<String>>,
        /// Parts that are not heard: ewma, mewma, spe, variance, limits.
        without: Vec<At<String>>,
        /// Lowest and highest reading of a column, by its name.
        limits: Named<Pair>,
    }
}

/// The JSON Schema of such a file, for editors.
pub fn file_schema() -> serde_json::Value {
    JudgeFile::schema()
}

impl JudgeSpec {
    /// Reads a `judge/1` file, or says all that is wrong with it.
    pub fn read(document: &Document) -> Result<JudgeSpec, Vec<Diagnostic>> {
        let (mut sources, mut faults) = (Sources::default(), Faults::default());
        let node = Node::parse(&document.name, &document.text, &mut sources, &mut faults);
        let file = JudgeFile::read(&node, &mut Cx { sources: &sources, faults: &mut faults });
        if file.schema.value != JUDGE_SCHEMA {
            let fault = Fault::new(&file.schema.span, "schema", "this is not a judge of version 1");
            faults.add(fault.expected(format!("`schema = \"{JUDGE_SCHEMA}\"`")));
        }
        let spec = resolve(&file, &mut faults);
        if faults.is_empty() { Ok(spec) } else { Err(faults.into_diagnostics(&sources)) }
    }
}

fn resolve(file: &JudgeFile, faults: &mut Faults) -> JudgeSpec {
    let usual = JudgeSpec::default();
    let mut within = |number: &Option<At<Number>>, usual: f64, range: RangeInclusive<f64>| {
        let Some(given) = number else { return usual };
        if !range.contains(&given.value.0) {
            let fault = Fault::new(&given.span, "number", format!("{} is out of range here", given.value.0));
            faults.add(fault.expected(format!("{} to {}", range.start(), range.end())));
        }
        given.value.0
    };
    let mut spec = JudgeSpec {
        adapt: within(&file.adapt, usual.adapt, 0.0..=0.5),
        shrink: within(&file.shrink, usual.shrink, 0.0..=1.0),
        margin: within(&file.margin, usual.margin, 0.1..=1000.0),
        debounce: within(&file.debounce, f64::from(usual.debounce), 1.0..=1e6) as u32,
        clear: within(&file.clear, usual.clear, 0.0..=1.0),
        hold: within(&file.hold, f64::from(usual.hold), 1.0..=1e6) as u32,
        step: within(&file.step, usual.step, 0.1..=1000.0),
        apart: within(&file.apart, f64::from(usual.apart), 1.0..=1e6) as u32,
        warmup: within(&file.warmup, f64::from(usual.warmup), 32.0..=100_000.0) as u32,
        ..usual
    };
    let scales: Vec<f64> = file.scales.iter().map(|scale| scale.value.0).collect();
    if let Ok(given) = <[f64; SCALES]>::try_from(scales.as_slice()) {
        spec.scales = given;
    }
    let rising = spec.scales[0] >= 1.0 && spec.scales.windows(2).all(|pair| pair[0] < pair[1]);
    if !scales.is_empty() && (scales.len() != SCALES || !rising || spec.scales[SCALES - 1] > 10_000.0) {
        let place = file.scales.first().map_or(&file.span, |first| &first.span);
        let fault = Fault::new(place, "number", "these are not three time scales");
        faults.add(fault.expected("three numbers of rows that rise, from 1 to 10000, such as [4, 16, 64]"));
    }
    for (parts, on) in [(&file.with, true), (&file.without, false)] {
        for part in parts {
            if !spec.switch(&part.value, on) {
                let fault =
                    Fault::new(&part.span, "unknown-name", format!("`{}` is not a part of judging", part.value));
                faults.add(fault.expected(names::list(PARTS)).nearest(names::nearest(&part.value, PARTS)));
            }
        }
    }
    spec.limits = limits(file, faults);
    spec
}

fn limits(file: &JudgeFile, faults: &mut Faults) -> Vec<(String, [f64; 2])> {
    let mut found = Vec::new();
    for (name, pair) in file.limits.iter() {
        let (low, high) = (pair.0.draw.fixed().unwrap_or(f64::NAN), pair.1.draw.fixed().unwrap_or(f64::NAN));
        if !(low < high && low.is_finite() && high.is_finite()) {
            let fault = Fault::new(&pair.2, "number", "this is no lowest and highest reading");
            faults.add(fault.expected("[lowest, highest], two plain numbers that rise"));
        }
        found.push((name.value.clone(), [low, high]));
    }
    found
}
