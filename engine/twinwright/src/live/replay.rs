//! `twinwright replay`: what a mirror heard is heard again. By itself that must come to the same states; with a changed file it
//! shows which alerts that file would have raised, and which not.

use super::arguments::ReplayArgs;
use super::engine::{Engine, Rhythm};
use super::recall;
use super::standing::mirrored;
use crate::library::{Kinds, read_document};
use crate::store::Answer;
use crate::{Trouble, store};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use twinwright_core::lookout::{Lookout, Said};
use twinwright_core::site::{SitePlan, compile};
use twinwright_io::store::Link;
use twinwright_io::store::journal::{Kept, Reader, checkpoint_before};
use twinwright_io::store::runs::RunRow;
use twinwright_model::journal::{Heard, Hearing};
use twinwright_model::live::{Aim, Channel, ChannelName, Measurement, Step};
use twinwright_model::{Span, Time};

/// Alerts further apart than this are not the same one.
const SAME: i64 = 10 * 60 * 1_000_000_000;
/// Neither states nor digests are kept here.
pub(super) const NEVER: Rhythm = Rhythm { checkpoint: u32::MAX, digest: u32::MAX };

/// An alert that was raised: machine, rule, sensor.
type Name = (String, String, String);
type Raised = BTreeMap<Name, Vec<Time>>;

/// What came of it.
#[derive(Debug, Default)]
struct Played {
    run: String,
    from: Option<Time>,
    to: Option<Time>,
    ticks: u64,
    readings: u64,
    /// Digests that the journal knows, and the first tick whose digest is another one.
    compared: u64,
    differs: Option<Time>,
    raised: Raised,
    /// With the changed file.
    otherwise: Option<Raised>,
}

/// Hears it again and says what came of it.
pub fn replay(args: &ReplayArgs) -> Result<Answer, Trouble> {
    let played = store::look(&args.store, async |link| {
        link.schema().await?.must_be_current(link)?;
        play(link, args).await
    })?;
    let text = if args.json { format!("{:#}\n", played.json()) } else { played.page() };
    Ok(Answer { text, fine: played.differs.is_none() })
}

async fn play(link: &mut Link, args: &ReplayArgs) -> Result<Played, Trouble> {
    let (row, site) = mirrored(link, args.run.as_deref()).await?;
    let (from, to) = (instant("--from", &args.from, row.start)?, instant("--to", &args.to, Time(i64::MAX))?);
    let kept = checkpoint_before(link, row.id, from).await?;
    let changed = match &args.with {
        Some(path) => {
            let kinds = Kinds::beside(path, args.machines.as_deref());
            Some(Arc::new(compile(&read_document(path)?, &kinds, row.start).map_err(Trouble::Files)?))
        }
        None => None,
    };
    Replay::new(&row, (from, to), &site, changed.as_ref(), kept.as_ref())?.go_through(link, &row, kept.as_ref()).await
}

pub(crate) fn instant(option: &str, text: &Option<String>, other: Time) -> Result<Time, Trouble> {
    match text {
        Some(text) => Time::parse(text).map_err(|why| {
            Trouble::Input(format!("{option} {text}: {why}; expected an instant such as 2026-02-01T06:00:00Z"))
        }),
        None => Ok(other),
    }
}

struct Replay {
    site: Arc<SitePlan>,
    engine: Engine,
    other: Option<Engine>,
    from: Time,
    to: Time,
    played: Played,
}

impl Replay {
    fn new(
        row: &RunRow,
        (from, to): (Time, Time),
        site: &Arc<SitePlan>,
        changed: Option<&Arc<SitePlan>>,
        kept: Option<&Kept>,
    ) -> Result<Replay, Trouble> {
        let engine = recall::stand(site, &row.name, kept, NEVER, Span(0))?;
        let other = match changed {
            Some(changed) => Some(otherwise(row, &engine, changed, kept)?),
            None => None,
        };
        let raised = changed.map(|_| Raised::new());
        let played = Played { run: row.name.clone(), otherwise: raised, ..Played::default() };
        Ok(Replay { site: site.clone(), engine, other, from, to, played })
    }

    async fn go_through(mut self, link: &mut Link, row: &RunRow, kept: Option<&Kept>) -> Result<Played, Trouble> {
        let digests = digests(link, row.id).await?;
        let last = link.first("SELECT max(number) FROM journal WHERE run_id = $1", &[row.id.into()]).await?;
        let last = last.and_then(|row| row.maybe_int(0)).map_or(0, i64::unsigned_abs);
        let mut reader = Reader::new(row.id, kept.map_or(0, |kept| kept.entry), last);
        while let Some((_, hearing)) = reader.next(link).await? {
            if self.engine.shows().is_some_and(|shows| shows >= self.to) {
                break;
            }
            self.hear(hearing, &digests);
        }
        Ok(self.played)
    }

