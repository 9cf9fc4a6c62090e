//! A run of a store compiled again, from the texts that it was compiled from: names mean what they meant then.

use crate::{Trouble, VERSION};
use serde_json::{Value, json};
use std::sync::Arc;
use twinwright_core::plan::{self, Changes};
use twinwright_core::{Document, Library, Plan};
use twinwright_io::store::runs::{self, RunRow};
use twinwright_io::store::{Link, checkpoints};

/// A run with the plan that it ran.
#[derive(Debug)]
pub struct Recorded {
    pub row: RunRow,
    pub plan: Arc<Plan>,
}

/// The machine files that a run used, by kind.
#[derive(Debug)]
struct Files(Vec<(String, String)>);

impl Library for Files {
    fn find(&self, kind: &str) -> Option<Document> {
        let (name, text) = self.0.iter().find(|(known, _)| known == kind)?;
        Some(Document { name: format!("{name}.toml (stored)"), text: text.clone() })
    }

    fn known(&self) -> Vec<String> {
        self.0.iter().map(|(kind, _)| kind.clone()).collect()
    }
}

/// Machine files as a store has them, by kind.
pub fn stored_library(files: Vec<(String, String)>) -> impl Library {
    Files(files)
}

/// What the command line said otherwise, as a row of `runs` keeps it.
pub fn changes_json(seed: Option<u64>, sets: &[(String, String)], until: Option<&str>, forked: bool) -> Value {
    let sets: Vec<Value> = sets.iter().map(|(path, value)| json!([path, value])).collect();
    json!({ "seed": seed, "set": sets, "until": until, "goes_on_from_another_run": forked })
}

/// Whether a run began with the state of another one, and not at its scenario's start.
pub fn is_forked(row: &RunRow) -> bool {
    row.changes["goes_on_from_another_run"].as_bool().unwrap_or(false)
}

fn changes_of(row: &RunRow) -> Changes {
    let pair = |one: &Value| Some((one[0].as_str()?.to_owned(), one[1].as_str()?.to_owned()));
    let sets = row.changes["set"].as_array().into_iter().flatten().filter_map(pair).collect();
    Changes { seed: Some(row.seed.unsigned_abs()), sets, ..Changes::default() }
}

/// The run of a name.
pub async fn named(link: &mut Link, name: &str) -> Result<RunRow, Trouble> {
    if let Some(row) = runs::named(link, name).await? {
        return Ok(row);
    }
    let known: Vec<String> = runs::list(link).await?.into_iter().map(|row| row.name).collect();
    let store = link.name();
    let near = twinwright_model::names::nearest(name, known.iter().map(String::as_str));
    let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
    let known = if known.is_empty() {
        "it has none yet".to_owned()
    } else {
        format!("its latest are {}", twinwright_model::names::list(known.iter().take(5).map(String::as_str)))
    };
    Err(Trouble::Input(format!("{store}: there is no run `{name}`; {known}{near}")))
}

/// No scenario makes a live run again.
pub fn mirrored(link: &Link, row: &RunRow) -> Trouble {
    let (store, name) = (link.name(), &row.name);
    Trouble::Input(format!(
        "{store}: run `{name}` mirrored a real plant, and its states are known at its checkpoints only"
    ))
}

/// Compiles a run again. Where that gives another plan than the one that was run, nothing of it may be believed.
pub async fn compiled(link: &mut Link, row: RunRow) -> Result<Recorded, Trouble> {
    if row.kind == "live" {
        return Err(mirrored(link, &row));
    }
    let (store, name) = (link.name().to_owned(), row.name.clone());
    let files = Files(checkpoints::machine_files(link, row.id).await?);
    let document = Document { name: format!("{store}: run `{name}`"), text: row.document.clone() };
    let study = plan::study(&document, &files, &changes_of(&row)).map_err(Trouble::Files)?;
    let plan = study.base().clone();
    let digest = format!("{:032x}", plan.digest);
    if digest != row.plan_digest {
        return Err(Trouble::Input(format!(
            "{store}: run `{name}` was made by twinwright {}, and {VERSION} makes another plan of its files \
             ({digest} instead of {}); its states can only be read by the former",
            row.version, row.plan_digest
        )));
    }
    Ok(Recorded { row, plan })
}
