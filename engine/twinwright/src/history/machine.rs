//! `history machine`: finds out which run and which time is meant, and answers with a page, a stretch, or all machines.

use super::arguments::{Form, MachineArgs};
use super::page::{self, Moment};
use super::{names, overview, stretch, when};
use crate::memory::{self, AsOf};
use crate::{Trouble, store};
use serde_json::Value;
use twinwright_io::store::Link;
use twinwright_io::store::queries::machines::{self, MachineRow};
use twinwright_io::store::queries::states::{self, Whose};
use twinwright_io::store::queries::{Stretch, alerts};
use twinwright_io::store::runs::RunRow;
use twinwright_model::{Span, Time};

/// A machine in a run, and how far that run came.
pub struct Subject {
    pub machine: MachineRow,
    pub run: RunRow,
    pub end: Time,
}

impl Subject {
    pub fn whose(&self) -> Whose {
        Whose { run: self.run.id, machine: self.machine.id }
    }
}

pub fn answer(asked: &MachineArgs) -> Result<String, Trouble> {
    let url = store::meant(asked.source.store.as_deref());
    let Some(name) = &asked.machine else { return all(&url, asked) };
    let subject = super::work(&url, async |link| subject(link, asked, name).await)?;
    if asked.between.from.is_some() || asked.between.to.is_some() {
        let all = Stretch { from: subject.run.start, to: subject.end };
        let asked_for = when::stretch(&asked.between, Some(subject.run.start), all)?;
        return super::work(&url, async |link| stretch::answer(link, &subject, asked_for, asked.format).await);
    }
    let at = at(asked, &subject)?;
    if asked.format == Form::Csv {
        return Err(Trouble::Input(
            "--format csv: a state is no table; expected text or json, or --from and --to".into(),
        ));
    }
    let exact = memory::as_of(&url, Some(&subject.run.name), at);
    let moment = super::work(&url, async |link| moment(link, &subject, at, exact).await)?;
    Ok(if asked.format == Form::Json {
        format!("{:#}\n", page::json(&subject, &moment))
    } else {
        page::text(&subject, &moment)
    })
}

fn all(url: &str, asked: &MachineArgs) -> Result<String, Trouble> {
    if asked.between.from.is_some() || asked.between.to.is_some() {
        return Err(Trouble::Input(
            "--from and --to: of which machine? such as `twinwright history machine P-101 --from '+1 d'`".into(),
        ));
    }
    let sheet = super::work(url, async |link| overview::sheet(link, asked.source.run.as_deref()).await)?;
    let empty = "the store knows no machine yet; `twinwright run SCENARIO --store URL` and \
                 `twinwright generate ... --to URL` write them";
    sheet.answer(asked.format, empty)
}

async fn subject(link: &mut Link, asked: &MachineArgs, name: &str) -> Result<Subject, Trouble> {
    let machine = names::machine(link, name).await?;
    let run = match names::run(link, asked.source.run.as_deref()).await? {
        Some(run) => Some(run),
        None => machines::latest_run_of(link, machine.id).await?,
    };
    let Some(run) = run else {
        return Err(Trouble::Input(format!(
            "{name}: the store has no run of this machine; `twinwright run SCENARIO --store URL` writes one, and \
             `twinwright history sensor {name}.SENSOR` shows its readings"
        )));
    };
    let reached = states::reached(link, Whose { run: run.id, machine: machine.id }).await?;
    match reached {
        Some(reached) => Ok(Subject { machine, end: run.end.unwrap_or(reached).max(run.start), run }),
        None => Err(Trouble::Input(format!(
            "{name}: run {} says nothing of this machine; without --run the latest that does is taken",
            run.name
        ))),
    }
}

/// The end of the run, or a time within it.
fn at(asked: &MachineArgs, subject: &Subject) -> Result<Time, Trouble> {
    let (start, end) = (subject.run.start, subject.end);
    let Some(text) = &asked.at else { return Ok(end) };
    let at = when::instant("--at", text, Some(start))?;
    if at < start || at > end {
        return Err(Trouble::Input(format!(
            "--at {text}: run {} does not come there; expected {} to {}",
            subject.run.name,
            when::shown(start),
            when::shown(end)
        )));
    }
    Ok(at)
}

async fn moment(link: &mut Link, subject: &Subject, at: Time, exact: Result<AsOf, Trouble>) -> Result<Moment, Trouble> {
    let whose = subject.whose();
    let (state, note) = state(link, subject, at, exact).await?;
    let (state_of, state) = state.map_or((None, Value::Null), |(time, state)| (Some(time), state));
    Ok(Moment {
        at,
        mode: states::mode_at(link, whose, at).await?,
        state_of,
        state,
        note,
        alerts: alerts::open_at(link, whose, at).await?,
        work: states::last_work(link, whose, at).await?,
        units: units(link, subject).await?,
    })
}

/// The exact state of the last tick up to an instant; where that cannot be had, what the checkpoint before it said, and why.
async fn state(
    link: &mut Link,
    subject: &Subject,
    at: Time,
    exact: Result<AsOf, Trouble>,
) -> Result<(Option<(Time, Value)>, Option<String>), Trouble> {
    let why = match exact {
        Ok(mut world) => match world.machines.iter_mut().find(|(machine, _)| *machine == subject.machine.name) {
            Some((_, state)) => return Ok((Some((world.time, state.take())), None)),
            None => "its run does not know it then".to_owned(),
        },
        Err(trouble) => trouble.to_string(),
    };
    Ok((states::state_at(link, subject.whose(), at).await?, Some(why)))
}

/// The units of a machine's sensors.
async fn units(link: &mut Link, subject: &Subject) -> Result<Vec<(String, String)>, Trouble> {
    let sensors = machines::sensors(link, &subject.machine).await?;
    Ok(sensors.into_iter().map(|sensor| (sensor.name, sensor.unit)).collect())
}

/// `1 d 2 h after the start`, for people who count from there.
pub fn after_start(subject: &Subject, time: Time) -> String {
    format!("+{}", Span(time.0.saturating_sub(subject.run.start.0)))
}
