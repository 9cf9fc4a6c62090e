//! What was learnt, kept in a file: versioned JSON with a digest, so that a changed, foreign or newer file is refused
//! instead of judged by.

use super::learning::Learnt;
use crate::{Trouble, VERSION};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use twinwright_io::PartFile;

const SCHEMA: &str = "baseline/1";
/// A longer file holds no baseline of ours.
const LONGEST: u64 = 1 << 30;

/// Writes what was learnt; a file of that name is replaced once this one is whole.
pub fn save(learnt: &Learnt, path: &Path) -> Result<(), Trouble> {
    let body = serde_json::to_value(learnt).map_err(|why| Trouble::World(format!("{}: {why}", path.display())))?;
    let file = json!({
        "schema": SCHEMA,
        "version": VERSION,
        "digest": digest(&body),
        "columns": learnt.columns.len(),
        "learnt": body,
    });
    let mut part = PartFile::at(path)?;
    let failed = |why: std::io::Error| Trouble::World(format!("cannot write {}: {why}", path.display()));
    part.write_all(format!("{file:#}\n").as_bytes()).map_err(failed)?;
    Ok(part.finish()?)
}

/// Reads it again.
pub fn load(path: &Path) -> Result<Learnt, Trouble> {
    let name = path.display();
    let wrong = |why: String| Trouble::Input(format!("{name}: {why}"));
    let failed = |why: std::io::Error| match why.kind() {
        std::io::ErrorKind::NotFound => wrong("there is no such file".to_owned()),
        std::io::ErrorKind::IsADirectory => wrong("this is a folder; expected a file that --save wrote".to_owned()),
        _ => Trouble::World(format!("cannot read {name}: {why}")),
    };
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    let expected = "expected a file that `twinwright detect --save` wrote";
    if bytes.len() as u64 > LONGEST {
        return Err(wrong(format!("it is too long; {expected}")));
    }
    let file: Json = serde_json::from_slice(&bytes)
        .map_err(|why| Trouble::Input(format!("{name}:{}:{}: {why}; {expected}", why.line(), why.column())))?;
    read(file).map_err(|why| wrong(format!("{why}; {expected}")))
}

fn read(mut file: Json) -> Result<Learnt, String> {
    let schema = file["schema"].as_str().unwrap_or_default();
    if schema != SCHEMA {
        let version = schema.strip_prefix("baseline/").and_then(|number| number.parse::<u32>().ok());
        return Err(match version {
            Some(_) => {
                let by = file["version"].as_str().map(|by| format!(" {by}")).unwrap_or_default();
                format!(
                    "`{schema}` is of another version; this program ({VERSION}) reads `{SCHEMA}`, twinwright{by} wrote it"
                )
            }
            None => "it holds no baseline".to_owned(),
        });
    }
    let body = file["learnt"].take();
    if file["digest"].as_str() != Some(digest(&body).as_str()) {
        return Err("its digest does not match: it was changed after it was written".to_owned());
    }
    let learnt: Learnt = serde_json::from_value(body).map_err(|why| format!("its baseline cannot be read: {why}"))?;
    if learnt.columns.is_empty() || learnt.columns.len() != learnt.baseline.columns.len() {
        return Err("its columns do not match its baseline".to_owned());
    }
    learnt.baseline.check()?;
    Ok(learnt)
}

/// Of the text that the body has without spaces.
fn digest(body: &Json) -> String {
    Sha256::digest(body.to_string().as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
