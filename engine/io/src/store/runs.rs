//! The rows of `runs`: which runs a store remembers, found by name or by what they ran.

use super::cell::Record;
use super::{Cell, Link};
use crate::outlets::trouble::OutletTrouble;
use serde_json::Value;
use twinwright_model::{Span, Time};

/// What is known of a run when it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct RunHeading {
    /// `scenario` or `live`
    pub kind: &'static str,
    /// The file's stem: names are made of it.
    pub scenario: String,
    pub title: String,
    /// The scenario or site file, whole.
    pub document: String,
    /// What the command line said otherwise, as an object.
    pub changes: Value,
    pub study: Option<String>,
    pub variant: Option<String>,
    pub seed: i64,
    pub futures: u32,
    pub machines: u32,
    pub start: Time,
    pub tick: Span,
    /// 32 hexadecimal digits.
    pub plan_digest: String,
    pub version: String,
    pub command: String,
    /// By the clock on the wall.
    pub began: Time,
}

/// A run as the store has it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    pub id: i64,
    pub name: String,
    pub kind: String,
    pub scenario: String,
    pub title: String,
    pub document: String,
    pub changes: Value,
    pub study: Option<String>,
    pub variant: Option<String>,
    pub seed: i64,
    pub futures: i64,
    pub machines: i64,
    pub start: Time,
    /// The instant of its last tick; None while it runs.
    pub end: Option<Time>,
    pub tick: Span,
    pub plan_digest: String,
    pub state_digest: Option<String>,
    pub version: String,
    pub command: String,
    /// `running`, `finished`, `interrupted` or `failed`
    pub status: String,
    pub began: Time,
    pub ended: Option<Time>,
}

const COLUMNS: &str = "id, name, kind, scenario, title, document, changes, study, variant, seed, futures, machines, \
                       start_time, end_time, tick_ns, plan_digest, state_digest, version, command, status, began_at, ended_at";

impl RunRow {
    fn of(record: &Record) -> RunRow {
        let text = |place: usize| record.text(place).to_owned();
        let maybe = |place: usize| record.maybe_text(place).map(str::to_owned);
        RunRow {
            id: record.int(0),
            name: text(1),
            kind: text(2),
            scenario: text(3),
            title: text(4),
            document: text(5),
            changes: record.json(6),
            study: maybe(7),
            variant: maybe(8),
            seed: record.int(9),
            futures: record.int(10),
            machines: record.int(11),
            start: record.time(12).unwrap_or(Time(0)),
            end: record.time(13),
            tick: Span(record.int(14)),
            plan_digest: text(15),
            state_digest: maybe(16),
            version: text(17),
            command: text(18),
            status: text(19),
            began: record.time(20).unwrap_or(Time(0)),
            ended: record.time(21),
        }
    }
}

/// Makes the row of a run that begins, within the caller's transaction if there is one. Its name is the scenario's and the
/// first number that is free: `pumps-year-3`. Answers its id and name.
pub async fn begin(link: &mut Link, heading: &RunHeading) -> Result<(i64, String), OutletTrouble> {
    // Names that end in a number of their own (`shift-2`) cannot meet: the whole name is compared.
    let taken = "SELECT count(*) FROM runs WHERE scenario = $1";
    let mut number = link.first(taken, &[(&heading.scenario).into()]).await?.map_or(0, |row| row.int(0)) + 1;
    loop {
        let name = format!("{}-{number}", heading.scenario);
        let make = "INSERT INTO runs (name, kind, scenario, title, document, changes, study, variant, seed, futures, machines, \
                    start_time, tick_ns, plan_digest, version, command, began_at) \
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
                    ON CONFLICT (name) DO NOTHING RETURNING id";
        let values: [Cell; 17] = [
            (&name).into(),
            heading.kind.into(),
            (&heading.scenario).into(),
            (&heading.title).into(),
            (&heading.document).into(),
            heading.changes.clone().into(),
            heading.study.clone().into(),
            heading.variant.clone().into(),
            heading.seed.into(),
            heading.futures.into(),
            heading.machines.into(),
            heading.start.into(),
            heading.tick.0.into(),
            (&heading.plan_digest).into(),
            (&heading.version).into(),
            (&heading.command).into(),
            heading.began.into(),
        ];
        if let Some(row) = link.first(make, &values).await? {
            return Ok((row.int(0), name));
        }
        number += 1;
    }
}

/// All runs, the latest first.
pub async fn list(link: &mut Link) -> Result<Vec<RunRow>, OutletTrouble> {
    let ask = format!("SELECT {COLUMNS} FROM runs ORDER BY id DESC");
    Ok(link.all(ask, &[]).await?.iter().map(RunRow::of).collect())
}

/// The run of a name.
pub async fn named(link: &mut Link, name: &str) -> Result<Option<RunRow>, OutletTrouble> {
    let ask = format!("SELECT {COLUMNS} FROM runs WHERE name = $1");
    Ok(link.first(ask, &[name.into()]).await?.as_ref().map(RunRow::of))
}

/// The latest run of a plan.
pub async fn latest_of_plan(link: &mut Link, plan_digest: &str) -> Result<Option<RunRow>, OutletTrouble> {
    let ask = format!("SELECT {COLUMNS} FROM runs WHERE plan_digest = $1 ORDER BY id DESC LIMIT 1");
    Ok(link.first(ask, &[plan_digest.into()]).await?.as_ref().map(RunRow::of))
}

/// The latest run of all.
pub async fn latest(link: &mut Link) -> Result<Option<RunRow>, OutletTrouble> {
    let ask = format!("SELECT {COLUMNS} FROM runs ORDER BY id DESC LIMIT 1");
    Ok(link.first(ask, &[]).await?.as_ref().map(RunRow::of))
}
