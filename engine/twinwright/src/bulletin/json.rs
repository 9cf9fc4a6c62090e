//! A report as JSON, for programs; parts of it go to the store as summary and recommendations.

use super::figures::{Account, Advice, COSTS, Figures};
use super::intervals::{CONFIDENCE, Estimate};
use serde_json::{Map, Value, json};
use twinwright_model::{E10, Time};

/// Everything.
pub fn report(figures: &Figures) -> Value {
    let heading = &figures.heading;
    json!({
        "run": heading.run,
        "title": heading.title,
        "version": heading.version,
        "period": heading.period.name(),
        "from": text(heading.from),
        "to": text(heading.to),
        "asked": { "from": text(heading.asked.0), "to": text(heading.asked.1) },
        "notes": heading.notes,
        "plant": account(&figures.plant),
        "machines": figures.machines.iter().map(account).collect::<Vec<_>>(),
        "work": works(figures),
        "alerts": alarms(figures),
        "wear": wears(figures),
        "predictions": expected(figures),
        "recommendations": recommendations(figures),
        "nothing_more": figures.nothing_more,
    })
}

/// What the store keeps beside the text.
pub fn summary(figures: &Figures) -> Value {
    let mut summary = match account(&figures.plant) {
        Value::Object(summary) => summary,
        _ => Map::new(),
    };
    summary.remove("machine");
    summary.remove("kind");
    summary.insert("machines".to_owned(), json!(figures.machines.len()));
    summary.insert("alarms".to_owned(), alarm_figures(figures));
    Value::Object(summary)
}

pub fn recommendations(figures: &Figures) -> Value {
    let one = |advice: &Advice| {
        json!({
            "machine": advice.machine,
            "subject": advice.subject,
            "kind": advice.kind,
            "severity": advice.severity,
            "what": advice.title,
            "why": advice.reason,
            "by": advice.due.map(text),
            "saves": advice.saves,
            "assumed": advice.assumption,
            "hours": advice.hours,
            "cost": advice.cost,
            "figures": advice.figures,
        })
    };
    figures.advice.iter().map(one).collect()
}

fn text(time: Time) -> String {
    time.to_string()
}

fn estimate(estimate: &Estimate) -> Value {
    json!({ "value": estimate.value, "low": estimate.low, "high": estimate.high, "confidence": CONFIDENCE })
}

fn account(account: &Account) -> Value {
    let hours: Map<String, Value> =
        E10::ALL.into_iter().map(|state| (state.name().to_owned(), json!(account.in_state(state)))).collect();
    let parts = COSTS.into_iter().zip(account.costs.parts());
    let mut costs: Map<String, Value> = parts.map(|(name, cost)| (name.replace(' ', "_"), json!(cost))).collect();
    costs.insert("together".to_owned(), json!(account.costs.sum()));
    json!({
        "machine": account.name,
        "kind": account.kind,
        "hours": hours,
        "uptime_h": account.uptime_h(),
        "availability": account.availability(),
        "oee": account.oee,
        "failures": account.failures,
        "planned_works": account.planned,
        "mtbf_h": estimate(&account.mtbf),
        "mttr_h": estimate(&account.mttr),
        "energy_kwh": account.energy_kwh,
        "cost": costs,
        "alerts": account.alerts,
    })
}

fn works(figures: &Figures) -> Value {
    let one = |work: &super::figures::Work| {
        json!({
            "time": text(work.time),
            "machine": work.machine,
            "what": work.what,
            "subject": work.subject,
            "hours": work.hours,
            "cost": work.cost,
        })
    };
    figures.works.iter().map(one).collect()
}

fn alarm_figures(figures: &Figures) -> Value {
    let alarms = &figures.alarms;
    let severities: Map<String, Value> = super::alarms::SEVERITIES
        .into_iter()
        .zip(alarms.severities)
        .map(|(name, count)| (name.to_owned(), json!(count)))
        .collect();
    json!({
        "raised": alarms.raised,
        "per_hour": alarms.per_hour,
        "per_ten_minutes": alarms.per_ten,
        "worst_ten_minutes": alarms.worst.map(|(from, count)| json!({ "from": text(from), "count": count })),
        "flood_share": alarms.flooded(),
        "floods": alarms.floods,
        "ten_minutes": alarms.stretches,
        "top_ten_share": alarms.top_share(),
        "chattering_rules": alarms.chattering,
        "chattering_alerts": alarms.chatter,
        "fleeting": alarms.fleeting,
        "stale": alarms.stale.len(),
        "severities": severities,
        "suppressed": alarms.suppressed,
    })
}

fn alarms(figures: &Figures) -> Value {
    let machine = |of: usize| figures.machines.get(of).map(|machine| machine.name.as_str());
    let rules: Vec<Value> = figures
        .alarms
        .rules
        .iter()
        .map(|rule| {
            json!({
                "machine": machine(rule.of),
                "rule": rule.rule,
                "severity": rule.severity,
                "raised": rule.count,
                "share": rule.share,
                "chatter": rule.chatter,
                "within_a_minute_of_clearing": rule.again,
                "fleeting": rule.fleeting,
                "mean_open_s": rule.lasted_s,
                "suppressed": rule.suppressed,
            })
        })
        .collect();
    let stale: Vec<Value> = figures
        .alarms
        .stale
        .iter()
        .map(|stale| {
            json!({
                "machine": machine(stale.of),
                "rule": stale.rule,
                "severity": stale.severity,
                "raised": text(stale.raised),
                "cleared": stale.ended.map(text),
                "open_h": stale.lasted.hours(),
            })
        })
        .collect();
    json!({ "figures": alarm_figures(figures), "rules": rules, "stale": stale })
}

fn wears(figures: &Figures) -> Value {
    let one = |wear: &super::figures::WearFigure| {
        json!({
            "machine": wear.machine,
            "wear": wear.wear,
            "value": wear.value,
            "at": text(wear.at),
            "per_day": wear.per_day,
            "since": text(wear.since),
            "reaches_1_on_a_line": wear.reaches.map(text),
        })
    };
    figures.wears.iter().map(one).collect()
}

fn expected(figures: &Figures) -> Value {
    let one = |(machine, prediction): &(String, twinwright_io::store::periods::Prediction)| {
        json!({
            "machine": machine,
            "time": text(prediction.time),
            "kind": prediction.kind,
            "subject": prediction.subject,
            "value": prediction.value,
            "low": prediction.low,
            "high": prediction.high,
            "confidence": prediction.confidence,
            "horizon_h": prediction.horizon_h,
            "model": prediction.model,
        })
    };
    figures.expected.iter().map(one).collect()
}
