//! Rows into a table, many in one statement: what a run leaves comes in hundreds.

use crate::outlets::trouble::OutletTrouble;
use crate::store::{Cell, Dialect, Link};

/// Values of one statement: half of what SQLite takes.
const MOST_VALUES: usize = 16_000;
/// Rows of one statement: more are hardly faster.
const MOST_ROWS: usize = 500;

/// Rows on their way into one table.
#[derive(Debug)]
pub struct Insert {
    head: String,
    /// What stands for each value of a row; its number takes the place of `$`.
    forms: Vec<String>,
    tail: String,
    values: Vec<Cell>,
}

impl Insert {
    /// `tail` says what becomes of a row that is there already.
    pub fn into(table: &str, columns: &[&str], tail: &str) -> Insert {
        Insert {
            head: format!("INSERT INTO {table} ({}) VALUES ", columns.join(", ")),
            forms: columns.iter().map(|_| "$".to_owned()).collect(),
            tail: tail.to_owned(),
            values: Vec::new(),
        }
    }

    /// Another form for the value of a column, such as `(SELECT id FROM runs WHERE name = $)`.
    pub fn form(mut self, column: usize, form: &str) -> Insert {
        self.forms[column] = form.to_owned();
        self
    }

    /// Adds a row: as many values as there are columns.
    pub fn add<const N: usize>(&mut self, row: [Cell; N]) {
        self.values.extend(row);
    }

    /// Writes all rows, within the caller's transaction if there is one.
    pub async fn write(self, link: &mut Link) -> Result<(), OutletTrouble> {
        let numbered = link.dialect() == Dialect::Postgres;
        let rows = (MOST_VALUES / self.forms.len()).clamp(1, MOST_ROWS);
        for some in self.values.chunks(rows * self.forms.len()) {
            let mut statement = self.head.clone();
            for at in 0..some.len() {
                let column = at % self.forms.len();
                statement.push_str(match (column, at) {
                    (0, 0) => "(",
                    (0, _) => "), (",
                    _ => ", ",
                });
                // SQLite looks for a numbered one among all others, again for each.
                let place = if numbered { format!("${}", at + 1) } else { "?".to_owned() };
                statement.push_str(&self.forms[column].replace('$', &place));
            }
            statement.push_str(") ");
            statement.push_str(&self.tail);
            link.run(statement, some).await?;
        }
        Ok(())
    }
}
