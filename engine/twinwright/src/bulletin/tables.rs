//! The tables of a report: machines, work, alerts, wear, recommendations.

use super::alarms::FLOOD;
use super::figures::{Account, COSTS, Figures};
use super::intervals::Estimate;
use super::written::{Cell, Table, number, percent};
use twinwright_model::E10;

/// All tables that have rows, in the order of the page.
pub fn all(figures: &Figures) -> Vec<Table> {
    let tables = [
        hours(figures),
        reliability(figures),
        costs(figures),
        works(figures),
        alarms(figures),
        rules(figures),
        stale(figures),
        wears(figures),
        expected(figures),
    ];
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

/// Machines and, where there is more than one, the plant below them.
fn accounts(figures: &Figures) -> impl Iterator<Item = &Account> {
    let plant = (figures.machines.len() > 1).then_some(&figures.plant);
    figures.machines.iter().chain(plant)
}

fn hours(figures: &Figures) -> Table {
    let row = |account: &Account| {
        let mut row = vec![Cell::text(&account.name), Cell::text(&account.kind)];
        row.extend(E10::ALL.map(|state| Cell::Number(account.in_state(state))));
        row.extend([Cell::Number(account.uptime_h()), Cell::share(account.availability()), Cell::share(account.oee)]);
        row
    };
    Table {
        name: "hours",
        title: "Hours by SEMI E10 state",
        note: "PRD productive, SBY standby, ENG engineering, SDT scheduled downtime, UDT unscheduled downtime, NST \
               non-scheduled; cut to the report. Available = (PRD + SBY + ENG) / (all − NST)."
            .to_owned(),
        heads: vec![
            ("machine", "machine", false),
            ("kind", "kind", false),
            ("PRD h", "prd_h", true),
            ("SBY h", "sby_h", true),
            ("ENG h", "eng_h", true),
            ("SDT h", "sdt_h", true),
            ("UDT h", "udt_h", true),
            ("NST h", "nst_h", true),
            ("uptime h", "uptime_h", true),
            ("available", "availability", true),
            ("OEE", "oee", true),
        ],
        rows: accounts(figures).map(row).collect(),
    }
}

fn reliability(figures: &Figures) -> Table {
    let three = |estimate: &Estimate| [estimate.value, estimate.low, estimate.high].map(Cell::maybe);
    let row = |account: &Account| {
        let mut row = vec![Cell::text(&account.name), Cell::Number(account.in_state(E10::Prd))];
        row.push(Cell::Number(account.failures as f64));
        row.extend(three(&account.mtbf));
        row.push(Cell::count(account.stops.len()));
        row.extend(three(&account.mttr));
        row.push(Cell::Number(account.planned as f64));
        row
    };
    Table {
        name: "reliability",
        title: "Failures and repairs",
        note: "MTBF: productive hours by failures, with the exact 95 % interval of a Poisson count (chi-square), as if failures \
               came by chance at one rate; without a failure a one-sided lower bound. MTTR: mean length of the unplanned stops \
               that ended, waiting included, with Student's 95 % interval."
            .to_owned(),
        heads: vec![
            ("machine", "machine", false),
            ("running h", "prd_h", true),
            ("failures", "failures", true),
            ("MTBF h", "mtbf_h", true),
            ("from", "mtbf_low_h", true),
            ("to", "mtbf_high_h", true),
            ("stops", "stops", true),
            ("MTTR h", "mttr_h", true),
            ("from", "mttr_low_h", true),
            ("to", "mttr_high_h", true),
            ("planned", "planned", true),
        ],
        rows: accounts(figures).map(row).collect(),
    }
}

fn costs(figures: &Figures) -> Table {
    let row = |account: &Account| {
        let mut row = vec![Cell::text(&account.name)];
        row.extend(account.costs.parts().map(Cell::Number));
        row.extend([Cell::Number(account.costs.sum()), Cell::maybe(account.energy_kwh)]);
        row
    };
    let costs_anything = figures.plant.costs.sum() > 0.0 || figures.plant.energy_kwh.is_some();
    let rows = if costs_anything { accounts(figures).map(row).collect() } else { Vec::new() };
    Table {
        name: "costs",
        title: "Cost and energy",
        note: "Work as logged; downtime and energy by the prices of the machine files, in their currency. Scrap and parts are \
               not counted here."
            .to_owned(),
        heads: vec![
            ("machine", "machine", false),
            (COSTS[0], "cost_downtime", true),
            (COSTS[1], "cost_unplanned", true),
            (COSTS[2], "cost_planned", true),
            (COSTS[3], "cost_energy", true),
            ("together", "cost", true),
            ("energy kWh", "energy_kwh", true),
        ],
        rows,
    }
}

fn works(figures: &Figures) -> Table {
    let rows = figures.works.iter().map(|work| {
        let texts = [&work.machine, &work.what, &work.subject].map(|text| Cell::text(text));
        let numbers = [work.hours, work.cost].map(Cell::maybe);
        [Cell::Time(work.time)].into_iter().chain(texts).chain(numbers).collect()
    });
    Table {
        name: "work",
        title: "What failed and what was done",
        note: String::new(),
        heads: vec![
            ("time", "time", false),
            ("machine", "machine", false),
            ("what", "what", false),
            ("part", "subject", false),
            ("hours", "hours", true),
            ("cost", "cost", true),
        ],
        rows: rows.collect(),
    }
}

fn alarms(figures: &Figures) -> Table {
    let alarms = &figures.alarms;
    let row = |figure: &str, value: String, aim: &str| vec![Cell::text(figure), Cell::Text(value), Cell::text(aim)];
    let worst = alarms
        .worst
        .map_or("0".to_owned(), |(from, count)| format!("{count}, from {} on", crate::report::scale::second(from)));
    let flood = format!("{} ({} of {})", percent(alarms.flooded()), alarms.floods, alarms.stretches);
    let mut rows = vec![
        row("alerts", alarms.raised.to_string(), ""),
        row("an hour", number(alarms.per_hour), "at most 6 for one operator"),
        row("in ten minutes, mean", number(alarms.per_ten), "at most 1"),
        row("in ten minutes, most", worst, "at most 10"),
        row(&format!("ten minutes with more than {FLOOD}"), flood, "below 1 %"),
        row("share of the ten commonest", percent(alarms.top_share()), "at most 5 %"),
        row("chattering rules", format!("{} ({} alerts)", alarms.chattering, alarms.chatter), "0"),
        row("fleeting alerts", alarms.fleeting.to_string(), "0"),
        row("stale alerts", alarms.stale.len().to_string(), "below 5"),
    ];
    let by = |at: usize| format!("{} {}", alarms.severities[at], super::alarms::SEVERITIES[at]);
    rows.push(row("by severity", [3, 2, 1, 0].map(by).join(", "), "few high, most low"));
    rows.push(row("suppressed", alarms.suppressed.to_string(), "not counted above"));
    Table {
        name: "alarms",
        title: "Alerts by ISA-18.2 and EEMUA 191",
        note: "Chattering: three or more of one rule of a machine within a minute. Fleeting: cleared within a minute, without \
               chattering. Stale: open for more than 24 h. The most in ten minutes is sought over all instants."
            .to_owned(),
        heads: vec![("figure", "figure", false), ("value", "value", false), ("aim", "aim", false)],
        rows,
    }
}

/// A machine's name by its place.
fn name(figures: &Figures, of: usize) -> Cell {
    figures.machines.get(of).map_or(Cell::Empty, |machine| Cell::text(&machine.name))
}

fn rules(figures: &Figures) -> Table {
    let rows = figures.alarms.rules.iter().map(|rule| {
        vec![
            name(figures, rule.of),
            Cell::text(&rule.rule),
            Cell::text(&rule.severity),
            Cell::count(rule.count),
            Cell::Share(rule.share),
            Cell::count(rule.chatter),
            Cell::count(rule.again),
            Cell::count(rule.fleeting),
            Cell::maybe(rule.lasted_s.map(|seconds| seconds / 60.0)),
            Cell::count(rule.suppressed),
        ]
    });
    Table {
        name: "rules",
        title: "Alerts by rule",
        note: "The commonest first. Again: raised within a minute of clearing.".to_owned(),
        heads: vec![
            ("machine", "machine", false),
            ("rule", "rule", false),
            ("severity", "severity", false),
            ("raised", "raised", true),
            ("share", "share", true),
            ("chatter", "chatter", true),
            ("again", "again", true),
            ("fleeting", "fleeting", true),
            ("open min", "mean_open_min", true),
            ("suppressed", "suppressed", true),
        ],
        rows: rows.collect(),
    }
}

fn stale(figures: &Figures) -> Table {
    let rows = figures.alarms.stale.iter().map(|stale| {
        vec![
            name(figures, stale.of),
            Cell::text(&stale.rule),
            Cell::text(&stale.severity),
            Cell::Time(stale.raised),
            stale.ended.map_or(Cell::text("still open"), Cell::Time),
            Cell::Number(stale.lasted.hours()),
        ]
    });
    Table {
        name: "stale",
        title: "Alerts that were open for more than a day",
        note: String::new(),
        heads: vec![
            ("machine", "machine", false),
            ("rule", "rule", false),
            ("severity", "severity", false),
            ("raised", "raised", false),
            ("cleared", "cleared", false),
            ("open h", "open_h", true),
        ],
        rows: rows.collect(),
    }
}

fn wears(figures: &Figures) -> Table {
    let rows = figures.wears.iter().map(|wear| {
        vec![
            Cell::text(&wear.machine),
            Cell::text(&wear.wear),
            Cell::Number(wear.value),
            Cell::Time(wear.at),
            Cell::maybe(wear.per_day),
            Cell::Time(wear.since),
            wear.reaches.map_or(Cell::Empty, Cell::Time),
        ]
    });
    Table {
        name: "wear",
        title: "Wear, and where a straight line leads",
        note: "As the snapshots have it. The line runs through those since the last restoration; it is no prognosis, since it knows \
               neither the law of the wear nor the load to come."
            .to_owned(),
        heads: vec![
            ("machine", "machine", false),
            ("wear", "wear", false),
            ("now", "value", true),
            ("on", "at", false),
            ("a day", "per_day", true),
            ("since", "since", false),
            ("1 on a line", "reaches", false),
        ],
        rows: rows.collect(),
    }
}

fn expected(figures: &Figures) -> Table {
    let rows = figures.expected.iter().map(|(machine, prediction)| {
        let texts = [machine, &prediction.kind.replace('_', " "), &prediction.subject].map(|text| Cell::text(text));
        let numbers = [Some(prediction.value), prediction.low, prediction.high, prediction.horizon_h].map(Cell::maybe);
        let last = [Cell::text(&prediction.model), Cell::Time(prediction.time)];
        texts.into_iter().chain(numbers).chain(last).collect()
    });
    Table {
        name: "predictions",
        title: "What is expected",
        note: "The newest prediction of each sort that the store holds.".to_owned(),
        heads: vec![
            ("machine", "machine", false),
            ("what", "kind", false),
            ("part", "subject", false),
            ("value", "value", true),
            ("from", "low", true),
            ("to", "high", true),
            ("within h", "horizon_h", true),
            ("model", "model", false),
            ("made", "time", false),
        ],
        rows: rows.collect(),
    }
}

/// What is proposed.
pub fn advice(figures: &Figures) -> Table {
    let rows = figures.advice.iter().map(|advice| {
        let texts = [&advice.machine, &advice.subject].map(|text| Cell::text(text));
        let kind = [Cell::text(advice.kind), Cell::text(advice.severity), Cell::text(&advice.title)];
        let mut row: Vec<Cell> = texts.into_iter().chain(kind).chain([Cell::text(&advice.reason)]).collect();
        row.push(advice.due.map_or(Cell::Empty, Cell::Time));
        row.extend([advice.saves, advice.hours, advice.cost].map(Cell::maybe));
        row.push(Cell::text(&advice.assumption));
        row
    });
    Table {
        name: "recommendations",
        title: "Recommendations",
        note: figures.nothing_more.clone(),
        heads: vec![
            ("machine", "machine", false),
            ("part", "subject", false),
            ("kind", "kind", false),
            ("severity", "severity", false),
            ("what", "what", false),
            ("why", "why", false),
            ("by", "due", false),
            ("saves", "saves", true),
            ("hours", "hours", true),
            ("cost", "cost", true),
            ("assumed", "assumed", false),
        ],
        rows: rows.collect(),
    }
}
