//! What came of it, for a person, as JSON, and the candidates as a table.

use super::proposal::short;
use super::{Outcome, Tuned};
use crate::Trouble;
use crate::history::sheet::{Entry, Sheet};
use serde_json::{Value, json};
use std::fmt::Write;
use twinwright_core::alerts::kpi::Kpi;
use twinwright_core::limits::{Level, LimitsPlan};
use twinwright_core::tuning::{Ledger, frontier, later};
use twinwright_model::Span;

/// `a`, or `a -> b` where it changes.
fn change(before: String, after: String) -> String {
    if before == after { before } else { format!("{before} -> {after}") }
}

impl Tuned {
    fn plans(&self) -> (LimitsPlan, LimitsPlan) {
        (self.limits.plan, self.limits.with(&self.chosen.setting))
    }

    fn where_it_is(&self) -> String {
        if self.limits.keys.len() == 1 {
            self.limits.keys[0].clone()
        } else {
            format!("{} (of {} machines)", self.limits.item, self.limits.keys.len())
        }
    }

    fn levels(&self) -> String {
        let (before, after) = self.plans();
        let level = |level: Level| {
            let (was, is) = (before.at[level as usize]?, after.at[level as usize]?);
            self.limits.watched[level as usize]?;
            Some(format!("{} {}", level.name(), change(short(was).to_string(), short(is).to_string())))
        };
        Level::ALL.into_iter().filter_map(level).collect::<Vec<_>>().join(", ")
    }

    /// By how much later than before faults were told, on the unseen time.
    fn later(&self) -> (i64, i64) {
        later(&self.before, &self.after)
    }

    fn row(&self, outcome: &Outcome) -> Vec<Entry> {
        let (before, after) = self.plans();
        let span = |nanos: i64| Span(nanos).to_string();
        let episodes = self.before.told_after.len();
        let (median, worst) = self.later();
        let per_day =
            |ledger: &Ledger| format!("{:.2}", outcome.per_machine_day(ledger.useless, self.limits.machines.len()));
        [
            self.where_it_is(),
            self.levels(),
            change(short(before.deadband).to_string(), short(after.deadband).to_string()),
            change(span(before.on_delay), span(after.on_delay)),
            change(span(before.off_delay), span(after.off_delay)),
            change(self.before.calls.to_string(), self.after.calls.to_string()),
            change(per_day(&self.before), per_day(&self.after)),
            format!("{} of {episodes}", change(self.before.missed.to_string(), self.after.missed.to_string())),
            if episodes == self.before.missed { "-".to_owned() } else { format!("{}, {}", span(median), span(worst)) },
        ]
        .iter()
        .map(|words| Entry::words(words))
        .collect()
    }

    fn json(&self, outcome: &Outcome) -> Value {
        let (before, after) = self.plans();
        let side = |plan: &LimitsPlan, ledger: &Ledger| {
            let at: serde_json::Map<String, Value> = Level::ALL
                .into_iter()
                .filter_map(|level| Some((level.name().to_owned(), json!(short(plan.at[level as usize]?)))))
                .collect();
            let useless = outcome.per_machine_day(ledger.useless, self.limits.machines.len());
            json!({
                "limits": at, "deadband": short(plan.deadband), "on_delay_s": Span(plan.on_delay).seconds(),
                "off_delay_s": Span(plan.off_delay).seconds(), "calls": ledger.calls, "useless": ledger.useless,
                "useless_per_machine_day": useless, "missed": ledger.missed, "faults": ledger.told_after.len(),
            })
        };
        let (median, worst) = self.later();
        json!({
            "item": self.limits.item, "keys": self.limits.keys, "machines": self.limits.machines.len(), "rules": self.limits.rules,
            "noise_sd": self.noise, "before": side(&before, &self.before), "after": side(&after, &self.after),
            "later_median_s": Span(median).seconds(), "later_worst_s": Span(worst).seconds(),
            "learnt": { "calls_before": self.all.first().map(|one| one.ledger.calls), "calls_after": self.chosen.ledger.calls,
                        "later_median_s": Span(self.chosen.later).seconds(), "tried": self.all.len() },
        })
    }
}

impl Outcome {
    fn per_machine_day(&self, count: usize, machines: usize) -> f64 {
        let days = (self.times[2].0 - self.times[1].0) as f64 / 86_400e9;
        count as f64 / (days * machines.max(1) as f64)
    }

