//! The truth about units that had not failed yet: cycles left at the last row of each.

use super::lives::find;
use crate::Trouble;
use crate::columns::{Columns, Sort};
use std::path::Path;
use twinwright_core::remaining::Lives;

/// Text beyond this is no list of lives.
const LARGEST: u64 = 64 << 20;

pub(super) fn read(path: &Path, lives: &Lives, unit: &str) -> Result<Vec<f64>, Trouble> {
    if path.extension().is_some_and(|ending| ending == "txt") {
        by_line(path, lives)
    } else {
        by_unit(path, lives, unit)
    }
}

/// One number a line, in the order in which the units come.
fn by_line(path: &Path, lives: &Lives) -> Result<Vec<f64>, Trouble> {
    let place = path.display();
    let wrong = |why: String| Trouble::Input(format!("{place}: {why}"));
    if std::fs::metadata(path).is_ok_and(|about| about.len() > LARGEST) {
        return Err(wrong("too large for one number a unit".to_owned()));
    }
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let read = |(at, line): (usize, &str)| {
        let number = line.trim().parse::<f64>().ok().filter(|left| (0.0..=1e12).contains(left));
        number.ok_or_else(|| Trouble::Input(format!("{place}:{}: `{}` is no number of cycles", at + 1, shorten(line))))
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let ends = lines.map(read).collect::<Result<Vec<f64>, Trouble>>()?;
    if ends.len() == lives.lives.len() {
        return Ok(ends);
    }
    Err(wrong(format!("{} lines, but there are {} units; expected one a unit", ends.len(), lives.lives.len())))
}

fn shorten(line: &str) -> String {
    line.trim().chars().take(40).collect()
}

fn by_unit(path: &Path, lives: &Lives, unit: &str) -> Result<Vec<f64>, Trouble> {
    let sort = |name: &str| if name == unit || name.eq_ignore_ascii_case("unit") { Sort::Names } else { Sort::Numbers };
    let table = Columns::read(path, sort)?;
    let units = find(&table, path, None, &[unit, "unit"], "unit")?;
    let rul = find(&table, path, None, &["rul"], "rul")?;
    let mut ends = vec![f64::NAN; lives.lives.len()];
    for (name, left) in table.columns[units].names.iter().zip(&table.columns[rul].numbers) {
        if let Some(at) = lives.lives.iter().position(|life| life.unit == *name) {
            ends[at] = *left;
        }
    }
    match ends.iter().position(|end| !(0.0..=1e12).contains(end)) {
        None => Ok(ends),
        Some(at) => {
            let unit = &lives.lives[at].unit;
            Err(Trouble::Input(format!("{}: it does not say how many cycles unit `{unit}` has left", path.display())))
        }
    }
}
