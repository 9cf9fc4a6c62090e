//! `[[fault.*]]`: which fault acts on what, and when.

use super::Compiler;
use super::plant::Plant;
use crate::dice::Purpose;
use crate::faults::comms::Comms;
use crate::faults::spec::{Amount, FaultKind, FaultSpec, Layer};
use crate::faults::{Arrival, Effect, FaultPlan, Target};
use crate::files::leaf::At;
use crate::files::names;
use crate::files::numbers::{Draw, Lapse, Num};
use crate::files::scenario::ScenarioSpec;
use crate::files::sources::{Bytes, Fault};
use crate::plan::Model;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use twinwright_model::Time;

/// The keys by which faults differ; each kind names those that it needs.
const PARTS: [&str; 10] = ["sensor", "with", "driver", "wear", "by", "rate", "factor", "step", "down", "every"];

impl Compiler<'_> {
    /// The first `own` faults are the scenario's: what a variant adds leaves their names, and with them their luck.
    pub(super) fn fault_plans(
        &mut self,
        spec: &ScenarioSpec,
        own: usize,
        plant: &Plant,
        start: Time,
    ) -> Vec<FaultPlan> {
        let mut plans: Vec<FaultPlan> = Vec::new();
        let (mut counts, mut numbers): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
        let (mine, beside) = spec.fault.0.split_at(own);
        mine.iter().for_each(|(kind, _)| *counts.entry(kind.name).or_default() += 1);
        let known: BTreeSet<&str> = counts.keys().copied().collect();
        let new = beside.iter().filter(|(kind, _)| !known.contains(kind.name));
        new.for_each(|(kind, _)| *counts.entry(kind.name).or_default() += 1);
        for (kind, fault) in &spec.fault.0 {
            self.check_keys(kind, fault);
            let same = counts.get(kind.name).copied().unwrap_or(1);
            let number = numbers.entry(kind.name).and_modify(|number| *number += 1).or_insert(1);
            let numbered = same > 1 || *number > 1;
            let name = if numbered { format!("{}-{number}", kind.name) } else { kind.name.to_owned() };
            let plan = FaultPlan {
                effect: self.effect(kind, fault),
                targets: self.targets(kind, fault, plant),
                one_sensor: fault.sensor.is_some(),
                outlet: fault.outlet.clone(),
                arrival: self.arrival(kind, fault, start),
                lasts: lapse(&fault.lasts),
                ramp: lapse(&fault.ramp),
                hold: lapse(&fault.hold),
                decay: lapse(&fault.decay),
                purpose: Purpose::named(&format!("fault.{name}")),
                said: said(fault),
                name,
                kind: *kind,
            };
            plans.push(plan);
        }
        plans
    }

    fn check_keys(&mut self, kind: &FaultKind, fault: &FaultSpec) {
        let given = given(fault);
        for part in PARTS {
            let at = given.iter().find(|(name, _)| *name == part).map(|(_, at)| *at);
            let arrival = part == "every" && kind.name != "storm";
            let choice = part == "sensor" && kind.layer == Layer::Comms;
            if kind.needs.contains(&part) && at.is_none() {
                let message = format!("a {} fault needs `{part}`", kind.name);
                self.faults.add(Fault::new(&fault.span, "missing-key", message).expected(kind.about));
            } else if let Some(at) = at.filter(|_| !kind.needs.contains(&part) && !arrival && !choice) {
                let message = format!("a {} fault has no `{part}`", kind.name);
                let needs = match kind.needs {
                    [] => kind.about.to_owned(),
                    needs => format!("{}: {}", names::list(needs.iter().copied()).replace(" or ", " and "), kind.about),
                };
                self.faults.add(Fault::new(at, "fault", message).expected(needs));
            }
        }
        let storm = kind.name == "storm";
        if fault.start.is_some() == (fault.every.is_some() && !storm) {
            let fault_at = Fault::new(&fault.span, "fault", "when does this fault come?");
            self.faults.add(fault_at.expected("`start` for once, or `every` for again and again"));
        }
        if fault.lasts.is_some() && fault.hold.is_some() {
            let both = Fault::new(&fault.span, "fault", "`lasts` is the whole length, `hold` a part of it");
            self.faults.add(both.expected("one of `lasts` and `hold`"));
        }
        self.check_times(fault);
        self.check_line(kind, fault);
    }

    fn check_times(&mut self, fault: &FaultSpec) {
        let times = [&fault.lasts, &fault.ramp, &fault.hold, &fault.decay, &fault.every, &fault.down];
        for lapse in times.into_iter().flatten() {
            if lapse.draw.fixed().is_some_and(|nanos| nanos < 0.0) {
                self.faults.add(Fault::new(&lapse.span, "time", "this time is below 0").expected("0 or more"));
            }
        }
        if let Some(every) = &fault.every
            && every.draw.fixed().is_some_and(|nanos| nanos < 1.0)
        {
            self.faults.add(Fault::new(&every.span, "time", "this comes without pause").expected("above 0"));
        }
    }

    /// What only comms faults may say, and what a line cannot do.
    fn check_line(&mut self, kind: &FaultKind, fault: &FaultSpec) {
        if let Some(outlet) = fault.outlet.as_ref().filter(|_| kind.layer != Layer::Comms) {
            let message = format!("a {} fault has no `outlet`", kind.name);
            let expected =
                "no outlet here: only comms faults act on delivery, all others are seen wherever readings go";
            self.faults.add(Fault::new(&outlet.span, "fault", message).expected(expected));
        }
        if let (Some(Amount::Time(by)), "late") = (&fault.by, kind.name)
            && by.draw.fixed().is_some_and(|nanos| nanos < 0.0)
        {
            let early = Fault::new(&by.span, "time", "nothing arrives before it was sent");
            self.faults.add(early.expected("0 or more"));
        }
        if let (Some(every), Some(down), "storm") = (&fault.every, &fault.down, kind.name)
            && let (Some(between), Some(length)) = (every.draw.fixed(), down.draw.fixed())
            && length >= between
        {
            self.faults
                .add(Fault::new(&down.span, "fault", "the line would never be up").expected("less than `every`"));
        }
    }

    fn effect(&mut self, kind: &FaultKind, fault: &FaultSpec) -> Effect {
        let by = self.amount(kind, fault);
        let number = |num: &Option<Num>| num.as_ref().map_or(Draw::Fixed(1.0), |num| num.draw.clone());
        match kind.name {
            "spike" => Effect::Spike { by },
            "offset" => Effect::Offset { by },
            "drift" => Effect::Drift { rate: number(&fault.rate) },
            "scale" => Effect::Scale { factor: number(&fault.factor) },
            "noise" => Effect::Noise { factor: number(&fault.factor) },
            "quantise" => {
                if let Some(step) = &fault.step
                    && step.draw.fixed().is_some_and(|step| step <= 0.0)
                {
                    self.faults.add(Fault::new(&step.span, "number", "the step is out of bounds").expected("above 0"));
                }
                Effect::Quantise { step: number(&fault.step) }
            }
            "stuck" => Effect::Stuck,
            "dropout" => Effect::Dropout,
            "nan" => Effect::Nan,
            "swap" => Effect::Swap,
            "leak" => Effect::Leak { by },
            "shift" => Effect::Shift { by },
            "wear" => Effect::Wear { by },
            "trip" => Effect::Trip,
            _ => {
                self.check_share(kind, fault);
                Effect::Comms(comms(kind, fault, by))
            }
        }
    }

    /// The part of messages that a comms fault hits.
    fn check_share(&mut self, kind: &FaultKind, fault: &FaultSpec) {
        if let Some(rate) = fault.rate.as_ref().filter(|_| kind.needs.contains(&"rate"))
            && rate.draw.fixed().is_some_and(|rate| !(0.0..=1.0).contains(&rate))
        {
            self.faults
                .add(Fault::new(&rate.span, "number", "this part of the messages is out of bounds").expected("0 to 1"));
        }
    }

    fn amount(&mut self, kind: &FaultKind, fault: &FaultSpec) -> Draw {
        match (&fault.by, kind.layer) {
            (Some(Amount::Time(lapse)), Layer::Comms) => lapse.draw.clone(),
            (Some(Amount::Number(num)), Layer::Comms) => {
                let sort = Fault::new(&num.span, "wrong-sort", "found a number here");
                self.faults.add(sort.expected("a time with its unit, such as \"5 s\""));
                Draw::Fixed(0.0)
            }
            (Some(Amount::Number(num)), _) => num.draw.clone(),
            (Some(Amount::Time(lapse)), _) => {
                let sort = Fault::new(&lapse.span, "wrong-sort", "found a time here");
                self.faults.add(sort.expected("a number"));
                Draw::Fixed(0.0)
            }
            (None, _) => Draw::Fixed(0.0),
        }
    }

    fn arrival(&mut self, kind: &FaultKind, fault: &FaultSpec, start: Time) -> Arrival {
        if let Some(at) = &fault.start {
            let nanos = at.value.resolve(start).0 - start.0;
            if nanos < 0 {
                self.faults.say(&at.span, "time", "this lies before the start");
            }
            return Arrival::Once(nanos);
        }
        match &fault.every {
            Some(every) if kind.name != "storm" => Arrival::Every(every.draw.clone()),
            _ => Arrival::Once(0),
        }
    }

    fn targets(&mut self, kind: &FaultKind, fault: &FaultSpec, plant: &Plant) -> Vec<Target> {
        let machines = plant.select(&fault.machine, &mut self.faults);
        let mut targets = Vec::new();
        for machine in machines {
            let model = plant.model_of(machine);
            let before = self.faults.said();
            let part = match kind.name {
                "shift" => self.part(model, &fault.driver, "driver", model.drivers.iter().map(|d| d.name.as_str())),
                "wear" => self.part(model, &fault.wear, "wear", model.wears.iter().map(|w| w.name.as_str())),
                _ => self.part(model, &fault.sensor, "sensor", model.sensors.iter().map(|s| s.name.as_str())),
            };
            let with = self.part(model, &fault.with, "sensor", model.sensors.iter().map(|s| s.name.as_str()));
            if self.faults.said() > before {
                break;
            }
            targets.push(Target { machine, part, with });
        }
        targets.sort_by_key(|target| target.machine);
        targets
    }

    fn part<'n>(
        &mut self,
        model: &Model,
        name: &Option<At<String>>,
        sort: &str,
        known: impl Iterator<Item = &'n str> + Clone,
    ) -> u16 {
        let Some(name) = name else { return 0 };
        known.clone().position(|known| known == name.value).map_or_else(
            || {
                self.faults.add(
                    Fault::new(&name.span, "unknown-name", format!("`{}` has no {sort} `{}`", model.kind, name.value))
                        .expected(names::list(known.clone()))
                        .nearest(names::nearest(&name.value, known.clone())),
                );
                0
            },
            |index| index as u16,
        )
    }
}

