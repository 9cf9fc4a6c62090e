//! Wears of a kind.

use super::Maker;
use crate::dice::Purpose;
use crate::expression::Meaning;
use crate::files::leaf::At;
use crate::files::names;
use crate::files::numbers::{Draw, Num};
use crate::files::sources::Fault;
use crate::wear::spec::{RepairSpec, WearSpec};
use crate::wear::{Law, RepairPlan, WearPlan};

/// The laws, each with the keys that it needs beside the optional ones.
const LAWS: [(&str, &[&str]); 6] = [
    ("linear", &["life"]),
    ("exponential", &["life"]),
    ("wiener", &["life", "spread"]),
    ("gamma", &["life", "spread"]),
    ("weibull", &["life", "shape"]),
    ("shock", &["rate", "jump"]),
];

/// Nanoseconds in an hour: the unit in which shocks count `s`.
const HOUR: f64 = 3600e9;

impl Maker<'_> {
    pub(super) fn place_wears(&mut self) {
        let spec = self.spec;
        for (name, wear) in spec.wear.iter() {
            let slot = self.new_slot();
            let stress = self.new_slot();
            self.meanings.insert(name.value.clone(), Meaning::Slot(slot));
            self.model.slot_of.insert(name.value.clone(), slot);
            self.model.loads.push(slot);
            let plan = self.make_wear(name, wear, slot, stress);
            self.model.wears.push(plan);
        }
    }

    fn make_wear(&mut self, name: &At<String>, wear: &WearSpec, slot: u16, stress: u16) -> WearPlan {
        let law = self.make_law(&name.value, wear);
        let life = match (&law, &wear.life) {
            (Law::Shock { .. }, _) | (_, None) => Draw::Fixed(HOUR),
            (_, Some(life)) => {
                self.require(
                    life.draw.fixed().is_none_or(|nanos| nanos > 0.0),
                    &life.span,
                    "the life",
                    "a time above 0",
                );
                life.draw.clone()
            }
        };
        if let Some(start) = &wear.starts_at {
            let holds = start.draw.fixed().is_none_or(|w| (0.0..1.0).contains(&w));
            self.require(holds, &start.span, "the wear at the start", "0 to below 1");
        }
        WearPlan {
            name: name.value.clone(),
            law,
            life,
            starts_at: wear.starts_at.as_ref().map_or(Draw::Fixed(0.0), |num| num.draw.clone()),
            stress,
            slot,
            path: Purpose::named(&format!("wear.{}.path", name.value)),
            repair: wear.repair.as_ref().map(|repair| self.make_repair(&name.value, repair)),
        }
    }

    fn make_repair(&mut self, name: &str, repair: &RepairSpec) -> RepairPlan {
        let fixed = repair.takes.draw.fixed();
        self.require(
            fixed.is_none_or(|nanos| nanos >= 0.0),
            &repair.takes.span,
            "the time it takes",
            "a time of 0 or more",
        );
        if let Some(to) = &repair.restores_to {
            let holds = to.draw.fixed().is_none_or(|w| (0.0..1.0).contains(&w));
            self.require(holds, &to.span, "the wear after the work", "0 to below 1");
        }
        let cost = repair.cost.as_ref().map_or(Draw::Fixed(0.0), |num| num.draw.clone());
        RepairPlan {
            takes: repair.takes.draw.clone(),
            planned_cost: repair.planned_cost.as_ref().map_or(cost.clone(), |num| num.draw.clone()),
            cost,
            restores_to: repair.restores_to.as_ref().map_or(Draw::Fixed(0.0), |num| num.draw.clone()),
            purpose: Purpose::named(&format!("wear.{name}.repair")),
        }
    }

    fn make_law(&mut self, name: &str, wear: &WearSpec) -> Law {
        let law = &wear.law;
        let Some((found, needs)) = LAWS.iter().find(|(name, _)| *name == law.value) else {
            let known = LAWS.iter().map(|(name, _)| *name);
            self.faults.add(
                Fault::new(&law.span, "law", format!("`{}` is not a wear law", law.value))
                    .expected(names::list(known.clone()))
                    .nearest(names::nearest(&law.value, known)),
            );
            return Law::Linear;
        };
        let given = [
            ("life", wear.life.as_ref().map(|life| &life.span)),
            ("spread", wear.spread.as_ref().map(|num| &num.span)),
            ("rate", wear.rate.as_ref().map(|num| &num.span)),
            ("jump", wear.jump.as_ref().map(|num| &num.span)),
            ("shape", wear.shape.as_ref().map(|num| &num.span)),
        ];
        for (key, at) in given {
            let optional = key == "shape" && *found == "exponential";
            if needs.contains(&key) && at.is_none() {
                let fault = Fault::new(&law.span, "missing-key", format!("a {found} wear needs `{key}`"));
                self.faults.add(fault);
            } else if let Some(at) = at.filter(|_| !needs.contains(&key) && !optional) {
                let fault = Fault::new(at, "law", format!("a {found} wear has no `{key}`"));
                self.faults.add(fault.expected(names::list(needs.iter().copied())));
            }
        }
        let mut positive = |num: &Option<Num>, key: &str, default: f64| -> f64 {
            let Some(num) = num else { return default };
            let value = self.fix(num, &format!("wear.{name}.{key}"));
            self.require(value > 0.0, &num.span, &format!("`{key}`"), "above 0");
            if value > 0.0 { value } else { default }
        };
        match *found {
            "exponential" => {
                let shape = positive(&wear.shape, "shape", 3.0);
                Law::Exponential { shape, whole: libm::expm1(shape) }
            }
            "wiener" => Law::Wiener { spread: positive(&wear.spread, "spread", 0.1) },
            "gamma" => Law::Gamma { spread: positive(&wear.spread, "spread", 0.1) },
            "weibull" => Law::Weibull { shape: positive(&wear.shape, "shape", 2.0) },
            "shock" => Law::Shock {
                rate: positive(&wear.rate, "rate", 1.0),
                jump: wear.jump.as_ref().map_or(Draw::Fixed(0.1), |num| num.draw.clone()),
            },
            _ => Law::Linear,
        }
    }
}
