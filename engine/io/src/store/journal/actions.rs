//! What people ask of alerts and rules, on its way to the engine: rows that are written once, heard at one tick, and kept.
//!
//! A living engine hears them from here. Where none is, [`ask`] makes the step in the alert's own row at once, and the
//! engine hears of it when it starts.

use super::applied::{self, Refused};
use super::lease::{self, Living};
use super::names::{key, or_else, plain};
use crate::outlets::trouble::OutletTrouble;
use crate::store::chronicle::take_turn;
use crate::store::ledger::{self, Deed};
use crate::store::{Cell, Link, Record};
use serde_json::json;
use twinwright_model::Time;
use twinwright_model::live::{Action, Aim, Ask};

/// Actions that an engine takes at once.
const MOST: i64 = 1_000;

/// What became of an action.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// An engine mirrors the site and will hear it.
    Waits(Living),
    /// No engine is there: the rows say it already.
    Done,
}

/// How the row of an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Waiting,
    /// Done in the rows, and not heard by an engine yet.
    Applied,
    Taken,
}

pub(super) fn name(ask: Ask) -> &'static str {
    match ask {
        Ask::Acknowledge => "acknowledge",
        Ask::Comment => "comment",
        Ask::Shelve { .. } => "shelve",
        Ask::Unshelve => "unshelve",
        Ask::Resolve => "resolve",
        Ask::OutOfService => "out_of_service",
        Ask::InService => "in_service",
    }
}

/// Asks for something, in one transaction with a row of the audit log. The same uid asked again changes nothing. The
/// inner error says why it cannot be: nothing is written then.
pub async fn ask(link: &mut Link, action: &Action) -> Result<Result<Asked, Refused>, OutletTrouble> {
    link.begin().await?;
    let done = ask_within(link, action).await;
    match done {
        Ok(Ok(asked)) => link.commit().await.map(|()| Ok(asked)),
        other => {
            // What went wrong first is what is told.
            let _ = link.roll_back().await;
            other
        }
    }
}

async fn ask_within(link: &mut Link, action: &Action) -> Result<Result<Asked, Refused>, OutletTrouble> {
    // An engine that begins now comes before or after all of this.
    take_turn(link).await?;
    let target = match applied::find(link, &action.at).await? {
        Ok(target) => target,
        Err(refused) => return Ok(Err(refused)),
    };
    let living = match &target.site {
        Some(site) => lease::living(link, site).await?,
        None => None,
    };
    let state = match (&living, &target.site) {
        (Some(_), _) => "waiting",
        (None, Some(_)) => "applied",
        // No engine will ever ask for it.
        (None, None) => "taken",
    };
    if insert(link, action, target.run, state).await? {
        if let Err(refused) = applied::steps(&target, action) {
            return Ok(Err(refused));
        }
        if living.is_none() {
            applied::apply(link, &target, action).await?;
        }
        note(link, action).await?;
    }
    Ok(Ok(living.map_or(Asked::Done, Asked::Waits)))
}

/// Writes the row; false where the same action was asked before.
async fn insert(link: &mut Link, action: &Action, run: i64, state: &'static str) -> Result<bool, OutletTrouble> {
    let make = "INSERT INTO actions (uid, run_id, alert, machine, rule, ask, by_whom, reason, until, asked_at, state) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (uid) DO NOTHING";
    let (alert, machine, rule) = match &action.at {
        Aim::Alert(uid) => (Some(plain(uid)), None, None),
        Aim::Rule { machine, rule } => (None, Some(plain(machine)), Some(plain(rule))),
    };
    let until = if let Ask::Shelve { until } = action.ask { Some(until) } else { None };
    let values: [Cell; 11] = [
        key(&action.uid).into(),
        run.into(),
        alert.into(),
        machine.into(),
        rule.into(),
        name(action.ask).into(),
        or_else(&action.by, "-").into(),
        action.reason.as_deref().map(plain).into(),
        until.into(),
        action.asked.into(),
        state.into(),
    ];
    Ok(link.run(make, &values).await? == 1)
}

async fn note(link: &mut Link, action: &Action) -> Result<(), OutletTrouble> {
    let subject = match &action.at {
        Aim::Alert(uid) => plain(uid),
        Aim::Rule { machine, rule } => plain(&format!("{machine} {rule}")),
    };
    let (by, reason) = (plain(&action.by), action.reason.as_deref().map(plain));
    let until = if let Ask::Shelve { until } = action.ask { Some(until.to_string()) } else { None };
    let after = json!({ "action": key(&action.uid), "until": until });
    let deed = Deed {
        who: &by,
        action: name(action.ask),
        subject: &subject,
        after: Some(&after),
        reason: reason.as_deref(),
        source: Some("twinwright alerts"),
        ..Deed::default()
    };
    ledger::append_audit(link, action.asked, &deed).await.map(|_| ())
}

