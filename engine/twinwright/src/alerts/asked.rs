//! What people ask of alerts, from the command line into the store, and what became of it.

use super::arguments::{AlertsCommand, ByArgs, WhichArgs};
use super::{told, uid};
use crate::Trouble;
use crate::store::{self, Answer};
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};
use twinwright_core::files::units;
use twinwright_io::store::Link;
use twinwright_io::store::journal::actions::{self, Asked, State};
use twinwright_io::store::journal::applied::Refused;
use twinwright_io::store::queries::board;
use twinwright_model::Time;
use twinwright_model::live::{Action, Aim, Ask};

/// How long a living engine is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Letters of what people write at most.
const LONGEST: usize = 2_000;

/// Something that is asked, read and checked.
#[derive(Debug)]
pub(super) struct Wish {
    which: WhichArgs,
    at: Aim,
    ask: Ask,
    by: String,
    reason: Option<String>,
}

impl Wish {
    /// What a command asks.
    pub fn of(command: &AlertsCommand, now: Time) -> Result<Wish, Trouble> {
        let alert = |uid: &String| Aim::Alert(uid.clone());
        let rule = |machine: &String, rule: &String| Aim::Rule { machine: machine.clone(), rule: rule.clone() };
        let some = |text: &String| Some(text.clone());
        let (which, by, at, ask, reason) = match command {
            AlertsCommand::Ack(a) => (&a.which, &a.by, alert(&a.alert), Ask::Acknowledge, a.reason.clone()),
            AlertsCommand::Unshelve(a) => (&a.which, &a.by, alert(&a.alert), Ask::Unshelve, a.reason.clone()),
            AlertsCommand::Resolve(a) => (&a.which, &a.by, alert(&a.alert), Ask::Resolve, a.reason.clone()),
            AlertsCommand::Comment(a) => (&a.which, &a.by, alert(&a.alert), Ask::Comment, some(&a.text)),
            AlertsCommand::Shelve(a) => {
                let until = end(a.lasts.as_deref(), a.until.as_deref(), now)?;
                (&a.which, &a.by, alert(&a.alert), Ask::Shelve { until }, some(&a.reason))
            }
            AlertsCommand::OutOfService(a) => {
                (&a.which, &a.by, rule(&a.machine, &a.rule), Ask::OutOfService, some(&a.reason))
            }
            AlertsCommand::InService(a) => {
                (&a.which, &a.by, rule(&a.machine, &a.rule), Ask::InService, a.reason.clone())
            }
            AlertsCommand::List(_) | AlertsCommand::Show(_) | AlertsCommand::Kpi(_) => {
                return Err(Trouble::Input("alerts: this asks for nothing".to_owned()));
            }
        };
        let needs = matches!(ask, Ask::Comment | Ask::Shelve { .. } | Ask::OutOfService);
        let reason = said("--reason", reason, needs)?;
        Ok(Wish { which: which.clone(), at, ask, by: who(by)?, reason })
    }
}

/// A text that people wrote: not empty where it is needed, and nothing that no database holds.
fn said(option: &str, text: Option<String>, needed: bool) -> Result<Option<String>, Trouble> {
    let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    match text {
        None if needed => Err(Trouble::Input(format!("{option}: expected a few words that say why"))),
        Some(text) if text.contains('\0') || text.chars().count() > LONGEST => {
            let count = text.chars().count();
            Err(Trouble::Input(format!("{option}: {count} letters; expected at most {LONGEST}, and no zero bytes")))
        }
        text => Ok(text),
    }
}

/// Whoever asks must have a name.
fn who(by: &ByArgs) -> Result<String, Trouble> {
    let name = match &by.by {
        Some(name) => Some(name.clone()),
        None => std::env::var("USER").ok(),
    };
    let none = || Trouble::Input("--by: who asks? expected a name, and $USER has none".to_owned());
    said("--by", name, false)?.ok_or_else(none)
}

fn end(lasts: Option<&str>, until: Option<&str>, now: Time) -> Result<Time, Trouble> {
    if let Some(text) = lasts {
        let wrong = |why: String| Trouble::Input(format!("--for {text}: {why}; expected such as `2 h`"));
        let span = units::parse_span(text).map_err(|fault| wrong(fault.message))?;
        if span.0 <= 0 {
            return Err(wrong("this is no time at all".to_owned()));
        }
        return Ok(Time(now.0.saturating_add(span.0)));
    }
    let text = until.unwrap_or_default();
    let wrong = |why: String| Trouble::Input(format!("--until {text}: {why}; expected an instant such as {now}"));
    let until = Time::parse(text).map_err(wrong)?;
    if until <= now { Err(wrong("this has passed already".to_owned())) } else { Ok(until) }
}

/// Asks, waits for a living engine to answer, and shows what the alert is then.
pub(super) fn ask(wish: &Wish, now: Time) -> Result<Answer, Trouble> {
    let url = store::meant(wish.which.store.as_deref());
    // A store that is not there, or older than the program, has no alerts.
    store::look(&url, async |link| Ok(link.schema().await?.must_be_current(link)?))?;
    store::work(&url, async |link| {
        let at = match &wish.at {
            Aim::Alert(asked) => Aim::Alert(uid(link, asked).await?),
            rule => rule.clone(),
        };
        if let Aim::Alert(uid) = &at
            && board::one(link, uid).await?.is_none()
        {
            return Err(super::unknown(link, uid).await?);
        }
        let action = Action {
            uid: fresh_uid(),
            at,
            ask: wish.ask,
            by: wish.by.clone(),
            reason: wish.reason.clone(),
            asked: now,
        };
        match actions::ask(link, &action).await? {
            Err(Refused(why)) => Err(Trouble::No(vec![why])),
            Ok(Asked::Done) => answer(link, wish, &action, true).await,
            Ok(Asked::Waits(_)) => {
                let heard = wait(link, &action).await?;
                answer(link, wish, &action, heard).await
            }
        }
    })
}

fn fresh_uid() -> String {
    [0u8, 1].map(|part| format!("{:016x}", RandomState::new().hash_one(part))).concat()
}

/// Whether the engine has heard it in time.
async fn wait(link: &mut Link, action: &Action) -> Result<bool, Trouble> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if actions::state(link, &action.uid).await? == Some(State::Taken) {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(false)
}

async fn answer(link: &mut Link, wish: &Wish, action: &Action, heard: bool) -> Result<Answer, Trouble> {
    if !heard {
        let seconds = PATIENCE.as_secs();
        return Ok(Answer {
            text: format!(
                "it is noted down, but the engine has not heard it within {seconds} s; it will when it goes on\n"
            ),
            fine: false,
        });
    }
    match &action.at {
        Aim::Alert(uid) => Ok(Answer::fine(told(link, uid, wish.which.json).await?)),
        Aim::Rule { .. } => {
            let out = board::out_of_service(link).await?;
            Ok(Answer::fine(super::page::service(&out, wish.which.json)))
        }
    }
}
