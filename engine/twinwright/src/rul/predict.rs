//! `predict rul`: a model and a table in, the life left after each row out, and figures where the truth is known.

use super::arguments::{PredictRulArgs, WhichArgs};
use super::lives::{Layout, read};
use super::{Answer, page, truth, write};
use crate::Trouble;
use std::path::Path;
use twinwright_core::remaining::{Judged, Lives, Model, Predicted, judge};

/// A model's file is a few megabytes at most.
const LARGEST_MODEL: u64 = 256 << 20;

pub fn predict(args: &PredictRulArgs) -> Result<Answer, Trouble> {
    let model = load(&args.model)?;
    let which = WhichArgs {
        unit: Some(args.which.unit.clone().unwrap_or_else(|| model.unit_column.clone())),
        cycle: Some(args.which.cycle.clone().unwrap_or_else(|| model.cycle_column.clone())),
    };
    let table = read(&args.data, &which)?;
    let layout = Layout {
        unit: which.unit.unwrap_or_default(),
        cycle: which.cycle.unwrap_or_default(),
        settings: model.settings.clone(),
        sensors: model.sensors.clone(),
        ignored: Vec::new(),
    };
    let lives = layout.lives(&table, &args.data)?;
    let ends = match &args.truth {
        Some(file) => Some(truth::read(file, &lives, &layout.unit)?),
        None if args.to_failure => Some(vec![0.0; lives.lives.len()]),
        None => None,
    };
    let said: Vec<Vec<Predicted>> = lives.lives.iter().map(|life| model.predict(life)).collect();
    let text = table_of(&lives, &said, args.last)?;
    let mut answer = Answer::default();
    match &args.out {
        Some(path) => write(path, &text)?,
        None => answer.table = text,
    }
    if !args.quiet {
        let verdicts = ends.map(|ends| {
            let rows = judged(&lives, &said, &ends);
            let last = |unit: &[Judged]| unit.last().copied();
            let lasts: Vec<Judged> = rows.chunk_by(|a, b| a.unit == b.unit).filter_map(last).collect();
            (judge(&rows), (!args.to_failure).then(|| judge(&lasts)))
        });
        answer.page = page::predicted(&model, &lives, verdicts.as_ref(), args.out.as_deref());
    }
    Ok(answer)
}

fn load(path: &Path) -> Result<Model, Trouble> {
    let place = path.display();
    let size = std::fs::metadata(path).map(|about| about.len()).unwrap_or(0);
    if size > LARGEST_MODEL {
        return Err(Trouble::Input(format!("{place}: {size} bytes are no model that `learn rul` wrote")));
    }
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Trouble::Input(format!("{place}: there is no such file")),
        _ => Trouble::World(format!("cannot read {place}: {error}")),
    })?;
    let text = String::from_utf8_lossy(&bytes);
    Model::from_json(&text).map_err(|error| Trouble::Input(format!("{place}: {error}")))
}

fn judged(lives: &Lives, said: &[Vec<Predicted>], ends: &[f64]) -> Vec<Judged> {
    let mut rows = Vec::new();
    for (unit, (life, said)) in lives.lives.iter().zip(said).enumerate() {
        for (cycle, said) in life.cycles.iter().zip(said) {
            let truth = ends[unit] + life.last_cycle() - cycle;
            rows.push(Judged { unit, cycle: *cycle, truth, predicted: said.rul, low: said.low, high: said.high });
        }
    }
    rows
}

fn table_of(lives: &Lives, said: &[Vec<Predicted>], last: bool) -> Result<String, Trouble> {
    let broken = |error: csv::Error| Trouble::World(format!("cannot write the predictions: {error}"));
    let mut out = csv::Writer::from_writer(Vec::new());
    let head: &[&str] = if last { &["unit", "rul", "low", "high"] } else { &["unit", "cycle", "rul", "low", "high"] };
    out.write_record(head).map_err(broken)?;
    for (life, said) in lives.lives.iter().zip(said) {
        let from = if last { said.len().saturating_sub(1) } else { 0 };
        for (cycle, said) in life.cycles.iter().zip(said).skip(from) {
            let figures = [said.rul, said.low, said.high].map(|figure| format!("{figure:.2}"));
            let cycle = (!last).then(|| cycle.to_string());
            let row = [life.unit.clone()].into_iter().chain(cycle).chain(figures);
            out.write_record(row).map_err(broken)?;
        }
    }
    let bytes = out.into_inner().map_err(|error| Trouble::World(format!("cannot write the predictions: {error}")))?;
    String::from_utf8(bytes).map_err(|error| Trouble::World(format!("cannot write the predictions: {error}")))
}
