//! `learn rul`: a table in, a model and the figures of its check out.

use super::arguments::LearnRulArgs;
use super::lives::{Layout, read};
use super::{Answer, page};
use crate::{Trouble, VERSION};
use std::io::Write;
use std::path::Path;
use twinwright_core::remaining::{self, Settings};
use twinwright_io::PartFile;

pub fn learn(args: &LearnRulArgs) -> Result<Answer, Trouble> {
    if !(0.5..=0.99).contains(&args.coverage) {
        return Err(Trouble::Input(format!("--coverage {}: expected a share from 0.5 to 0.99", args.coverage)));
    }
    let table = read(&args.data, &args.which)?;
    let layout = Layout::of(&table, &args.data, &args.which, args.settings.as_deref(), &args.ignore)?;
    let lives = layout.lives(&table, &args.data)?;
    let settings = Settings { cap: args.cap.0, coverage: args.coverage };
    let mut learnt = remaining::learn(&lives, settings)
        .map_err(|error| Trouble::Input(format!("{}: {error}", args.data.display())))?;
    let model = &mut learnt.model;
    model.trained.data = file_name(&args.data);
    model.trained.version = VERSION.to_owned();
    (model.unit_column, model.cycle_column) = (layout.unit.clone(), layout.cycle.clone());
    let text = model.to_json().map_err(|error| Trouble::World(error.to_string()))?;
    write(&args.out, &text)?;
    let page = if args.quiet { String::new() } else { page::learnt(&learnt, &layout, &args.out) };
    Ok(Answer { table: String::new(), page })
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The file has its name when it is whole.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    let mut file = PartFile::at(path)?;
    file.write_all(text.as_bytes())
        .map_err(|error| Trouble::World(format!("cannot write {}: {error}", path.display())))?;
    Ok(file.finish()?)
}
