//! `alerts`: what an operator sees of a live plant's alerts and does about them, whether an engine mirrors the plant now or not.
//!
//! A living engine is asked, and what it made of it is shown; where there is none, the store's rows are changed at once and
//! the next engine hears of it. Nothing here prints.

pub mod arguments;
mod asked;
mod burden;
mod page;

use crate::Trouble;
use crate::store::{self, Answer};
use arguments::{AlertsArgs, AlertsCommand, ListArgs, ShowArgs};
use serde_json::json;
use twinwright_io::store::Link;
use twinwright_io::store::queries::board::{self, BoardRow, Shown};
use twinwright_io::store::queries::{Stretch, alerts};
use twinwright_model::{Time, names};

/// More alerts than anybody looks at: it bounds memory.
const MOST: i64 = 1_000_000;

/// Does what was asked; `now` is the instant that is noted down.
pub fn command(args: &AlertsArgs, now: Time) -> Result<Answer, Trouble> {
    match &args.command {
        AlertsCommand::List(args) => list(args),
        AlertsCommand::Show(args) => show(args),
        AlertsCommand::Kpi(args) => burden::burden(args),
        other => asked::ask(&asked::Wish::of(other, now)?, now),
    }
}

fn list(args: &ListArgs) -> Result<Answer, Trouble> {
    let shown = shown(args)?;
    let (mut alerts, out) = look(&args.which, async |link| {
        if board::latest_live(link).await?.is_none() {
            let store = link.name();
            return Err(Trouble::Input(format!(
                "{store}: no plant was mirrored into this store yet; `twinwright history alerts` shows those of simulated runs"
            )));
        }
        // What is left out of the list must not count.
        let all = args.machine.is_none() && args.rule.is_none();
        let most = if all { i64::from(args.last) } else { MOST };
        Ok((board::board(link, shown, most).await?, board::out_of_service(link).await?))
    })?;
    alerts.retain(|alert| {
        args.machine.as_ref().is_none_or(|machine| *machine == alert.machine)
            && args.rule.as_ref().is_none_or(|rule| *rule == alert.rule)
    });
    alerts.truncate(args.last as usize);
    Ok(Answer::fine(if args.which.json {
        let alerts: Vec<_> = alerts.iter().map(BoardRow::json).collect();
        let out: Vec<_> = out.iter().map(page::out_json).collect();
        format!("{:#}\n", json!({ "alerts": alerts, "out_of_service": out }))
    } else {
        page::list(&alerts, &out, shown)
    }))
}

/// Which alerts are meant.
fn shown(args: &ListArgs) -> Result<Shown, Trouble> {
    let wrong = |option: &str, text: &str, why: &str| {
        Trouble::Input(format!("{option} {text}: {why}; expected an instant such as 2026-02-01T06:00:00Z"))
    };
    let instant = |option: &str, text: &Option<String>, other: Time| match text {
        Some(text) => Time::parse(text).map_err(|why| wrong(option, text, &why)),
        None => Ok(other),
    };
    let from = instant("--from", &args.from, Stretch::ALL.from)?;
    let to = instant("--to", &args.to, Stretch::ALL.to)?;
    match (&args.from, &args.to) {
        (Some(from_text), Some(to_text)) if from >= to => {
            Err(wrong("--to", to_text, &format!("this is not after --from {from_text}")))
        }
        (None, None) if args.hidden => Ok(Shown::Hidden),
        (None, None) if !args.all => Ok(Shown::Open),
        _ => Ok(Shown::During(Stretch { from, to })),
    }
}

fn show(args: &ShowArgs) -> Result<Answer, Trouble> {
    let shown = look(&args.which, async |link| {
        let uid = uid(link, &args.alert).await?;
        told(link, &uid, args.which.json).await
    })?;
    Ok(Answer::fine(shown))
}

/// One alert with its course, for people or programs.
async fn told(link: &mut Link, uid: &str, as_json: bool) -> Result<String, Trouble> {
    let Some(alert) = board::one(link, uid).await? else { return Err(unknown(link, uid).await?) };
    let course = alerts::course(link, alert.id).await?;
    Ok(if as_json {
        let mut said = alert.json();
        said["course"] = course.iter().map(page::step_json).collect();
        format!("{said:#}\n")
    } else {
        page::one(&alert, &course)
    })
}

/// The uid that is meant.
async fn uid(link: &mut Link, asked: &str) -> Result<String, Trouble> {
    if asked.is_empty() || !asked.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(asked.to_owned());
    }
    let run = board::latest_live(link).await?;
    Ok(run.map_or(asked.to_owned(), |run| format!("{run}/{asked}")))
}

async fn unknown(link: &mut Link, uid: &str) -> Result<Trouble, Trouble> {
    let mut known: Vec<String> = Vec::new();
    for shown in [Shown::Open, Shown::Hidden, Shown::During(Stretch::ALL)] {
        known.extend(board::board(link, shown, 100).await?.into_iter().map(|alert| alert.uid));
    }
    let hint = match names::nearest(uid, known.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "it knows none at all".to_owned(),
        None => "`twinwright alerts list --all` shows them".to_owned(),
    };
    Ok(Trouble::Input(format!("{uid}: the store knows no such alert; {hint}")))
}

/// Work on a store as it is; its schema must be that of the program.
fn look<T>(
    which: &arguments::WhichArgs,
    doing: impl AsyncFnOnce(&mut Link) -> Result<T, Trouble>,
) -> Result<T, Trouble> {
    store::look(&store::meant(which.store.as_deref()), async |link| {
        link.schema().await?.must_be_current(link)?;
        doing(link).await
    })
}
