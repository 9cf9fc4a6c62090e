//! What is tuned on: a scenario that is simulated, or a live plant that a store remembers.

use super::arguments::TuneArgs;
use super::simulate;
use super::stored::{self, Memory, StoredRun};
use super::tape::{Matter, Recording};
use crate::library::{Kinds, read_document};
use crate::live::replay::instant;
use crate::memory::stored_library;
use crate::store::progress::Progress;
use crate::{Trouble, store};
use std::path::Path;
use std::sync::Arc;
use twinwright_core::plan::{self, Changes};
use twinwright_core::site::{SitePlan, compile_rules};
use twinwright_core::{Document, Library, Plan};
use twinwright_model::Time;

/// A plant with its course.
pub struct Subject {
    pub name: String,
    document: Document,
    kinds: Box<dyn Library>,
    start: Time,
    source: Source,
}

enum Source {
    Scenario(Arc<Plan>),
    Live(std::cell::RefCell<Option<Memory>>),
}

/// Kinds of a store, and beside them those that a rules file of its own machines may name.
struct Either(Box<dyn Library>, Kinds);

impl Library for Either {
    fn find(&self, kind: &str) -> Option<Document> {
        self.0.find(kind).or_else(|| self.1.find(kind))
    }

    fn known(&self) -> Vec<String> {
        let mut known = self.0.known();
        known.extend(self.1.known());
        known.sort();
        known.dedup();
        known
    }
}

impl Subject {
    pub fn find(args: &TuneArgs, rules: &Document) -> Result<Subject, Trouble> {
        let path = Path::new(&args.subject);
        if !args.subject.starts_with("sqlite:") && !args.subject.starts_with("postgres") {
            return Subject::scenario(args, path, rules);
        }
        if args.seed.is_some() {
            return Err(Trouble::Input(
                "--seed goes with a scenario: what was recorded has no luck any more".to_owned(),
            ));
        }
        Subject::live(args)
    }

    fn scenario(args: &TuneArgs, path: &Path, rules: &Document) -> Result<Subject, Trouble> {
        for (asked, option) in [
            (args.run.is_some(), "--run"),
            (args.from.is_some(), "--from"),
            (args.to.is_some(), "--to"),
            (args.labels.is_some(), "--labels"),
        ] {
            if asked {
                return Err(Trouble::Input(format!("{option} goes with a store; a scenario says that by itself")));
            }
        }
        let document = read_document(path)?;
        let mut kinds = Kinds::beside(path, args.machines.as_deref());
        kinds.folders.extend(Path::new(&rules.name).parent().map(Path::to_path_buf));
        let changes = Changes { seed: args.seed, ..Changes::default() };
        let mut plan = plan::compile_changed(&document, &kinds, changes).map_err(Trouble::Files)?;
        plan.futures = 1;
        let (name, start) = (document.name.clone(), plan.start);
        Ok(Subject { name, document, kinds: Box::new(kinds), start, source: Source::Scenario(Arc::new(plan)) })
    }

    fn live(args: &TuneArgs) -> Result<Subject, Trouble> {
        let within = (instant("--from", &args.from, Time(i64::MIN))?, instant("--to", &args.to, Time(i64::MAX))?);
        let (found, memory) = store::look(&args.subject, async |link| {
            let found = stored::find(link, args.run.as_deref()).await?;
            let memory = stored::read(link, &found, within).await?;
            Ok((found, memory))
        })?;
        let StoredRun { row, document, files, site } = found;
        let start = site.plan.time_of(i64::from(memory.ticks.0));
        let beside = Kinds::beside(&args.rules, args.machines.as_deref());
        let kinds = Box::new(Either(Box::new(stored_library(files)), beside));
        let source = Source::Live(std::cell::RefCell::new(Some(memory)));
        Ok(Subject { name: row.name, document, kinds, start, source })
    }

    /// The rules, compiled for this plant.
    pub fn site(&self, rules: &Document) -> Result<SitePlan, Trouble> {
        compile_rules(rules, &self.document, &*self.kinds, self.start).map_err(Trouble::Files)
    }

    /// All that was heard, by the channels of a site.
    pub fn record(&self, site: &SitePlan, args: &TuneArgs, progress: &Progress) -> Result<Recording, Trouble> {
        match &self.source {
            Source::Scenario(plan) => {
                if plan.tick != site.plan.tick {
                    let (own, other) = (plan.tick, site.plan.tick);
                    let why = format!("its `tick` is {other}, and the scenario's is {own}: leave it out");
                    return Err(Trouble::Input(format!("{}: {why}", args.rules.display())));
                }
                let ticks = u64::from(plan.ticks);
                simulate::record(plan, site, &mut |tick| progress.tell("simulating", u64::from(tick), ticks))
            }
            Source::Live(memory) => {
                let memory = memory.borrow_mut().take();
                let mut recording = memory.map_or_else(|| Ok(Recording::default()), |memory| memory.record(site))?;
                if let Some(path) = &args.labels {
                    recording.matters = labels(path)?;
                    recording.labelled = true;
                }
                Ok(recording)
            }
        }
    }
}

/// Faults as `truth/labels.csv` has them: at least the columns machine and start.
fn labels(path: &Path) -> Result<Vec<Matter>, Trouble> {
    let at = |line: u64, why: &str| Trouble::Input(format!("{}:{line}:1: {why}", path.display()));
    let mut reader = csv::Reader::from_path(path).map_err(|error| at(1, &error.to_string()))?;
    let heads = reader.headers().map_err(|error| at(1, &error.to_string()))?.clone();
    let column = |name: &str| heads.iter().position(|head| head == name);
    let (Some(machine), Some(start)) = (column("machine"), column("start")) else {
        return Err(at(1, "expected the columns machine and start, as in truth/labels.csv"));
    };
    let mut matters = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| at(error.position().map_or(0, csv::Position::line), &error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |place: Option<usize>| place.and_then(|place| record.get(place)).filter(|cell| !cell.is_empty());
        let time = |text: &str| Time::parse(text).map_err(|why| at(line, &format!("`{text}`: {why}")));
        let from = time(cell(Some(start)).ok_or_else(|| at(line, "this fault has no start"))?)?;
        let to = cell(column("end")).map(time).transpose()?;
        let machine = cell(Some(machine)).unwrap_or_default().to_owned();
        if cell(column("layer")) != Some("comms") {
            matters.push(Matter { machine, sensor: cell(column("sensor")).map(str::to_owned), from, to });
        }
    }
    Ok(matters)
}
