//! A table on its way to a person or a program: the same rows as aligned text, CSV or JSON.

use super::arguments::Form;
use super::when::shown;
use crate::Trouble;
use crate::report::scale::plain;
use serde_json::{Map, Value};
use twinwright_model::{Span, Time};

/// What stands in one place of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    Nothing,
    Words(String),
    Number(f64),
    Whole(i64),
    When(Time),
    /// Seconds for programs, `2 d 4 h` for people.
    Lasting(Span),
}

impl Entry {
    pub fn number(value: Option<f64>) -> Entry {
        value.map_or(Entry::Nothing, Entry::Number)
    }

    pub fn when(time: Option<Time>) -> Entry {
        time.map_or(Entry::Nothing, Entry::When)
    }

    /// Empty words are nothing.
    pub fn words(text: &str) -> Entry {
        if text.is_empty() { Entry::Nothing } else { Entry::Words(text.to_owned()) }
    }

    /// For people.
    pub fn shown(&self) -> String {
        match self {
            Entry::Nothing => "-".to_owned(),
            Entry::Words(words) => tame(words),
            Entry::Number(number) => plain(*number),
            Entry::Whole(number) => number.to_string(),
            Entry::When(time) => shown(*time),
            Entry::Lasting(span) => span.to_string(),
        }
    }

    /// For tables: all digits.
    pub fn field(&self) -> String {
        match self {
            Entry::Nothing => String::new(),
            Entry::Words(words) => words.clone(),
            Entry::Number(number) => format!("{number:?}"),
            Entry::Whole(number) => number.to_string(),
            Entry::When(time) => time.to_string(),
            Entry::Lasting(span) => format!("{:?}", span.seconds()),
        }
    }

    pub fn json(&self) -> Value {
        match self {
            Entry::Nothing => Value::Null,
            Entry::Words(words) => words.as_str().into(),
            Entry::Number(number) => (*number).into(),
            Entry::Whole(number) => (*number).into(),
            Entry::When(time) => time.to_string().into(),
            Entry::Lasting(span) => span.seconds().into(),
        }
    }

    fn leans_right(&self) -> bool {
        matches!(self, Entry::Number(_) | Entry::Whole(_) | Entry::Lasting(_))
    }
}

/// Names may hold what steers a terminal; a page shows it instead.
pub fn tame(words: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || ('\u{200e}'..='\u{200f}').contains(&letter)
            || ('\u{202a}'..='\u{202e}').contains(&letter)
            || ('\u{2066}'..='\u{2069}').contains(&letter)
    };
    if !words.contains(steers) {
        return words.to_owned();
    }
    words
        .chars()
        .map(|letter| if steers(letter) { letter.escape_default().to_string() } else { letter.into() })
        .collect()
}

/// Rows under heads; a head that ends in `_s` counts seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    heads: Vec<&'static str>,
    rows: Vec<Vec<Entry>>,
}

impl Sheet {
    pub fn new(heads: &[&'static str]) -> Sheet {
        Sheet { heads: heads.to_vec(), rows: Vec::new() }
    }

    pub fn row(&mut self, row: Vec<Entry>) {
        self.rows.push(row);
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Aligned, with a line of heads; columns in which nothing stands are left out.
    pub fn text(&self) -> String {
        let wanted =
            |column: &usize| self.rows.iter().any(|row| row.get(*column).is_some_and(|e| *e != Entry::Nothing));
        let columns: Vec<usize> = (0..self.heads.len()).filter(wanted).collect();
        let cells: Vec<Vec<String>> =
            self.rows.iter().map(|row| columns.iter().map(|at| row[*at].shown()).collect()).collect();
        let heads: Vec<String> =
            columns.iter().map(|at| self.heads[*at].trim_end_matches("_s").replace('_', " ")).collect();
        let right: Vec<bool> = columns.iter().map(|at| self.rows.iter().any(|row| row[*at].leans_right())).collect();
        let width =
            |place: usize| cells.iter().chain([&heads]).map(|row| row[place].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns.len()).map(width).collect();
        let line = |row: &Vec<String>| {
            let mut text = String::new();
            for (place, cell) in row.iter().enumerate() {
                let gap = " ".repeat(widths[place] - cell.chars().count());
                let (before, after) = if right[place] { (gap.as_str(), "") } else { ("", gap.as_str()) };
                text.extend([if place > 0 { "  " } else { "" }, before, cell, after]);
            }
            format!("{}\n", text.trim_end())
        };
        [&heads].into_iter().chain(&cells).map(line).collect()
    }

    pub fn csv(&self) -> Result<String, Trouble> {
        let mut lines = csv::Writer::from_writer(Vec::new());
        let failed = |error: String| Trouble::World(format!("cannot write CSV: {error}"));
        lines.write_record(&self.heads).map_err(|error| failed(error.to_string()))?;
        for row in &self.rows {
            lines.write_record(row.iter().map(Entry::field)).map_err(|error| failed(error.to_string()))?;
        }
        let bytes = lines.into_inner().map_err(|error| failed(error.to_string()))?;
        String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
    }

    /// A list of objects.
    pub fn json(&self) -> Value {
        self.rows.iter().map(|row| self.object(row)).collect()
    }

    fn object(&self, row: &[Entry]) -> Value {
        let pairs = self.heads.iter().zip(row).map(|(head, entry)| ((*head).to_owned(), entry.json()));
        Value::Object(pairs.collect::<Map<_, _>>())
    }

    /// The whole answer of a command that is one table.
    pub fn answer(&self, form: Form, empty: &str) -> Result<String, Trouble> {
        match form {
            Form::Text if self.is_empty() => Ok(format!("{empty}\n")),
            Form::Text => Ok(self.text()),
            Form::Csv => self.csv(),
            Form::Json => Ok(format!("{:#}\n", self.json())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        let mut sheet = Sheet::new(&["name", "unused", "lasted_s", "value"]);
        let time = Span(3_600_000_000_000);
        sheet.row(vec![Entry::words("a,\"b\"\u{1b}[2J"), Entry::Nothing, Entry::Lasting(time), Entry::Number(0.1)]);
        sheet.row(vec![Entry::words("c"), Entry::Nothing, Entry::Nothing, Entry::Number(1e-7)]);
        sheet
    }

    #[test]
    fn text_is_aligned_and_shows_what_would_steer_a_terminal() {
        assert_eq!(
            sheet().text(),
            "name            lasted     value\na,\"b\"\\u{1b}[2J     1 h       0.1\nc                    -  1.000e-7\n"
        );
        assert_eq!(tame("x\u{202e}y"), "x\\u{202e}y");
    }

    #[test]
    fn programs_get_all_digits_and_seconds() {
        let csv = sheet().csv().unwrap();
        assert_eq!(csv, "name,unused,lasted_s,value\n\"a,\"\"b\"\"\u{1b}[2J\",,3600.0,0.1\nc,,,1e-7\n");
        let json = sheet().json();
        assert_eq!(json[0]["lasted_s"], 3600.0);
        assert_eq!(json[1]["unused"], Value::Null);
        assert_eq!(json[1]["value"].to_string(), "1e-7");
    }
}