fn lapse(lapse: &Option<Lapse>) -> Option<Draw> {
    lapse.as_ref().map(|lapse| lapse.draw.clone())
}

/// The parameters that a fault gives, and where.
fn given(fault: &FaultSpec) -> Vec<(&'static str, &Bytes)> {
    let by = fault.by.as_ref().map(|by| match by {
        Amount::Number(num) => &num.span,
        Amount::Time(lapse) => &lapse.span,
    });
    [
        ("sensor", fault.sensor.as_ref().map(|name| &name.span)),
        ("with", fault.with.as_ref().map(|name| &name.span)),
        ("driver", fault.driver.as_ref().map(|name| &name.span)),
        ("wear", fault.wear.as_ref().map(|name| &name.span)),
        ("by", by),
        ("rate", fault.rate.as_ref().map(|num| &num.span)),
        ("factor", fault.factor.as_ref().map(|num| &num.span)),
        ("step", fault.step.as_ref().map(|num| &num.span)),
        ("down", fault.down.as_ref().map(|lapse| &lapse.span)),
        ("every", fault.every.as_ref().map(|lapse| &lapse.span)),
    ]
    .into_iter()
    .filter_map(|(name, at)| Some((name, at?)))
    .collect()
}

/// What a comms fault does; `by` is its time.
fn comms(kind: &FaultKind, fault: &FaultSpec, by: Draw) -> Comms<Draw, Draw> {
    let rate = fault.rate.as_ref().map_or(Draw::Fixed(0.0), |rate| rate.draw.clone());
    let time = |time: &Option<Lapse>| lapse(time).unwrap_or(Draw::Fixed(0.0));
    match kind.name {
        "late" => Comms::Late(by),
        "skew" => Comms::Skew(by),
        "step_clock" => Comms::StepClock(by),
        "duplicate" => Comms::Duplicate(rate),
        "reorder" => Comms::Reorder(rate),
        "gap" => Comms::Gap(rate),
        "storm" => Comms::Storm { every: time(&fault.every), down: time(&fault.down) },
        "bad_quality" => Comms::BadQuality,
        _ => Comms::FrozenTime,
    }
}

/// Names among the parameters of a fault, as labels say them; its numbers are drawn for each occurrence.
fn said(fault: &FaultSpec) -> Vec<(String, Json)> {
    [("with", &fault.with), ("driver", &fault.driver), ("wear", &fault.wear), ("outlet", &fault.outlet)]
        .into_iter()
        .filter_map(|(key, name)| Some((key.to_owned(), json!(name.as_ref()?.value))))
        .collect()
}
