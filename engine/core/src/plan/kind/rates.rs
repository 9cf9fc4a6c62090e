//! Stress, output and power of a kind, and the tape that works them out after the drivers.

use super::Maker;
use crate::economy::pieces::Takes;
use crate::economy::spec::{CostsSpec, ProductionSpec};
use crate::expression::{Bound, Tape};
use crate::files::numbers::Num;
use crate::files::sources::Fault;

/// The shortest usual time of a piece, in nanoseconds: far shorter ones would be counted one by one for hours.
const LEAST_PIECE: f64 = 1e6;

impl Maker<'_> {
    /// Stress and economy, bound before the slots are counted.
    pub(super) fn gather_formulas(&mut self) -> Vec<(Bound, u16)> {
        let mut pending = Vec::new();
        let spec = self.spec;
        for (index, (_, wear)) in spec.wear.iter().enumerate() {
            let slot = self.model.wears.get(index).map_or(0, |plan| plan.stress);
            let bound = wear.stress.as_ref().map_or(Bound::Number(1.0), |stress| self.bind(stress, true));
            self.hold_or_push(bound, slot, &mut pending);
        }
        if let Some(production) = &spec.production {
            self.make_production(production, &mut pending);
        }
        if let Some(costs) = &spec.costs {
            self.make_costs(costs, &mut pending);
        }
        pending
    }

    /// A constant needs no tape: its slot holds it from the start.
    fn hold_or_push(&mut self, bound: Bound, slot: u16, pending: &mut Vec<(Bound, u16)>) {
        match bound.as_constant() {
            Some(value) => self.model.initial.push((slot, value)),
            None => {
                pending.push((bound, slot));
                self.model.stores.push(slot);
            }
        }
    }

    fn make_production(&mut self, production: &ProductionSpec, pending: &mut Vec<(Bound, u16)>) {
        self.model.economy.ideal = self.fix(&production.ideal, "production.ideal");
        self.require(self.model.economy.ideal > 0.0, &production.ideal.span, "the ideal rate", "above 0");
        match (&production.rate, &production.takes) {
            (Some(rate), None) => {
                let rate = self.bind(rate, false);
                let slot = self.new_slot();
                self.model.economy.rate = Some(slot);
                self.hold_or_push(rate, slot, pending);
            }
            (None, Some(takes)) => {
                let least = Takes::usual(&takes.draw) >= LEAST_PIECE;
                self.require(least, &takes.span, "the time of a piece", "1 ms or more");
                self.model.economy.takes = Some(Takes::of(&takes.draw));
            }
            (Some(_), Some(takes)) => {
                let fault =
                    Fault::new(&takes.span, "production", "pieces come at a rate or take a time each: not both");
                self.faults.add(fault.expected("`rate` or `takes`"));
            }
            (None, None) => {
                let fault = Fault::new(&production.span, "missing-key", "`production` says nothing of pieces");
                self.faults.add(fault.expected("`rate` or `takes`"));
            }
        }
        if let Some(scrap) = &production.scrap {
            let bound = self.bind(scrap, false);
            let slot = self.new_slot();
            self.model.economy.scrap = Some(slot);
            self.hold_or_push(bound, slot, pending);
        }
    }

    fn make_costs(&mut self, costs: &CostsSpec, pending: &mut Vec<(Bound, u16)>) {
        if let Some(power) = &costs.power {
            let bound = self.bind(power, false);
            let slot = self.new_slot();
            self.model.economy.power = Some(slot);
            self.hold_or_push(bound, slot, pending);
        }
        let mut price = |num: &Option<Num>, path: &str| num.as_ref().map_or(0.0, |num| self.fix(num, path));
        let (energy, downtime, scrap) = (
            price(&costs.energy, "costs.energy"),
            price(&costs.downtime, "costs.downtime"),
            price(&costs.scrap, "costs.scrap"),
        );
        let economy = &mut self.model.economy;
        (economy.energy_price, economy.downtime_price, economy.scrap_price) = (energy, downtime, scrap);
    }

    pub(super) fn write_tape(&mut self, pending: Vec<(Bound, u16)>) {
        let mut tape = Tape::new(usize::from(self.model.slots));
        self.write_drivers(&mut tape);
        let mut pushes = self
            .model
            .drivers
            .iter()
            .filter(|driver| matches!(driver.source, crate::drivers::Source::Tape { .. }))
            .count();
        let from = pushes;
        let derived = std::mem::take(&mut self.derived);
        if self.is_too_large {
            return;
        }
        for (bound, slot) in pending.iter().chain(&derived) {
            tape.push(bound, *slot);
            pushes += 1;
        }
        self.model.stores.extend(derived.iter().map(|(_, slot)| *slot));
        self.model.after_drivers = (from, pushes);
        self.model.tape = tape;
    }
}
