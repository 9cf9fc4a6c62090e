//! The tables of a study as files: figures, differences, and what every future came to.

use super::gather::Gathered;
use super::outcome::{Interval, RunOutcome, Walk, WhatIf};
use super::values::Measures;
use crate::Trouble;
use serde_json::{Map, Value, json};
use std::io::Write;
use twinwright_core::plan::study::Setting;
use twinwright_io::RunFolder;

/// A form of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableForm {
    Csv,
    Json,
}

impl TableForm {
    pub fn from_name(name: &str) -> Option<TableForm> {
        [TableForm::Csv, TableForm::Json].into_iter().find(|form| form.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            TableForm::Csv => "csv",
            TableForm::Json => "json",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(String),
    Number(f64),
    Empty,
}

impl From<Option<f64>> for Cell {
    fn from(number: Option<f64>) -> Cell {
        number.map_or(Cell::Empty, Cell::Number)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

/// Writes all tables in all forms, into `tables/`.
pub fn write(
    folder: &RunFolder,
    forms: &[TableForm],
    what_if: &WhatIf,
    measures: &Measures,
    gathered: &Gathered,
) -> Result<(), Trouble> {
    for form in forms {
        table(folder, *form, "measures", &head_of_measures(what_if), measure_rows(what_if))?;
        table(folder, *form, "differences", &head_of_differences(what_if), difference_rows(what_if))?;
        if let Some(walk) = &what_if.walk {
            let head: Vec<String> = walk.paths.iter().cloned().chain(names(&["value", "low", "high"])).collect();
            table(folder, *form, "walk", &head, walk_rows(walk))?;
        }
        let names: Vec<String> = measures.of_plant().into_iter().map(|judged| judged.name).collect();
        let mut head = vec!["run".to_owned(), "future".to_owned()];
        head.extend(names.clone());
        let rows = what_if.runs.iter().zip(&gathered.ends).flat_map(|(run, ends)| {
            let names = &names;
            ends.iter().map(move |end| {
                let mut row = vec![Cell::from(run.name.as_str()), Cell::Number(f64::from(end.future))];
                row.extend(names.iter().map(|name| Cell::from(measures.value(end, name))));
                row
            })
        });
        table(folder, *form, "futures", &head, rows)?;
    }
    Ok(())
}

fn axes(what_if: &WhatIf) -> impl Iterator<Item = String> {
    what_if.axes.iter().map(|axis| axis.path.clone())
}

fn names(names: &[&str]) -> impl Iterator<Item = String> {
    names.iter().map(|name| (*name).to_owned())
}

fn head_of_measures(what_if: &WhatIf) -> Vec<String> {
    let figures = names(&["measure", "unit", "mean", "low", "high", "p05", "p50", "p95", "n"]);
    names(&["run", "variant"]).chain(axes(what_if)).chain(figures).collect()
}

fn head_of_differences(what_if: &WhatIf) -> Vec<String> {
    let figures = names(&["measure", "unit", "mean", "low", "high", "confidence", "better", "n"]);
    names(&["run", "variant", "baseline"]).chain(axes(what_if)).chain(figures).collect()
}

/// Empty for the scenario as it stands, which is no point of its sweep.
fn point(what_if: &WhatIf, run: &RunOutcome) -> Vec<Cell> {
    (0..what_if.axes.len()).map(|axis| run.point.get(axis).map_or(Cell::Empty, cell)).collect()
}

/// Times count in hours.
fn cell(value: &Setting) -> Cell {
    value.number.map_or_else(|| Cell::from(value.text.as_str()), Cell::Number)
}

fn reach(interval: Option<Interval>) -> [Cell; 2] {
    [Cell::from(interval.map(|interval| interval.low)), Cell::from(interval.map(|interval| interval.high))]
}

fn measure_rows(what_if: &WhatIf) -> impl Iterator<Item = Vec<Cell>> {
    what_if.runs.iter().flat_map(move |run| {
        run.measures.iter().map(move |measure| {
            let mut row = vec![Cell::from(run.name.as_str()), Cell::from(run.variant.as_str())];
            row.extend(point(what_if, run));
            row.extend([Cell::from(measure.name.as_str()), Cell::from(measure.unit.as_str())]);
            let figure = measure.figure;
            row.push(Cell::Number(figure.mean));
            row.extend(reach(measure.interval));
            row.extend([figure.p05, figure.p50, figure.p95, figure.n as f64].map(Cell::Number));
            row
        })
    })
}

fn difference_rows(what_if: &WhatIf) -> impl Iterator<Item = Vec<Cell>> {
    what_if.runs.iter().flat_map(move |run| {
        run.measures.iter().filter_map(move |measure| {
            let difference = measure.difference?;
            let baseline = &what_if.runs.get(run.baseline)?.name;
            let mut row = [run.name.as_str(), &run.variant, baseline].map(Cell::from).to_vec();
            row.extend(point(what_if, run));
            row.extend([Cell::from(measure.name.as_str()), Cell::from(measure.unit.as_str())]);
            row.push(Cell::Number(difference.mean));
            row.extend(reach(difference.interval));
            row.extend([Cell::Number(what_if.confidence), Cell::from(difference.better)]);
            row.push(Cell::Number(difference.n as f64));
            Some(row)
        })
    })
}

/// Every point that an optimum was looked for at, in order.
fn walk_rows(walk: &Walk) -> impl Iterator<Item = Vec<Cell>> {
    walk.steps.iter().map(|step| {
        let mut row: Vec<Cell> = step.at.iter().map(cell).collect();
        row.push(Cell::Number(step.value));
        row.extend(reach(step.interval));
        row
    })
}

fn table(
    folder: &RunFolder,
    form: TableForm,
    name: &str,
    head: &[String],
    rows: impl Iterator<Item = Vec<Cell>>,
) -> Result<(), Trouble> {
    let name = format!("tables/{name}.{}", form.name());
    let mut file = folder.create(&name)?;
    let written = match form {
        TableForm::Csv => csv(&mut file, head, rows),
        TableForm::Json => json_rows(&mut file, head, rows),
    };
    written.map_err(|error| Trouble::World(format!("{}: cannot be written: {error}", file.path().display())))?;
    Ok(file.finish()?)
}

fn csv(file: impl Write, head: &[String], rows: impl Iterator<Item = Vec<Cell>>) -> std::io::Result<()> {
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(head.iter().map(|name| harmless(name)))?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| match cell {
            Cell::Text(text) => harmless(text),
            Cell::Number(number) => number.to_string(),
            Cell::Empty => String::new(),
        }))?;
    }
    writer.flush()
}

/// Text that a spreadsheet would take for a formula gets an apostrophe before it.
pub(crate) fn harmless(text: &str) -> String {
    // Spreadsheets look past blanks, and take wide forms of these letters for the same.
    let first = text.trim_start_matches(' ');
    if first.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn json_rows(file: impl Write, head: &[String], rows: impl Iterator<Item = Vec<Cell>>) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(file);
    let mut before = "[\n";
    for row in rows {
        let value = |cell: &Cell| match cell {
            Cell::Text(text) => json!(text),
            Cell::Number(number) => json!(number),
            Cell::Empty => Value::Null,
        };
        let object: Map<String, Value> = head.iter().cloned().zip(row.iter().map(value)).collect();
        write!(file, "{before}{}", Value::Object(object))?;
        before = ",\n";
    }
    write!(file, "{}", if before == "[\n" { "[]\n" } else { "\n]\n" })?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_numbers_stay_numbers() {
        let head = ["name".to_owned(), "=head".to_owned()];
        let hostile = ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "plain", "a,\"b\"\nc"];
        let rows = hostile.iter().map(|text| vec![Cell::from(*text), Cell::Number(-2.5)]);
        let mut bytes = Vec::new();
        csv(&mut bytes, &head, rows).unwrap();
        let mut reader = csv::Reader::from_reader(bytes.as_slice());
        assert_eq!(reader.headers().unwrap().get(1), Some("'=head"));
        let cells: Vec<(String, String)> =
            reader.records().map(|row| row.unwrap()).map(|row| (row[0].to_owned(), row[1].to_owned())).collect();
        let texts: Vec<&str> = cells.iter().map(|(text, _)| text.as_str()).collect();
        assert_eq!(texts, ["'=1+1", "'+x", "'-x", "'@x", "'\tx", "'\rx", "plain", "a,\"b\"\nc"]);
        assert!(cells.iter().all(|(_, number)| number == "-2.5"));
    }

    #[test]
    fn json_rows_read_back() {
        let head = ["a".to_owned(), "b".to_owned()];
        let rows = vec![vec![Cell::from("x\"<"), Cell::Number(0.1)], vec![Cell::Empty, Cell::Number(f64::INFINITY)]];
        let mut bytes = Vec::new();
        json_rows(&mut bytes, &head, rows.into_iter()).unwrap();
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value, json!([{ "a": "x\"<", "b": 0.1 }, { "a": null, "b": null }]));
        let mut none = Vec::new();
        json_rows(&mut none, &head, std::iter::empty()).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&none).unwrap(), json!([]));
    }
}
