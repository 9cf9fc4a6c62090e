//! From the rows of a store to the figures of a report. Reads only, and knows no clock.

use super::accounts::{Known, account, plant, stays};
use super::advice::{Evidence, give};
use super::alarms;
use super::calendar::Period;
use super::figures::{Account, Figures, Heading, WearFigure, Work};
use super::prices::{self, Price};
use super::wears;
use super::written::when;
use crate::Trouble;
use std::collections::BTreeMap;
use twinwright_io::store::periods::{self, LogRow, MachineRow, Stretch};
use twinwright_io::store::{Link, runs::RunRow};
use twinwright_model::Time;

/// What is asked of which run.
#[derive(Debug)]
pub struct Asked {
    pub run: RunRow,
    pub period: Period,
    /// The day, week or month that is meant, and what the run has of it.
    pub whole: (Time, Time),
    pub stretch: Stretch,
    /// The last instant that is known of the run.
    pub end: Time,
}

/// Reads and reckons.
pub async fn figures(link: &mut Link, asked: &Asked) -> Result<Figures, Trouble> {
    let (from, to) = (asked.stretch.from, asked.stretch.to);
    let machines = periods::machines(link, asked.run.id).await?;
    let statuses = by_machine(periods::statuses(link, asked.stretch).await?, |row| row.machine);
    let alerts = periods::alerts(link, asked.stretch).await?;
    let all_logs = by_machine(periods::logs(link, asked.stretch).await?, |row| row.machine);
    let states = by_machine(periods::states(link, asked.stretch).await?, |row| row.machine);
    let performance = by_machine(periods::performance(link, asked.stretch).await?, |row| row.machine);
    let predictions = periods::predictions(link, asked.stretch).await?;
    let documents = periods::documents(link, asked.run.id).await?;
    let prices = prices::of_run(&asked.run, &documents, &machines);
    let places: BTreeMap<i64, usize> =
        machines.iter().enumerate().map(|(place, machine)| (machine.id, place)).collect();
    let place = |id: i64| places.get(&id).copied().unwrap_or(usize::MAX);
    let mut raised: BTreeMap<i64, usize> = BTreeMap::new();
    for alert in alerts.iter().filter(|alert| alert.raised >= from && !alert.suppressed) {
        *raised.entry(alert.machine).or_default() += 1;
    }
    let mut figures = Figures {
        heading: heading(asked),
        plant: Account::default(),
        machines: Vec::new(),
        works: Vec::new(),
        alarms: alarms::count(&alerts, (from, to), place),
        wears: Vec::new(),
        expected: Vec::new(),
        advice: Vec::new(),
        nothing_more: String::new(),
        stays: Vec::new(),
    };
    for (of, machine) in machines.iter().enumerate() {
        let logs = of_machine(&all_logs, machine);
        let within: Vec<LogRow> = logs.iter().filter(|log| log.time >= from).cloned().collect();
        let known = Known {
            machine,
            statuses: of_machine(&statuses, machine),
            logs: &within,
            states: of_machine(&states, machine),
            performance: of_machine(&performance, machine),
            price: prices.get(&machine.name),
            alerts: raised.get(&machine.id).copied().unwrap_or(0),
        };
        let stays = stays(known.statuses, from, to);
        figures.machines.push(account(&known, &stays, from, to));
        figures.stays.push(stays);
        figures.works.extend(within.iter().map(|log| work(machine, log)));
        figures.wears.extend(wears::of_machine(of, &machine.name, known.states, logs));
    }
    figures.works.sort_by_key(|work| work.time);
    figures.plant = plant(&figures.machines);
    let name =
        |id: i64| machines.iter().find(|machine| machine.id == id).map_or(String::new(), |found| found.name.clone());
    figures.expected = predictions.into_iter().map(|prediction| (name(prediction.machine), prediction)).collect();
    notes(&mut figures, asked, &prices, &machines);
    advise(&mut figures, &prices, to);
    figures.wears.sort_by(nearest_first);
    Ok(figures)
}

