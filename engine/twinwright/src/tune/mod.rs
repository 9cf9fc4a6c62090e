//! `twinwright tune`: the alarm laboratory. Streams that were made or recorded go through a plant's alert rules; settings around the
//! present ones are tried on the first part of the time, and what is proposed is verified, in the whole site, on the rest.

pub mod arguments;
mod limits;
mod page;
mod proposal;
mod simulate;
mod stored;
mod subject;
mod tape;
#[cfg(test)]
mod tests;
mod trial;

use crate::Trouble;
use crate::library::read_document;
use crate::store::Answer;
use crate::store::progress::Progress;
use arguments::TuneArgs;
use limits::Limits;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use subject::Subject;
use tape::Recording;
use trial::Course;
use twinwright_core::Document;
use twinwright_core::alerts::kpi::{Kpi, kpi};
use twinwright_core::site::SitePlan;
use twinwright_core::tuning::{Candidate, Grid, Ledger, Wishes, candidates, choose};
use twinwright_io::RunFolder;
use twinwright_model::time::SECOND;
use twinwright_model::{Span, Time, units};

const MINUTE: i64 = 60 * SECOND;
/// A missed fault weighs as much as so many calls for nothing.
const MISSED: f64 = 10.0;
/// Machines whose noise is made to creep through a limit.
const CREEPING: usize = 4;

/// What is looked through around each present setting.
fn grid() -> Grid {
    let delays = [0, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE];
    Grid { limits: vec![-2.0, -1.0, 1.0, 2.0, 4.0], deadbands: vec![1.0, 2.0, 4.0, 8.0], delays: delays.to_vec() }
}

/// One limit before and after, on the time that nothing was chosen by.
struct Tuned {
    limits: Limits,
    all: Vec<Candidate>,
    chosen: Candidate,
    noise: f64,
    /// In the whole site, on the unseen time.
    before: Ledger,
    after: Ledger,
}

/// All that is known in the end.
struct Outcome {
    subject: String,
    rules: String,
    labelled: bool,
    readings: usize,
    machines: usize,
    /// From the start over the end of the learning to the end.
    times: [Time; 3],
    tuned: Vec<Tuned>,
    before: Kpi,
    after: Kpi,
    out: PathBuf,
}

/// Tunes, writes the folder, and says what came of it.
pub fn tune(args: &TuneArgs) -> Result<Answer, Trouble> {
    let wishes = wishes(args)?;
    let rules = read_document(&args.rules)?;
    let subject = Subject::find(args, &rules)?;
    let progress = Progress::new();
    let site = trial::without_floods(subject.site(&rules)?);
    let recording = subject.record(&site, args, &progress)?;
    if recording.tape.len() == 0 {
        let why = "none of its machines and sensors are in what was simulated or recorded";
        return Err(Trouble::Input(format!("{}: {why}; machines may be left out", args.rules.display())));
    }
    let times = times(&site, recording.tape.ticks, args.fit)?;
    let found = propose(&site, &recording, times, &wishes, &progress);
    let changes: Vec<_> =
        found.iter().map(|one| (&one.0, one.0.with(&one.2.setting))).filter(|(own, plan)| own.plan != *plan).collect();
    let text = proposal::write(&rules.name, &rules.text, &changes)?;
    let changed = trial::without_floods(subject.site(&Document { name: rules.name.clone(), text: text.clone() })?);
    let ticks = u64::from(recording.tape.ticks);
    let tried = |what: &str, site: &Arc<SitePlan>| {
        trial::run(site, &recording.tape, &mut |tick| progress.tell(what, u64::from(tick), ticks))
    };
    let before = tried("as it is", &site);
    let after = if changes.is_empty() { None } else { Some(tried("as proposed", &changed)) };
    let after = after.as_ref().unwrap_or(&before);
    drop(progress);
    let unseen = (times[1].0, times[2].0);
    let tuned = found.into_iter().map(|(limits, all, chosen, noise)| {
        let ledgers = [&before, after].map(|course| ledger(&limits, &site, &recording, course, unseen));
        let [before, after] = ledgers;
        Tuned { limits, all, chosen, noise, before, after }
    });
    let outcome = Outcome {
        subject: subject.name.clone(),
        rules: rules.name.clone(),
        labelled: recording.labelled,
        readings: recording.tape.len(),
        machines: site.plan.machines.len(),
        times,
        tuned: tuned.collect(),
        before: kpi(&before.rows, times[1], times[2]),
        after: kpi(&after.rows, times[1], times[2]),
        out: args.out.clone().unwrap_or_else(|| usual_folder(&args.rules)),
    };
    write_folder(&outcome, &text)?;
    let said = if args.json { format!("{:#}\n", outcome.json()) } else { outcome.page() };
    Ok(Answer::fine(said))
}

