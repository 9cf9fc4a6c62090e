//! NASA's own form of run-to-failure tables: numbers between blanks, no head, 26 columns, a name that ends in `.txt`.

use super::{Column, Columns, Sort};
use crate::Trouble;
use crate::verify::Clock;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use twinwright_io::readback::Cell;

const SETTINGS: usize = 3;
const SENSORS: usize = 21;
/// A line that is longer than this is none of such a table.
const LONGEST: u64 = 4096;

pub(super) fn read(path: &Path, sort_of: impl Fn(&str) -> Sort) -> Result<Columns, Trouble> {
    let place = path.display();
    let file = File::open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Trouble::Input(format!("{place}: there is no such file")),
        _ => Trouble::World(format!("cannot read {place}: {error}")),
    })?;
    let mut names = vec!["unit".to_owned(), "cycle".to_owned()];
    names.extend((1..=SETTINGS).map(|n| format!("setting_{n}")));
    names.extend((1..=SENSORS).map(|n| format!("sensor_{n}")));
    let sorts: Vec<Sort> = names.iter().map(|name| sort_of(name)).collect();
    let columns = names.into_iter().map(|name| Column { name, ..Column::default() }).collect();
    let mut table = Columns { columns, ..Columns::default() };
    let (mut lines, mut line, mut clock, mut at) = (BufReader::new(file), Vec::new(), Clock::new(None), 0u64);
    loop {
        line.clear();
        let read = lines.by_ref().take(LONGEST).read_until(b'\n', &mut line);
        if read.map_err(|error| Trouble::World(format!("cannot read {place}: {error}")))? == 0 {
            break;
        }
        at += 1;
        let text = String::from_utf8_lossy(&line);
        let cells: Vec<&str> = text.split_ascii_whitespace().collect();
        if cells.is_empty() {
            continue;
        }
        if cells.len() != sorts.len() {
            let wanted = "unit, cycle, 3 settings and 21 sensors between blanks, without a head";
            return Err(Trouble::Input(format!("{place}:{at}: {} columns; expected {wanted}", cells.len())));
        }
        for ((cell, column), sort) in cells.iter().zip(&mut table.columns).zip(&sorts) {
            column.take(Cell::Text(cell), *sort, &mut clock);
        }
        table.rows += 1;
        table.check_size(path)?;
    }
    table.check_some(path)?;
    Ok(table)
}
