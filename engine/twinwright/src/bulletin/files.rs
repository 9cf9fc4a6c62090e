//! Where a report goes: a file for each form, which has its name only once it is whole.

use super::figures::Figures;
use super::tables;
use super::written::Table;
use super::{Form, json};
use crate::Trouble;
use crate::report::bulletin::page;
use std::path::{Path, PathBuf};

/// Writes all forms and says which files they are.
pub fn write(figures: &Figures, markdown: &str, forms: &[Form], folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let failed =
        |path: &Path, why: std::io::Error| Trouble::World(format!("{}: cannot be written: {why}", path.display()));
    std::fs::create_dir_all(folder).map_err(|why| failed(folder, why))?;
    let stem = figures.heading.period.stem(figures.heading.asked.0);
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for form in Form::ALL.into_iter().filter(|form| forms.contains(form)) {
        match form {
            Form::Html => files.push((format!("{stem}.html"), page(figures).into_bytes())),
            Form::Markdown => files.push((format!("{stem}.md"), markdown.as_bytes().to_vec())),
            Form::Json => files.push((format!("{stem}.json"), format!("{:#}\n", json::report(figures)).into_bytes())),
            Form::Csv => {
                for table in tables::all(figures).iter().chain([&tables::advice(figures)]) {
                    let bytes = csv(table).map_err(|why| failed(&folder.join(table.name), why))?;
                    files.push((format!("{stem}.{}.csv", table.name), bytes));
                }
            }
        }
    }
    let mut written = Vec::new();
    for (name, bytes) in files {
        let (path, part) = (folder.join(&name), folder.join(format!("{name}.part")));
        let done = std::fs::write(&part, bytes).and_then(|()| std::fs::rename(&part, &path));
        done.map_err(|why| failed(&path, why))?;
        written.push(path);
    }
    Ok(written)
}

fn csv(table: &Table) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(table.heads.iter().map(|(_, head, _)| *head))?;
    for row in &table.rows {
        writer.write_record(row.iter().map(|cell| cell.exact()))?;
    }
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}