    fn hear(&mut self, hearing: Hearing, digests: &BTreeMap<u32, String>) {
        let (from, to) = (self.from, self.to);
        self.played.readings += hearing.readings.len() as u64;
        if let Some(other) = &mut self.other {
            let raised = self.played.otherwise.get_or_insert_default();
            let hearing = mapped(&hearing, &self.engine, other);
            other.recall(hearing, Span(0), &mut |_, lookout, said| note(raised, lookout, said, (from, to)));
        }
        let (played, site) = (&mut self.played, &self.site);
        self.engine.recall(hearing, Span(0), &mut |tick, lookout, said| {
            let time = site.plan.time_of(i64::from(tick));
            played.ticks += 1;
            played.from.get_or_insert(time);
            played.to = Some(time);
            note(&mut played.raised, lookout, said, (from, to));
            if let Some(digest) = digests.get(&tick) {
                played.compared += 1;
                if format!("{:032x}", lookout.digest()) != *digest {
                    played.differs.get_or_insert(time);
                }
            }
        });
    }
}

/// The same state under the changed file.
fn otherwise(row: &RunRow, engine: &Engine, changed: &Arc<SitePlan>, kept: Option<&Kept>) -> Result<Engine, Trouble> {
    let Some(kept) = kept else { return recall::stand(changed, &row.name, None, NEVER, Span(0)) };
    let wrong = |why: String| Trouble::Input(format!("the state of {} does not go with this file: {why}", kept.time));
    let (_, state) = recall::parts(&kept.bytes).ok_or_else(|| wrong("it is cut short".to_owned()))?;
    let lookout = Lookout::restore(changed, &row.name, state).map_err(|error| wrong(error.to_string()))?;
    let mut other = Engine::new(changed, lookout, kept.entry + 1, NEVER, Span(0));
    let numbers = numbers(&other);
    other.wait_for_old(engine.waiting_readings(), |channel| numbers.get(engine.channel(channel)?).copied());
    Ok(other)
}

fn numbers(engine: &Engine) -> BTreeMap<ChannelName, Channel> {
    (0..).map_while(|number| Some((engine.channel(number)?.clone(), number))).collect()
}

/// An entry as the changed file numbers its channels. What was asked of single alerts has no meaning there.
fn mapped(hearing: &Hearing, engine: &Engine, other: &Engine) -> Hearing {
    let mut numbers = numbers(other);
    let newcomers: Vec<_> = hearing.newcomers.iter().filter(|one| !numbers.contains_key(&one.name)).cloned().collect();
    let known = numbers.len() as Channel;
    numbers.extend((known..).zip(&newcomers).map(|(number, one)| (one.name.clone(), number)));
    // Newcomers of this entry have no name in the engine yet: they follow its last channel.
    let named = (0..).take_while(|number| engine.channel(*number).is_some()).count();
    let name = |channel: Channel| {
        engine.channel(channel).or_else(|| hearing.newcomers.get(channel as usize - named).map(|one| &one.name))
    };
    let reading = |heard: &Heard| {
        let channel = *numbers.get(name(heard.measurement.channel)?)?;
        Some(Heard { measurement: Measurement { channel, ..heard.measurement }, ..*heard })
    };
    let of_rules =
        |(_, action): &&(u32, _)| matches!(action, twinwright_model::live::Action { at: Aim::Rule { .. }, .. });
    Hearing {
        newcomers,
        readings: hearing.readings.iter().filter_map(reading).collect(),
        actions: hearing.actions.iter().filter(of_rules).cloned().collect(),
        closed: hearing.closed,
    }
}

fn note(raised: &mut Raised, lookout: &Lookout, said: Said, (from, to): (Time, Time)) {
    let within = |time: Time| time >= from && time < to;
    for change in said
        .alerts
        .iter()
        .filter(|change| matches!(change.step, Step::Raised | Step::RaisedAgain) && within(change.time))
    {
        let alert = &change.alert;
        let machine = lookout.mirror().machine_name(alert.machine).to_owned();
        let name = (machine, alert.rule.clone(), alert.sensor.clone().unwrap_or_default());
        raised.entry(name).or_default().push(change.time);
    }
}

async fn digests(link: &mut Link, run: i64) -> Result<BTreeMap<u32, String>, Trouble> {
    let ask = "SELECT digest_tick, state_digest FROM journal WHERE run_id = $1 AND digest_tick IS NOT NULL";
    let rows = link.all(ask, &[run.into()]).await?;
    Ok(rows.iter().map(|row| (row.int(0) as u32, row.text(1).to_owned())).collect())
}

/// How the same alert went with the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Gained,
    Lost,
    Earlier(Span),
    Later(Span),
}

impl Turn {
    fn name(self) -> String {
        match self {
            Turn::Gained => "gained".to_owned(),
            Turn::Lost => "lost".to_owned(),
            Turn::Earlier(by) => format!("{by} earlier"),
            Turn::Later(by) => format!("{by} later"),
        }
    }
}

