//! From a table to lives: which columns are what, and each unit's rows put together.

use super::arguments::WhichArgs;
use crate::Trouble;
use crate::columns::{Column, Columns, Sort};
use std::collections::BTreeMap;
use std::path::Path;
use twinwright_core::remaining::{Life, Lives};

const UNIT_NAMES: [&str; 6] = ["unit", "unit_number", "unit_nr", "engine", "id", "machine"];
const CYCLE_NAMES: [&str; 4] = ["cycle", "cycles", "time_cycles", "time_in_cycles"];
const SETTING_STEMS: [&str; 3] = ["setting", "op_", "operational"];
/// Columns that hold the answer, or something made from it.
const ANSWERS: [&str; 8] = ["rul", "ruls", "remaining_h", "label", "labels", "fault", "anomaly", "changepoint"];
/// A cycle beyond this is none.
const LATEST_CYCLE: f64 = 1e12;

/// Which columns of a table the lives are made of.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Layout {
    pub unit: String,
    pub cycle: String,
    pub settings: Vec<String>,
    pub sensors: Vec<String>,
    /// Left out, and why.
    pub ignored: Vec<(String, &'static str)>,
}

pub(super) fn read(path: &Path, which: &WhichArgs) -> Result<Columns, Trouble> {
    let is_unit = |name: &str| match &which.unit {
        Some(unit) => unit == name,
        None => UNIT_NAMES.contains(&plain(name).as_str()),
    };
    let table = Columns::read(path, |name| if is_unit(name) { Sort::Names } else { Sort::Numbers })?;
    match table.first_broken {
        // A row that is missing would shorten a life without a word.
        Some(why) => Err(Trouble::Input(why)),
        None => Ok(table),
    }
}

fn plain(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-', '.'], "_")
}

/// The column that was named, or the first that has one of the usual names.
pub(super) fn find(
    table: &Columns,
    path: &Path,
    named: Option<&str>,
    usual: &[&str],
    what: &str,
) -> Result<usize, Trouble> {
    if let Some(name) = named {
        return table.place(name, path);
    }
    let by_name = |wanted: &&str| table.columns.iter().position(|column| plain(&column.name) == **wanted);
    usual.iter().find_map(by_name).ok_or_else(|| {
        let known: Vec<&str> = table.columns.iter().take(12).map(|column| column.name.as_str()).collect();
        Trouble::Input(format!(
            "{}: no column is called {}; name the one of the {what} with --{what}; there are {}",
            path.display(),
            usual.join(", "),
            known.join(", ")
        ))
    })
}

impl Layout {
    /// What a table to learn from consists of.
    pub(super) fn of(
        table: &Columns,
        path: &Path,
        which: &WhichArgs,
        settings: Option<&[String]>,
        ignore: &[String],
    ) -> Result<Layout, Trouble> {
        let unit = find(table, path, which.unit.as_deref(), &UNIT_NAMES, "unit")?;
        let cycle = find(table, path, which.cycle.as_deref(), &CYCLE_NAMES, "cycle")?;
        for name in settings.unwrap_or_default().iter().chain(ignore) {
            table.place(name, path)?;
        }
        let name_of = |at: usize| table.columns[at].name.clone();
        let mut layout = Layout { unit: name_of(unit), cycle: name_of(cycle), ..Layout::default() };
        for (at, column) in table.columns.iter().enumerate().filter(|(at, _)| *at != unit && *at != cycle) {
            let is_setting = match settings {
                Some(named) => named.contains(&column.name),
                None => SETTING_STEMS.iter().any(|stem| plain(&column.name).starts_with(stem)),
            };
            let name = name_of(at);
            match () {
                () if ignore.contains(&column.name) => layout.ignored.push((name, "asked for")),
                () if ANSWERS.contains(&plain(&column.name).as_str()) => {
                    layout.ignored.push((name, "holds the answer"))
                }
                () if !column.is_numeric() => layout.ignored.push((name, "no numbers")),
                () if is_setting => layout.settings.push(name),
                () => layout.sensors.push(name),
            }
        }
        if layout.sensors.is_empty() {
            return Err(Trouble::Input(format!("{}: there is no column of a sensor's numbers", path.display())));
        }
        Ok(layout)
    }

    /// Every unit's rows; units in the order of their first row.
    pub(super) fn lives(&self, table: &Columns, path: &Path) -> Result<Lives, Trouble> {
        let places = |names: &[String]| names.iter().map(|name| table.place(name, path)).collect::<Result<Vec<_>, _>>();
        let (settings, sensors) = (places(&self.settings)?, places(&self.sensors)?);
        let [units, cycles] = [&self.unit, &self.cycle].map(|name| table.place(name, path));
        let (units, cycles) = (&table.columns[units?], &table.columns[cycles?]);
        let mut lives = Lives { settings: self.settings.clone(), sensors: self.sensors.clone(), lives: Vec::new() };
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for row in 0..table.rows {
            let (unit, cycle) = self.head(units, cycles, row, path)?;
            let at = *known.entry(unit).or_insert_with(|| {
                lives.lives.push(Life::new(unit.to_owned()));
                lives.lives.len() - 1
            });
            let life = &mut lives.lives[at];
            life.cycles.push(cycle);
            life.settings.extend(settings.iter().map(|place| table.columns[*place].numbers[row]));
            life.sensors.extend(sensors.iter().map(|place| table.columns[*place].numbers[row]));
        }
        lives.settle().map_err(|error| Trouble::Input(format!("{}: {error}", path.display())))?;
        Ok(lives)
    }

    fn head<'a>(&self, units: &'a Column, cycles: &Column, row: usize, path: &Path) -> Result<(&'a str, f64), Trouble> {
        let wrong = |what: &str| Trouble::Input(format!("{}: row {}: {what}", path.display(), row + 1));
        let unit = units.names[row].as_str();
        if unit.is_empty() {
            return Err(wrong(&format!("there is no unit in `{}`", self.unit)));
        }
        let cycle = cycles.numbers[row];
        if !(0.0..=LATEST_CYCLE).contains(&cycle) {
            return Err(wrong(&format!("`{}` is no cycle; expected a number from 0 to 1e12", self.cycle)));
        }
        Ok((unit, cycle))
    }
}
