//! What leaping knows of a model: all that its machines share.

use super::steady::{Steady, slow_fault};
use super::watch::Watch;
use crate::plan::Plan;
use crate::wear::Law;
use std::collections::BTreeMap;

/// What all machines of a model share.
#[derive(Debug, Clone)]
pub struct Sort {
    pub model: u32,
    pub steady: Steady,
    pub watch: Option<Watch>,
    /// No wear has a path of pieces: its end is found in one look.
    pub plain: bool,
    /// The next tick at which a duty cycle that matters goes on.
    pub duty: u32,
}

impl Sort {
    pub fn of(plan: &Plan, model: u32) -> Result<Sort, String> {
        let (steady, watch) = (Steady::of(&plan.models[model as usize])?, Watch::of(plan, model)?);
        let of_pieces = |law: &Law| !matches!(law, Law::Linear | Law::Weibull { .. });
        let plain = !plan.models[model as usize].wears.iter().any(|wear| of_pieces(&wear.law));
        Ok(Sort { model, steady, watch, plain, duty: 0 })
    }

    /// Looks up when the duty cycles that matter next go on.
    pub fn settle_duty(&mut self, plan: &Plan, tick: u32) {
        if self.duty > tick {
            return;
        }
        let now = i64::from(tick) * plan.tick.0;
        let duties = &plan.models[self.model as usize].duties;
        let ends = self.steady.duties.iter().map(|&duty| {
            let end = duties[duty].phase_end(now);
            u32::try_from((end + plan.tick.0 - 1) / plan.tick.0).unwrap_or(u32::MAX).max(tick + 1)
        });
        self.duty = ends.min().unwrap_or(u32::MAX);
    }
}

/// All models of a plan that were looked at: what leaping knows of them, or why they step.
#[derive(Debug, Default)]
pub struct Sorts(BTreeMap<u32, Result<Sort, String>>);

impl Sorts {
    pub fn sort(&self, model: u32) -> Option<&Sort> {
        self.0.get(&model)?.as_ref().ok()
    }

    /// Why a machine needs every tick.
    pub fn refusal(&mut self, plan: &Plan, machine: u32) -> Option<String> {
        let model = plan.machines[machine as usize].model;
        match self.0.entry(model).or_insert_with(|| Sort::of(plan, model)) {
            Ok(sort) => cannot_leap(plan, machine, &sort.steady).err(),
            Err(why) => Some(why.clone()),
        }
    }
}

/// Why a machine of a steady model needs every tick nevertheless.
fn cannot_leap(plan: &Plan, machine: u32, steady: &Steady) -> Result<(), String> {
    for condition in &plan.script.conditions {
        let acts = plan.script.actions[condition.action].machines.contains(&machine);
        if acts || condition.reads.iter().any(|(read, _)| *read == machine) {
            return Err(format!("the condition `{}` is looked at every tick", condition.text));
        }
    }
    slow_fault(plan, machine, steady).map_or(Ok(()), Err)
}
