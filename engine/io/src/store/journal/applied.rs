//! The steps of ISA-18.2 that people make, in the rows of an alert: for a store that no engine mirrors, and to refuse what cannot
//! be before an engine is asked.
//!
//! Each step that is made here carries the action that made it. The next engine hears the action at its first tick, makes
//! the same step in its own state, and finds the row there.

use super::actions;
use super::names::{key, or_else, plain};
use crate::outlets::trouble::OutletTrouble;
use crate::store::chronicle::Insert;
use crate::store::{Cell, Dialect, Link, Record};
use twinwright_model::Time;
use twinwright_model::live::{Action, Aim, AlertStatus, Ask, Hidden, Step};

/// Why something cannot be done, in one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub String);

/// What an action is aimed at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Target {
    pub run: i64,
    /// The site of its run; None for a run of a scenario.
    pub site: Option<String>,
    /// One alert, or those of a rule that are open.
    pub alerts: Vec<Standing>,
}

/// An alert as its row has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    id: i64,
    uid: String,
    status: AlertStatus,
    hidden: Option<Hidden>,
    acknowledged: bool,
    returned: bool,
    raised: Time,
    last_step: i64,
}

const STANDING: &str = "a.id, a.uid, a.status, a.suppressed_by, a.acknowledged_at, a.returned_at, a.raised_at, \
    (SELECT coalesce(max(t.number), 0) FROM alert_transitions t WHERE t.alert_id = a.id)";

/// Finds what is meant, within the caller's transaction, and holds it.
pub(super) async fn find(link: &mut Link, aim: &Aim) -> Result<Result<Target, Refused>, OutletTrouble> {
    let lock = if link.dialect() == Dialect::Postgres { " FOR UPDATE OF a" } else { "" };
    match aim {
        Aim::Alert(uid) => {
            let ask = format!("SELECT {STANDING}, a.run_id FROM alerts a WHERE a.uid = $1{lock}");
            let Some(row) = link.first(ask, &[key(uid).into()]).await? else {
                return Ok(Err(Refused(format!("{uid}: the store knows no such alert"))));
            };
            let run = row.int(8);
            let site = link.first("SELECT site FROM mirrors WHERE run_id = $1", &[run.into()]).await?;
            let site = site.map(|row| row.text(0).to_owned());
            Ok(Ok(Target { run, site, alerts: vec![standing(&row)] }))
        }
        Aim::Rule { machine, rule } => {
            let Some((run, site)) = run_of(link, machine).await? else {
                let why = format!("{machine}: no live run of this store has such a machine; rules are of live runs");
                return Ok(Err(Refused(why)));
            };
            let ask = format!(
                "SELECT {STANDING} FROM alerts a JOIN equipment e ON e.id = a.equipment_id \
                 JOIN mirrors m ON m.run_id = a.run_id WHERE e.name = $1 AND a.rule = $2 AND a.status <> 'resolved' \
                 AND m.site = $3 ORDER BY a.id{lock}"
            );
            let values: [Cell; 3] = [key(machine).into(), or_else(rule, "-").into(), (&site).into()];
            let alerts = link.all(ask, &values).await?.iter().map(standing).collect();
            Ok(Ok(Target { run, site: Some(site), alerts }))
        }
    }
}

/// The latest live run that has a machine, and its site.
async fn run_of(link: &mut Link, machine: &str) -> Result<Option<(i64, String)>, OutletTrouble> {
    for row in link.all("SELECT run_id, site FROM mirrors ORDER BY run_id DESC", &[]).await? {
        let has = "SELECT 1 FROM channels WHERE run_id = $1 AND machine = $2 LIMIT 1";
        if link.first(has, &[row.int(0).into(), plain(machine).into()]).await?.is_some() {
            return Ok(Some((row.int(0), row.text(1).to_owned())));
        }
    }
    Ok(None)
}

fn standing(row: &Record) -> Standing {
    let status = match row.text(2) {
        "acknowledged" => AlertStatus::Acknowledged,
        "resolved" => AlertStatus::Resolved,
        "suppressed" => AlertStatus::Suppressed,
        _ => AlertStatus::Active,
    };
    let hidden = match row.text(3) {
        "shelved" => Some(Hidden::Shelved),
        "design" => Some(Hidden::Design),
        "out_of_service" => Some(Hidden::OutOfService),
        _ => None,
    };
    Standing {
        id: row.int(0),
        uid: row.text(1).to_owned(),
        status,
        hidden,
        acknowledged: row.maybe_int(4).is_some(),
        returned: row.maybe_int(5).is_some(),
        raised: row.time(6).unwrap_or_default(),
        last_step: row.int(7),
    }
}

/// A step and how the alert stands after it.
pub(super) type Turn = (Step, Standing);

/// The steps that an action makes, by alert. None of a comment on a rule, or where nothing of the rule is open.
pub(super) fn steps(target: &Target, action: &Action) -> Result<Vec<Vec<Turn>>, Refused> {
    let by_rule = matches!(action.at, Aim::Rule { .. });
    if by_rule && !matches!(action.ask, Ask::OutOfService | Ask::InService) && target.alerts.is_empty() {
        return Err(Refused("no alert of this rule is open on that machine".to_owned()));
    }
    let turns = target.alerts.iter().map(|alert| turns(alert, action.ask));
    if by_rule {
        // Of several alerts those to which it applies.
        let some: Vec<Result<_, _>> = turns.collect();
        let none = some.iter().all(Result::is_err) && !matches!(action.ask, Ask::OutOfService | Ask::InService);
        return match (none, some.iter().find_map(|one| one.clone().err())) {
            (true, Some(refused)) => Err(refused),
            _ => Ok(some.into_iter().map(Result::unwrap_or_default).collect()),
        };
    }
    turns.collect()
}

