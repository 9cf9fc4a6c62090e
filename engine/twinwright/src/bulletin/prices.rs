//! What the machine files of a run say about money: what work costs, planned and not, and what an hour of standstill does.

use serde_json::Value;
use std::collections::BTreeMap;
use twinwright_core::files::numbers::Draw;
use twinwright_core::plan::{Changes, Model, Plan, compile_changed};
use twinwright_core::{Document, Library};
use twinwright_io::store::periods::MachineRow;
use twinwright_io::store::runs::RunRow;
use twinwright_model::Span;

/// What one machine costs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Price {
    /// An hour of standstill.
    pub downtime: f64,
    /// A kilowatt-hour.
    pub energy: f64,
    /// Pieces an hour at ideal speed.
    pub ideal: f64,
    /// By wear; None where nothing restores it.
    pub repairs: BTreeMap<String, Option<RepairPrice>>,
}

/// What restoring a wear takes, as means.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RepairPrice {
    pub unplanned: f64,
    pub planned: f64,
    pub hours: f64,
}

/// The machine files as the store has them.
struct Kept<'a>(&'a [(String, String)]);

impl Library for Kept<'_> {
    fn find(&self, kind: &str) -> Option<Document> {
        let (_, text) = self.0.iter().find(|(known, _)| known == kind)?;
        Some(Document { name: format!("{kind}.toml"), text: text.clone() })
    }

    fn known(&self) -> Vec<String> {
        self.0.iter().map(|(kind, _)| kind.clone()).collect()
    }
}

/// Prices by machine. What the scenario changed counts; where it cannot be compiled any more, the machine files alone do.
/// A machine that neither speaks of is left out.
pub fn of_run(run: &RunRow, documents: &[(String, String)], machines: &[MachineRow]) -> BTreeMap<String, Price> {
    let kept = Kept(documents);
    let scenario = Document { name: run.scenario.clone(), text: run.document.clone() };
    let changes = Changes { sets: sets(&run.changes), ..Changes::default() };
    let mut prices = BTreeMap::new();
    if let Ok(plan) = compile_changed(&scenario, &kept, changes) {
        take(&plan, &mut prices);
    }
    let mut kinds: BTreeMap<&str, Option<Price>> = BTreeMap::new();
    for machine in machines {
        if prices.contains_key(&machine.name) {
            continue;
        }
        let price = kinds.entry(&machine.kind).or_insert_with(|| of_kind(&machine.kind, &kept));
        if let Some(price) = price {
            prices.insert(machine.name.clone(), price.clone());
        }
    }
    prices
}

/// What the command line set, as pairs of path and value.
fn sets(changes: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match changes.get("sets").or(changes.get("set")) {
        Some(Value::Object(sets)) => sets.iter().map(|(path, value)| (path.clone(), text(value))).collect(),
        Some(Value::Array(sets)) => {
            sets.iter().filter_map(|set| Some((text(set.get(0)?), text(set.get(1)?)))).collect()
        }
        _ => Vec::new(),
    }
}

/// Of a kind as its file has it, as if one machine of it ran.
fn of_kind(kind: &str, kept: &Kept) -> Option<Price> {
    let text = format!(
        "schema = \"scenario/1\"\ntitle = \"prices\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"1 h\"\n\
         tick = \"1 s\"\n[[machine]]\nid = \"M\"\nkind = {}\n",
        Value::from(kind)
    );
    let plan = compile_changed(&Document { name: "prices".to_owned(), text }, kept, Changes::default()).ok()?;
    let mut prices = BTreeMap::new();
    take(&plan, &mut prices);
    prices.remove("M")
}

fn take(plan: &Plan, prices: &mut BTreeMap<String, Price>) {
    let of_models: Vec<Price> = plan.models.iter().map(price).collect();
    for machine in &plan.machines {
        if let Some(price) = of_models.get(machine.model as usize) {
            prices.insert(machine.id.to_string(), price.clone());
        }
    }
}

fn price(model: &Model) -> Price {
    let repairs = model.wears.iter().map(|wear| {
        let repair = wear.repair.as_ref().map(|repair| RepairPrice {
            unplanned: mean(&repair.cost),
            planned: mean(&repair.planned_cost),
            hours: Span(mean(&repair.takes) as i64).hours(),
        });
        (wear.name.clone(), repair)
    });
    let economy = &model.economy;
    Price {
        downtime: economy.downtime_price,
        energy: economy.energy_price,
        ideal: economy.ideal,
        repairs: repairs.collect(),
    }
}

fn mean(draw: &Draw) -> f64 {
    match draw {
        Draw::Fixed(value) | Draw::Exponential(value) => *value,
        Draw::Normal(mean, _) | Draw::Weibull(_, mean) => *mean,
        Draw::Lognormal(median, spread) => median * (spread.ln() * spread.ln() / 2.0).exp(),
        Draw::Uniform(low, high) => (low + high) / 2.0,
        Draw::Choice(values) => values.iter().sum::<f64>() / values.len().max(1) as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_says_what_its_work_costs() {
        let pump = crate::library::SHIPPED[0];
        assert_eq!(pump.0, "centrifugal-pump");
        let documents = [(pump.0.to_owned(), pump.1.to_owned())];
        let price = of_kind("centrifugal-pump", &Kept(&documents)).unwrap();
        let bearing = price.repairs["bearing"].unwrap();
        assert_eq!((price.downtime, price.energy, price.ideal), (1450.0, 0.12, 180.0));
        assert_eq!((bearing.unplanned, bearing.planned), (11_000.0, 1_500.0));
        // Median 8 h, geometric sd 1.4: the mean is 8 e^(ln(1.4)^2 / 2).
        assert!((bearing.hours - 8.0 * (1.4f64.ln().powi(2) / 2.0).exp()).abs() < 1e-6);
        assert_eq!(of_kind("\"; x", &Kept(&documents)), None);
    }

    #[test]
    fn what_was_set_is_read_as_it_was_written() {
        let one = serde_json::json!({ "sets": [["maintenance.every", "30 d"], ["drivers.load", 0.9]] });
        let wanted =
            [("maintenance.every", "30 d"), ("drivers.load", "0.9")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        assert_eq!(sets(&one), wanted);
        assert_eq!(sets(&serde_json::json!({ "set": { "drivers.load": 0.9 } })), wanted[1..]);
        assert!(sets(&Value::Null).is_empty());
    }
}