fn wishes(args: &TuneArgs) -> Result<Wishes, Trouble> {
    if !(0.1..=0.9).contains(&args.fit) {
        return Err(Trouble::Input(format!("--fit {}: expected a share from 0.1 to 0.9", args.fit)));
    }
    let delay =
        units::parse_span(&args.delay).map_err(|why| Trouble::Input(format!("--delay {}: {why}", args.delay)))?;
    if delay < Span::ZERO {
        return Err(Trouble::Input(format!("--delay {delay}: expected a time of 0 or more")));
    }
    Ok(Wishes { delay: delay.0, missed: MISSED, moves_limits: args.move_limits })
}

fn usual_folder(rules: &Path) -> PathBuf {
    let stem = rules.file_stem().map_or("rules".into(), |stem| stem.to_string_lossy());
    PathBuf::from("out").join(format!("tune-{stem}"))
}

fn times(site: &SitePlan, ticks: u32, fit: f64) -> Result<[Time; 3], Trouble> {
    if ticks < 10 {
        return Err(Trouble::Input(format!(
            "there are {ticks} ticks: too few to learn from some and verify on others"
        )));
    }
    let at = |tick: f64| site.plan.time_of(tick as i64);
    Ok([at(0.0), at((f64::from(ticks) * fit).floor()), at(f64::from(ticks))])
}

type Found = (Limits, Vec<Candidate>, Candidate, f64);

/// Looks for a better setting of each limit, on the first part of the time.
fn propose(
    site: &Arc<SitePlan>,
    recording: &Recording,
    times: [Time; 3],
    wishes: &Wishes,
    progress: &Progress,
) -> Vec<Found> {
    let (grid, all) = (grid(), limits::of_site(site));
    let (count, mut found) = (all.len() as u64, Vec::new());
    for (done, limits) in (0..).zip(all) {
        progress.tell(&limits.item, done, count);
        let courses = limits.courses(site, recording);
        let noise = limits::noise(&courses);
        let deepest =
            grid.deadbands.iter().copied().fold(0.0, f64::max) - grid.limits.iter().copied().fold(0.0, f64::min);
        let depth = (deepest * noise).max(limits.plan.deadband + 2.0 * noise) * 1.1 + limits.step;
        let rule = |course: &limits::Course| limits.watched[course.level as usize].unwrap_or_default();
        let units: Vec<_> =
            courses.iter().map(|course| course.unit((times[0].0, times[1].0), depth, rule(course))).collect();
        let creeping: Vec<_> =
            courses.iter().take(CREEPING).map(|course| course.creeping(times, rule(course))).collect();
        let all = candidates((&units, &creeping), &limits.setting(), noise, limits.step, &grid);
        if let Some(chosen) = choose(&all, wishes).cloned() {
            found.push((limits, all, chosen, noise));
        }
    }
    found
}

/// What a limit came to in the whole site within a time.
fn ledger(
    limits: &Limits,
    site: &Arc<SitePlan>,
    recording: &Recording,
    course: &Course,
    (from, to): (i64, i64),
) -> Ledger {
    let mut ledger = Ledger::default();
    let mut booked = std::collections::BTreeSet::new();
    for one in limits.courses(site, recording) {
        // Levels of one machine share their calls where a rule speaks of both.
        if !booked.insert(one.machine) {
            continue;
        }
        let mine = course.calls.iter().filter(|call| {
            let within = call.time.0 >= from && call.time.0 < to;
            let about = call.sensor.as_deref().is_none_or(|sensor| sensor == limits.item);
            within && call.machine == one.machine && about && limits.rules.contains(&call.rule)
        });
        let times: Vec<i64> = mine.map(|call| call.time.0).collect();
        ledger.book(&times, &one.episodes((from, to)));
    }
    ledger
}

fn write_folder(outcome: &Outcome, rules: &str) -> Result<(), Trouble> {
    let mut folder = RunFolder::open(&outcome.out)?;
    folder.write("rules.toml", rules.as_bytes())?;
    folder.write("pareto.csv", outcome.pareto()?.as_bytes())?;
    folder.write("summary.json", format!("{:#}\n", outcome.json()).as_bytes())?;
    folder.keep();
    Ok(())
}
