//! `history alerts`: the alerts of a run, or those that are open, with their course where it is asked for.

use super::arguments::{AlertsArgs, Form};
use super::sheet::{Entry, Sheet};
use super::{names, when};
use crate::{Trouble, store};
use serde_json::Value;
use twinwright_io::store::Link;
use twinwright_io::store::queries::alerts::{self, AlertRow, Transition, Which};
use twinwright_io::store::queries::{Stretch, machines};
use twinwright_io::store::runs::RunRow;

const HEADS: [&str; 12] = [
    "raised",
    "severity",
    "machine",
    "sensor",
    "rule",
    "status",
    "value",
    "threshold",
    "returned",
    "resolved",
    "alert",
    "message",
];
const STEPS: [&str; 8] = ["alert", "machine", "rule", "time", "what", "status", "by", "comment"];

/// More open alerts than any operator looks at: it bounds memory.
const MOST: i64 = 1_000_000;

pub fn answer(asked: &AlertsArgs) -> Result<String, Trouble> {
    super::work(&store::meant(asked.source.store.as_deref()), async |link| {
        let Some(run) = run_of(link, asked).await? else {
            let empty =
                "the store remembers no run yet, so it has no alerts; `twinwright run SCENARIO --store URL` writes one";
            return Sheet::new(&HEADS).answer(asked.format, empty);
        };
        let found = find(link, asked, &run).await?;
        if !asked.transitions {
            return sheet(&found).answer(asked.format, &empty(asked, &run));
        }
        let mut courses = Vec::new();
        for alert in &found {
            courses.push(alerts::course(link, alert.id).await?);
        }
        with_courses(asked, &run, &found, &courses)
    })
}

/// The run that is named, else the latest of the machine, else the latest.
async fn run_of(link: &mut Link, asked: &AlertsArgs) -> Result<Option<RunRow>, Trouble> {
    if let Some(run) = names::run(link, asked.source.run.as_deref()).await? {
        return Ok(Some(run));
    }
    if let Some(name) = &asked.machine {
        let machine = names::machine(link, name).await?;
        if let Some(run) = machines::latest_run_of(link, machine.id).await? {
            return Ok(Some(run));
        }
    }
    Ok(machines::latest_run(link).await?)
}

async fn find(link: &mut Link, asked: &AlertsArgs, run: &RunRow) -> Result<Vec<AlertRow>, Trouble> {
    let stretch = when::stretch(&asked.between, Some(run.start), Stretch::ALL)?;
    let machine = match &asked.machine {
        Some(name) => Some(names::machine(link, name).await?),
        None => None,
    };
    if let Some(rule) = &asked.rule {
        let mut known = machines::rules(link, run.id).await?;
        known.sort();
        if !known.is_empty() && !known.contains(rule) {
            return Err(names::unknown("rule of an alert", rule, &known));
        }
    }
    if !asked.open {
        let machine = machine.map(|machine| machine.id);
        let which = Which { run: run.id, machine, rule: asked.rule.clone(), stretch };
        return Ok(alerts::raised_in(link, &which).await?);
    }
    let mut found = alerts::active(link, run.id, MOST).await?;
    found.retain(|alert| {
        stretch.contains(alert.raised)
            && machine.as_ref().is_none_or(|machine| machine.name == alert.machine)
            && asked.rule.as_ref().is_none_or(|rule| *rule == alert.rule)
    });
    Ok(found)
}

fn empty(asked: &AlertsArgs, run: &RunRow) -> String {
    let filtered =
        asked.machine.is_some() || asked.rule.is_some() || asked.between.from.is_some() || asked.between.to.is_some();
    let (such, open) = (if filtered { " like this" } else { "" }, if asked.open { "open " } else { "" });
    format!("run {} has no {open}alerts{such}; `twinwright history runs` lists the runs for --run", run.name)
}

/// Alerts as a table.
pub fn sheet(alerts: &[AlertRow]) -> Sheet {
    let mut sheet = Sheet::new(&HEADS);
    for alert in alerts {
        sheet.row(vec![
            Entry::When(alert.raised),
            Entry::words(&alert.severity),
            Entry::words(&alert.machine),
            Entry::words(alert.sensor.as_deref().unwrap_or("")),
            Entry::words(&alert.rule),
            Entry::words(&alert.status),
            Entry::number(alert.value),
            Entry::number(alert.threshold),
            Entry::when(alert.returned),
            Entry::when(alert.resolved),
            Entry::words(&alert.uid),
            Entry::words(&alert.message),
        ]);
    }
    sheet
}

/// CSV gets a row a step; JSON the steps within their alerts; a page each alert with its steps below.
fn with_courses(
    asked: &AlertsArgs,
    run: &RunRow,
    found: &[AlertRow],
    courses: &[Vec<Transition>],
) -> Result<String, Trouble> {
    let steps = |alert: &AlertRow, course: &[Transition]| {
        let mut sheet = Sheet::new(&STEPS);
        course.iter().for_each(|step| sheet.row(step_of(alert, step)));
        sheet
    };
    match asked.format {
        Form::Csv => {
            let mut sheet = Sheet::new(&STEPS);
            for (alert, course) in found.iter().zip(courses) {
                course.iter().for_each(|step| sheet.row(step_of(alert, step)));
            }
            sheet.csv()
        }
        Form::Json => {
            let mut list = sheet(found).json();
            for ((entry, alert), course) in list.as_array_mut().into_iter().flatten().zip(found).zip(courses) {
                entry["transitions"] = steps(alert, course).json();
            }
            Ok(format!("{list:#}\n"))
        }
        Form::Text if found.is_empty() => Ok(format!("{}\n", empty(asked, run))),
        Form::Text => {
            let table = sheet(found).text();
            let mut lines = table.lines();
            let mut text = format!("{}\n", lines.next().unwrap_or(""));
            for (line, course) in lines.zip(courses) {
                text.extend([line, "\n"]);
                course.iter().for_each(|step| text.push_str(&step_line(step)));
            }
            Ok(text)
        }
    }
}

fn step_of(alert: &AlertRow, step: &Transition) -> Vec<Entry> {
    vec![
        Entry::words(&alert.uid),
        Entry::words(&alert.machine),
        Entry::words(&alert.rule),
        Entry::When(step.time),
        Entry::words(&step.what),
        Entry::words(&step.status),
        Entry::words(&step.by_whom),
        Entry::words(step.comment.as_deref().unwrap_or("")),
    ]
}

fn step_line(step: &Transition) -> String {
    let row = [Entry::When(step.time), Entry::words(&step.what), Entry::words(&step.by_whom)];
    let comment = step.comment.as_deref().map_or(String::new(), |comment| format!(": {}", super::sheet::tame(comment)));
    let [time, what, by_whom] = row.map(|entry| entry.shown());
    format!("    {time}  {what}, now {} (by {by_whom}){comment}\n", step.status)
}

/// Open alerts by severity, for a page in JSON.
pub fn json(alerts: &[AlertRow]) -> Value {
    sheet(alerts).json()
}