/// Pairs two lists of instants in order; what has no partner nearby is gained or lost.
fn turns(before: &[Time], after: &[Time]) -> Vec<(Time, Turn)> {
    let (mut a, mut b) = (0, 0);
    let mut turns = Vec::new();
    loop {
        match (before.get(a), after.get(b)) {
            (None, None) => return turns,
            (Some(old), Some(new)) if (new.0 - old.0).abs() <= SAME => {
                let by = Span((new.0 - old.0).abs());
                if new != old {
                    turns.push((*old, if new < old { Turn::Earlier(by) } else { Turn::Later(by) }));
                }
                (a, b) = (a + 1, b + 1);
            }
            (Some(old), new) if new.is_none_or(|new| old < new) => {
                turns.push((*old, Turn::Lost));
                a += 1;
            }
            (_, Some(new)) => {
                turns.push((*new, Turn::Gained));
                b += 1;
            }
            (Some(_), None) => return turns,
        }
    }
}

impl Played {
    /// What the changed file would have done, alert by alert.
    fn changes(&self) -> Vec<(Time, &Name, Turn)> {
        let Some(otherwise) = &self.otherwise else { return Vec::new() };
        let names: std::collections::BTreeSet<&Name> = self.raised.keys().chain(otherwise.keys()).collect();
        let none = Vec::new();
        let mut changes: Vec<(Time, &Name, Turn)> = names
            .into_iter()
            .flat_map(|name| {
                let (before, after) = (self.raised.get(name).unwrap_or(&none), otherwise.get(name).unwrap_or(&none));
                turns(before, after).into_iter().map(move |(time, turn)| (time, name, turn))
            })
            .collect();
        changes.sort_by_key(|(time, name, _)| (*time, *name));
        changes
    }

    fn count(raised: &Raised) -> usize {
        raised.values().map(Vec::len).sum()
    }

    fn page(&self) -> String {
        let at = |time: Option<Time>| time.map_or("-".to_owned(), |time| time.to_string());
        let mut page = format!(
            "{}: {} to {}, {} ticks, {} readings\n",
            self.run,
            at(self.from),
            at(self.to),
            self.ticks,
            self.readings
        );
        let _ = match self.differs {
            Some(time) => writeln!(page, "the state of {time} is not the one that was mirrored"),
            None => writeln!(page, "{} of {} digests of states are the same", self.compared, self.compared),
        };
        let Some(otherwise) = &self.otherwise else { return page };
        let (was, would) = (Played::count(&self.raised), Played::count(otherwise));
        let changes = self.changes();
        let of = |wanted: fn(Turn) -> bool| changes.iter().filter(|(_, _, turn)| wanted(*turn)).count();
        let _ = writeln!(
            page,
            "with the changed file {would} alerts instead of {was}: {} gained, {} lost, {} earlier, {} later",
            of(|turn| turn == Turn::Gained),
            of(|turn| turn == Turn::Lost),
            of(|turn| matches!(turn, Turn::Earlier(_))),
            of(|turn| matches!(turn, Turn::Later(_)))
        );
        for (time, (machine, rule, sensor), turn) in changes {
            let (machine, rule, sensor) =
                (super::screen::plain(machine), super::screen::plain(rule), super::screen::plain(sensor));
            let _ = writeln!(page, "  {time}  {machine}  {rule}  {sensor}  {}", turn.name());
        }
        page
    }

    fn json(&self) -> serde_json::Value {
        let at = |time: Option<Time>| time.map(|time| time.to_string());
        let changes: Vec<_> = self
            .changes()
            .into_iter()
            .map(|(time, (machine, rule, sensor), turn)| {
                json!({ "time": time.to_string(), "machine": machine, "rule": rule, "sensor": sensor, "turn": turn.name() })
            })
            .collect();
        json!({
            "run": self.run, "from": at(self.from), "to": at(self.to), "ticks": self.ticks, "readings": self.readings,
            "digests": self.compared, "differs_at": at(self.differs), "alerts": Played::count(&self.raised),
            "alerts_with": self.otherwise.as_ref().map(Played::count), "changes": changes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_paired_in_order() {
        let times = |seconds: &[i64]| seconds.iter().map(|s| Time(s * 1_000_000_000)).collect::<Vec<_>>();
        let span = |seconds: i64| Span(seconds * 1_000_000_000);
        type Case<'a> = (&'a [i64], &'a [i64], &'a [(i64, Turn)]);
        let cases: [Case<'_>; 5] = [
            (&[10, 2_000], &[10, 2_000], &[]),
            (&[10], &[4], &[(10, Turn::Earlier(span(6)))]),
            (&[10, 2_000], &[2_060], &[(10, Turn::Lost), (2_000, Turn::Later(span(60)))]),
            (&[], &[7], &[(7, Turn::Gained)]),
            (&[9_000], &[1, 5_000], &[(1, Turn::Gained), (5_000, Turn::Gained), (9_000, Turn::Lost)]),
        ];
        for (before, after, turns_wanted) in cases {
            let wanted: Vec<_> = turns_wanted.iter().map(|(s, turn)| (Time(s * 1_000_000_000), *turn)).collect();
            assert_eq!(turns(&times(before), &times(after)), wanted, "{before:?} {after:?}");
        }
    }
}