fn by_machine<Row>(rows: Vec<Row>, machine: impl Fn(&Row) -> i64) -> BTreeMap<i64, Vec<Row>> {
    let mut by_machine: BTreeMap<i64, Vec<Row>> = BTreeMap::new();
    for row in rows {
        by_machine.entry(machine(&row)).or_default().push(row);
    }
    by_machine
}

fn of_machine<'a, Row>(rows: &'a BTreeMap<i64, Vec<Row>>, machine: &MachineRow) -> &'a [Row] {
    rows.get(&machine.id).map_or(&[], Vec::as_slice)
}

fn work(machine: &MachineRow, log: &LogRow) -> Work {
    Work {
        machine: machine.name.clone(),
        time: log.time,
        what: log.what.clone(),
        subject: log.subject.clone(),
        hours: log.hours,
        cost: log.cost,
    }
}

fn heading(asked: &Asked) -> Heading {
    Heading {
        period: asked.period,
        run: asked.run.name.clone(),
        title: asked.run.title.clone(),
        version: crate::VERSION.to_owned(),
        asked: asked.whole,
        from: asked.stretch.from,
        to: asked.stretch.to,
        notes: Vec::new(),
    }
}

/// What a reader should know before the figures.
fn notes(figures: &mut Figures, asked: &Asked, prices: &BTreeMap<String, Price>, machines: &[MachineRow]) {
    let mut notes = Vec::new();
    let (from, to) = (figures.heading.from, figures.heading.to);
    let (noun, (begin, end)) = (asked.period.noun(), asked.whole);
    if (begin, end) != (from, to) {
        notes.push(format!("The {noun} goes from {} to {}; the run has only this part of it.", when(begin), when(end)));
    }
    match asked.run.status.as_str() {
        "running" => notes.push(format!("The run has not ended; it is known up to {}.", when(asked.end))),
        "interrupted" => notes.push(format!("The run was interrupted at {}.", when(asked.end))),
        "failed" => notes.push(format!("The run failed after {}.", when(asked.end))),
        _ => {}
    }
    let unknown = machines.iter().filter(|machine| !prices.contains_key(&machine.name)).count();
    if unknown > 0 {
        notes.push(format!(
            "Of {unknown} machine{} the store has no readable machine file: downtime, energy and savings are not priced.",
            if unknown == 1 { "" } else { "s" }
        ));
    }
    let untold = figures.stays.iter().filter(|stays| stays.first().is_none_or(|stay| stay.from > from)).count();
    if untold > 0 {
        notes.push(format!(
            "The mode of {untold} machine{} is not known from the start on; hours count from where it is.",
            if untold == 1 { "" } else { "s" }
        ));
    }
    let metered = figures.wears.iter().flat_map(|wear| &wear.points).map(|point| point.0);
    let (first, last) = metered
        .filter(|time| (from..=to).contains(time))
        .fold((to, from), |(first, last), time| (first.min(time), last.max(time)));
    if figures.plant.energy_kwh.is_some() && first < last && (first, last) != (from, to) {
        notes.push(format!(
            "Energy is what meters ran on between the snapshots of {} and {}.",
            when(first),
            when(last)
        ));
    }
    figures.heading.notes = notes;
}

fn advise(figures: &mut Figures, prices: &BTreeMap<String, Price>, to: Time) {
    let evidence = Evidence {
        machines: &figures.machines,
        wears: &figures.wears,
        works: &figures.works,
        alarms: &figures.alarms,
        expected: &figures.expected,
        stays: &figures.stays,
        prices,
        to,
    };
    let (advice, nothing_more) = give(&evidence);
    (figures.advice, figures.nothing_more) = (advice, nothing_more);
}

/// What ends first stands first; what ends nowhere by how far it has come.
fn nearest_first(a: &WearFigure, b: &WearFigure) -> std::cmp::Ordering {
    let end = |wear: &WearFigure| wear.reaches.unwrap_or(Time(i64::MAX));
    end(a).cmp(&end(b)).then(b.value.total_cmp(&a.value))
}