fn turns(alert: &Standing, ask: Ask) -> Result<Vec<Turn>, Refused> {
    let refuse = |why: &str| Err(Refused(format!("{}: {why}", alert.uid)));
    let shown = |alert: &Standing| if alert.acknowledged { AlertStatus::Acknowledged } else { AlertStatus::Active };
    let mut after = alert.clone();
    after.hidden = None;
    if alert.status == AlertStatus::Resolved && ask != Ask::Comment {
        return refuse("this alert is resolved already");
    }
    let step = match ask {
        Ask::Comment => {
            after.hidden = alert.hidden;
            Step::Commented
        }
        Ask::Acknowledge if alert.acknowledged => return refuse("this alert is acknowledged already"),
        Ask::Acknowledge => {
            after.acknowledged = true;
            after.hidden = alert.hidden;
            after.status = if alert.hidden.is_some() { AlertStatus::Suppressed } else { AlertStatus::Acknowledged };
            if alert.returned && alert.hidden.is_none() {
                // Gone and acknowledged: nothing is left of it.
                let resolved = Standing { status: AlertStatus::Resolved, ..after.clone() };
                return Ok(vec![(Step::Acknowledged, after), (Step::Resolved, resolved)]);
            }
            Step::Acknowledged
        }
        Ask::Shelve { .. } => {
            (after.status, after.hidden) = (AlertStatus::Suppressed, Some(Hidden::Shelved));
            Step::Shelved
        }
        Ask::Unshelve if alert.hidden != Some(Hidden::Shelved) => return refuse("this alert is not shelved"),
        Ask::Unshelve => {
            after.status = shown(alert);
            Step::Unshelved
        }
        Ask::Resolve => {
            after.status = AlertStatus::Resolved;
            Step::Resolved
        }
        Ask::OutOfService if alert.hidden == Some(Hidden::OutOfService) => {
            return refuse("this alert's rule is out of service already");
        }
        Ask::OutOfService => {
            (after.status, after.hidden) = (AlertStatus::Suppressed, Some(Hidden::OutOfService));
            Step::Suppressed
        }
        Ask::InService if alert.hidden != Some(Hidden::OutOfService) => {
            return refuse("this alert's rule is not out of service");
        }
        Ask::InService => {
            after.status = shown(alert);
            Step::Unsuppressed
        }
    };
    Ok(vec![(step, after)])
}

/// Makes the steps in the rows, within the caller's transaction.
pub(super) async fn apply(link: &mut Link, target: &Target, action: &Action) -> Result<(), OutletTrouble> {
    actions::service(link, action).await?;
    let made = steps(target, action).map_err(|Refused(why)| OutletTrouble::Input(why))?;
    let columns = ["alert_id", "number", "time", "what", "status", "by_whom", "comment", "action"];
    let mut rows = Insert::into("alert_transitions", &columns, "");
    for (alert, turns) in target.alerts.iter().zip(made) {
        // An alert of a clock that goes ahead was raised after now.
        let time = action.asked.max(alert.raised);
        for (at, (step, after)) in turns.iter().enumerate() {
            rows.add([
                alert.id.into(),
                (alert.last_step + 1 + at as i64).into(),
                time.into(),
                step.name().into(),
                after.status.name().into(),
                or_else(&action.by, "-").into(),
                action.reason.as_deref().map(plain).filter(|_| at == 0).into(),
                key(&action.uid).into(),
            ]);
        }
        if let Some((_, after)) = turns.last() {
            change(link, alert, after, action, time).await?;
        }
    }
    rows.write(link).await
}

async fn change(
    link: &mut Link,
    alert: &Standing,
    after: &Standing,
    action: &Action,
    time: Time,
) -> Result<(), OutletTrouble> {
    let by = or_else(&action.by, "-");
    let mut set = vec!["status = $2".to_owned(), "suppressed_by = $3".to_owned()];
    let mut values: Vec<Cell> =
        vec![alert.id.into(), after.status.name().into(), after.hidden.map(Hidden::name).into()];
    let mut also = |column: &str, value: Cell| {
        values.push(value);
        set.push(format!("{column} = ${}", values.len()));
    };
    if after.acknowledged && !alert.acknowledged {
        also("acknowledged_at", time.into());
        also("acknowledged_by", (&by).into());
    }
    if after.status == AlertStatus::Resolved && alert.status != AlertStatus::Resolved {
        also("resolved_at", time.into());
        also("resolved_by", (&by).into());
    }
    if let Ask::Shelve { until } = action.ask {
        also("shelved_until", until.into());
        also("shelved_by", (&by).into());
        also("shelve_reason", plain(action.reason.as_deref().unwrap_or("")).into());
    }
    let statement = format!("UPDATE alerts SET {} WHERE id = $1", set.join(", "));
    link.run(statement, &values).await.map(|_| ())
}