    pub(super) fn page(&self) -> String {
        let [start, split, end] = self.times;
        let mut page = format!(
            "{} with {}: {} machines, {} readings from {start} to {end}\n",
            self.subject, self.rules, self.machines, self.readings
        );
        let truth = if self.labelled {
            "faults are known by their labels, and by what stays beyond a limit for 10 min"
        } else {
            "no labels: real is what stays beyond a limit for 10 min"
        };
        let _ =
            writeln!(page, "learnt up to {split}; the figures are of the rest, {}; {truth}\n", Span(end.0 - split.0));
        if self.tuned.is_empty() {
            page.push_str("no limit of these rules calls anybody: there is nothing to tune\n");
        } else {
            let mut sheet = Sheet::new(&[
                "limits",
                "at",
                "deadband",
                "on_delay",
                "off_delay",
                "calls",
                "useless/machine/d",
                "missed",
                "later (median, worst)",
            ]);
            self.tuned.iter().for_each(|one| sheet.row(one.row(self)));
            page.push_str(&sheet.text());
        }
        page.push_str(&self.figures());
        let _ = writeln!(page, "\nwritten to {}: rules.toml, pareto.csv, summary.json", self.out.display());
        page
    }

    /// The ISA-18.2 figures before and after, of all rules.
    fn figures(&self) -> String {
        let (was, is) = (self.before.alerts, self.after.alerts);
        let cut = if was > 0 {
            format!(" ({:+.0} %)", 100.0 * (f64::from(is) / f64::from(was) - 1.0))
        } else {
            String::new()
        };
        let mut page = format!(
            "\nall rules together, nobody acknowledging, floods not held back: {was} calls as it is, {is} as proposed{cut}; {} -> {} (EEMUA 191)\n",
            self.before.verdict.name(),
            self.after.verdict.name()
        );
        let mut sheet = Sheet::new(&["figure", "as it is", "as proposed", "recommended"]);
        for (before, after) in shown(&self.before).into_iter().zip(shown(&self.after)) {
            let number = |value: f64| Entry::number(value.is_finite().then_some(value));
            sheet.row(vec![
                Entry::words(before.name),
                number(before.value),
                number(after.value),
                Entry::words(before.reference),
            ]);
        }
        page.push_str(&sheet.text());
        page
    }

    pub(super) fn json(&self) -> Value {
        let figures = |kpi: &Kpi| -> serde_json::Map<String, Value> {
            let finite = |value: f64| value.is_finite().then_some(value);
            shown(kpi).iter().map(|figure| (figure.name.to_owned(), json!(finite(figure.value)))).collect()
        };
        json!({
            "subject": self.subject, "rules": self.rules, "labelled": self.labelled, "readings": self.readings,
            "machines": self.machines, "start": self.times[0].to_string(), "split": self.times[1].to_string(), "end": self.times[2].to_string(),
            "limits": self.tuned.iter().map(|one| one.json(self)).collect::<Vec<_>>(),
            "before": { "calls": self.before.alerts, "verdict": self.before.verdict.name(), "figures": figures(&self.before) },
            "after": { "calls": self.after.alerts, "verdict": self.after.verdict.name(), "figures": figures(&self.after) },
        })
    }

    /// The candidates that no other one beats, on the time that was learnt from.
    pub(super) fn pareto(&self) -> Result<String, Trouble> {
        let mut sheet = Sheet::new(&[
            "limits",
            "shift",
            "deadband",
            "on_delay_s",
            "off_delay_s",
            "later_median_s",
            "later_worst_s",
            "calls",
            "useless",
            "creeping",
            "missed",
            "chosen",
        ]);
        for one in &self.tuned {
            for candidate in frontier(&one.all) {
                let (setting, ledger) = (&candidate.setting, &candidate.ledger);
                let number = |value: f64| Entry::number(Some(value));
                let seconds = |nanos: i64| number(Span(nanos).seconds());
                let chosen = candidate.setting == one.chosen.setting;
                sheet.row(vec![
                    Entry::words(&one.where_it_is()),
                    number(short(setting.limit)),
                    number(short(setting.deadband)),
                    seconds(setting.on_delay),
                    seconds(setting.off_delay),
                    seconds(candidate.later),
                    seconds(candidate.latest),
                    number(ledger.calls as f64),
                    number(ledger.useless as f64),
                    number(candidate.creeping as f64),
                    number(ledger.missed as f64),
                    number(f64::from(u8::from(chosen))),
                ]);
            }
        }
        sheet.csv()
    }
}

/// The figures that mean something where nobody sat before the alerts.
fn shown(kpi: &Kpi) -> Vec<twinwright_core::alerts::kpi::Figure> {
    let people = ["acknowledged", "never acknowledged", "shelved"];
    kpi.figures().into_iter().filter(|figure| !people.iter().any(|word| figure.name.starts_with(word))).collect()
}