/// How an action stands; None where it was never asked.
pub async fn state(link: &mut Link, uid: &str) -> Result<Option<State>, OutletTrouble> {
    let found = link.first("SELECT state FROM actions WHERE uid = $1", &[key(uid).into()]).await?;
    Ok(found.map(|row| match row.text(0) {
        "waiting" => State::Waiting,
        "applied" => State::Applied,
        _ => State::Taken,
    }))
}

/// What no engine of a site has heard.
pub(super) async fn waiting(link: &mut Link, site: &str) -> Result<Vec<Action>, OutletTrouble> {
    let ask = "SELECT a.uid, a.alert, a.machine, a.rule, a.ask, a.by_whom, a.reason, a.until, a.asked_at FROM actions a \
               JOIN mirrors m ON m.run_id = a.run_id WHERE a.state IN ('waiting', 'applied') AND m.site = $1 \
               ORDER BY a.id LIMIT $2";
    let rows = link.all(ask, &[site.into(), MOST.into()]).await?;
    Ok(rows.iter().filter_map(action).collect())
}

fn action(row: &Record) -> Option<Action> {
    let ask = match row.text(4) {
        "acknowledge" => Ask::Acknowledge,
        "comment" => Ask::Comment,
        "shelve" => Ask::Shelve { until: row.time(7)? },
        "unshelve" => Ask::Unshelve,
        "resolve" => Ask::Resolve,
        "out_of_service" => Ask::OutOfService,
        "in_service" => Ask::InService,
        _ => return None,
    };
    let at = match row.maybe_text(1) {
        Some(uid) => Aim::Alert(uid.to_owned()),
        None => Aim::Rule { machine: row.text(2).to_owned(), rule: row.text(3).to_owned() },
    };
    Some(Action {
        uid: row.text(0).to_owned(),
        at,
        ask,
        by: row.text(5).to_owned(),
        reason: row.maybe_text(6).map(str::to_owned),
        asked: row.time(8).unwrap_or(Time(0)),
    })
}

/// Notes that ticks heard these, within the caller's transaction, and which rules are out of service since.
pub(super) async fn taken(link: &mut Link, heard: &[(u32, Action)]) -> Result<(), OutletTrouble> {
    for (tick, action) in heard {
        let take = "UPDATE actions SET state = 'taken', taken_tick = $2 WHERE uid = $1 AND state <> 'taken'";
        link.run(take, &[key(&action.uid).into(), (*tick).into()]).await?;
        service(link, action).await?;
    }
    Ok(())
}

/// Keeps the list of what is out of service.
pub(super) async fn service(link: &mut Link, action: &Action) -> Result<(), OutletTrouble> {
    if !matches!(action.ask, Ask::OutOfService | Ask::InService) {
        return Ok(());
    }
    let found = match &action.at {
        Aim::Alert(uid) => {
            let whose = "SELECT equipment_id, rule FROM alerts WHERE uid = $1";
            link.first(whose, &[key(uid).into()]).await?.map(|row| (row.int(0), row.text(1).to_owned()))
        }
        Aim::Rule { machine, rule } => {
            let whose = "SELECT id FROM equipment WHERE name = $1";
            link.first(whose, &[key(machine).into()]).await?.map(|row| (row.int(0), or_else(rule, "-")))
        }
    };
    let Some((machine, rule)) = found else { return Ok(()) };
    let rule = key(&rule);
    if action.ask == Ask::InService {
        let drop = "DELETE FROM out_of_service WHERE equipment_id = $1 AND rule = $2";
        return link.run(drop, &[machine.into(), rule.into()]).await.map(|_| ());
    }
    let make = "INSERT INTO out_of_service (equipment_id, rule, since, by_whom, reason) VALUES ($1, $2, $3, $4, $5) \
                ON CONFLICT (equipment_id, rule) DO NOTHING";
    let values: [Cell; 5] = [
        machine.into(),
        rule.into(),
        action.asked.into(),
        or_else(&action.by, "engine").into(),
        action.reason.as_deref().map(plain).into(),
    ];
    link.run(make, &values).await.map(|_| ())
}
