//! From what every future came to, to figures with intervals and to differences between runs.

use super::gather::Gathered;
use super::needs::Needs;
use super::outcome::{MeasureOutcome, RunOutcome, Stopped, WhatIf};
use super::statistics::{Moments, Student};
use super::values::{Judged, Measures};
use super::verdicts::verdicts;
use crate::run::progress::Speed;
use crate::run::summary::Figure;
use twinwright_core::digest::Hash;
use twinwright_core::futures::FutureEnd;
use twinwright_core::plan::study::{RunPlan, Study};

/// Where the scenario names no confidence.
pub const CONFIDENCE: f64 = 0.95;

/// Puts the answer together.
pub fn weigh(
    study: &Study,
    measures: &Measures,
    needs: &Needs,
    gathered: &Gathered,
    stopped: Option<Stopped>,
) -> WhatIf {
    let student = Student::new(stopped.as_ref().map_or(CONFIDENCE, |stopped| stopped.confidence));
    let mut runs: Vec<RunOutcome> =
        study.runs.iter().zip(&gathered.ends).map(|(run, ends)| run_outcome(study, run, ends)).collect();
    let plant = measures.of_plant();
    let machines = measures.of_machines();
    for (judged, kept) in plant.iter().map(|judged| (judged, true)).chain(machines.iter().map(|judged| (judged, false)))
    {
        let columns: Vec<_> = gathered.ends.iter().map(|ends| measures.column(ends, &judged.name)).collect();
        for (place, run) in runs.iter_mut().enumerate() {
            let baseline = (run.baseline != place).then(|| columns[run.baseline].as_slice());
            run.measures.extend(outcome(judged, &columns[place], baseline, &student, kept));
        }
    }
    let verdicts = verdicts(study, &runs, student.confidence());
    WhatIf {
        axes: study.axes.clone(),
        asked: study.base().futures,
        done: gathered.done(),
        partial: gathered.interrupted,
        confidence: student.confidence(),
        stopped,
        verdicts,
        explained: needs.explained.clone(),
        walk: None,
        speed: Speed::default(),
        runs,
    }
}

/// None where no future has a value.
fn outcome(
    judged: &Judged,
    column: &[Option<f64>],
    baseline: Option<&[Option<f64>]>,
    student: &Student,
    kept: bool,
) -> Option<MeasureOutcome> {
    let samples: Vec<f64> = column.iter().flatten().copied().collect();
    let interval = student.interval(&Moments::of(&samples)?);
    Some(MeasureOutcome {
        name: judged.name.clone(),
        unit: judged.unit.clone(),
        better: judged.better,
        figure: Figure::of(samples.clone())?,
        interval,
        difference: baseline.and_then(|baseline| student.difference(column, baseline, judged.better)),
        samples: if kept { samples } else { Vec::new() },
    })
}

fn run_outcome(study: &Study, run: &RunPlan, ends: &[FutureEnd]) -> RunOutcome {
    let mut first: Vec<f64> = ends.iter().filter_map(|end| end.plant.measure("first_failure_h")).collect();
    first.sort_by(f64::total_cmp);
    RunOutcome {
        name: run.name.clone(),
        variant: run.variant.clone(),
        point: run.point.clone(),
        baseline: run.baseline,
        changes: run.changes.clone(),
        measures: Vec::with_capacity(study.measures.len() + 64),
        digest: digest(run, ends),
        survived: (ends.len() - first.len()) as u32,
        first_failures: first,
    }
}

/// Of what every future came to.
fn digest(run: &RunPlan, ends: &[FutureEnd]) -> u128 {
    let mut hash = Hash::default();
    hash.number(run.plan.digest as u64);
    hash.number((run.plan.digest >> 64) as u64);
    for end in ends {
        end.plant.parts().iter().for_each(|part| hash.number(part.to_bits()));
    }
    hash.finish()
}
