//! A report as Markdown: what the store keeps, and what a mail or a wiki takes.

use super::figures::{Advice, Figures};
use super::tables;
use super::written::{Table, estimate, number, percent, when};
use std::fmt::Write;

/// Rows of a table that a text shows; files have all.
const MOST_ROWS: usize = 40;

/// The whole report.
pub fn report(figures: &Figures) -> String {
    let heading = &figures.heading;
    let mut text = format!("# {} report of {}\n\n", capital(heading.period.name()), plain(&heading.run));
    let _ = writeln!(text, "{}\n", plain(&heading.title));
    let _ = writeln!(text, "{} to {} (UTC), {}.", when(heading.from), when(heading.to), super::machines(figures));
    for note in &heading.notes {
        let _ = writeln!(text, "{}", plain(note));
    }
    text.push_str("\n## Recommendations\n\n");
    for (place, advice) in figures.advice.iter().enumerate() {
        let _ = writeln!(text, "{}. {}", place + 1, item(advice));
    }
    if !figures.advice.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "{}\n\n## In short\n", plain(&figures.nothing_more));
    for (label, value) in short(figures) {
        let _ = writeln!(text, "- {label}: {}", plain(&value));
    }
    for table in tables::all(figures) {
        write_table(&mut text, &table);
    }
    let _ = writeln!(text, "\n---\n\ntwinwright {}. The same store makes the same report.", plain(&heading.version));
    text
}

/// The figures that stand at the top.
pub fn short(figures: &Figures) -> Vec<(&'static str, String)> {
    let (plant, alarms) = (&figures.plant, &figures.alarms);
    let mut short = Vec::new();
    short.extend(plant.availability().map(|part| ("available", percent(part))));
    short.extend(plant.oee.map(|part| ("OEE", percent(part))));
    short.push(("failures", plant.failures.to_string()));
    short.push(("MTBF, h", estimate(&plant.mtbf)));
    short.push(("MTTR, h", estimate(&plant.mttr)));
    short.push(("planned works", plant.planned.to_string()));
    short.push(("alerts", format!("{} ({} an hour)", alarms.raised, number(alarms.per_hour))));
    short.extend(plant.energy_kwh.map(|energy| ("energy, kWh", number(energy))));
    if plant.costs.sum() > 0.0 {
        short.push(("cost", number(plant.costs.sum().round())));
    }
    short
}

fn item(advice: &Advice) -> String {
    let saves = advice.saves.map_or(String::new(), |saves| format!(" Saves about {}.", number(saves.round())));
    format!("**{}**: {}{saves} ({})", plain(&advice.title), plain(&advice.reason), plain(&advice.assumption))
}

fn write_table(text: &mut String, table: &Table) {
    let _ = writeln!(text, "\n## {}\n", table.title);
    if !table.note.is_empty() {
        let _ = writeln!(text, "{}\n", plain(&table.note));
    }
    let heads: Vec<&str> = table.heads.iter().map(|(head, ..)| *head).collect();
    let lines: Vec<&str> =
        table.heads.iter().map(|(_, _, is_number)| if *is_number { "---:" } else { "---" }).collect();
    let _ = writeln!(text, "| {} |\n| {} |", heads.join(" | "), lines.join(" | "));
    for row in table.rows.iter().take(MOST_ROWS) {
        let cells: Vec<String> = row.iter().map(|cell| plain(&cell.shown())).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    if table.rows.len() > MOST_ROWS {
        let _ = writeln!(text, "\nThe first {MOST_ROWS} of {}.", table.rows.len());
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// Text that is nothing but text, whatever somebody called a machine.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in crate::report::lettering::cut(text, 400).chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => plain.extend(['\\', letter]),
            '<' => plain.push_str("&lt;"),
            '&' => plain.push_str("&amp;"),
            letter if letter.is_control() => plain.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_nothing_but_a_text() {
        let hostile = "<script>|\n# [x](javascript:1) `a` **b** \u{202e}";
        assert_eq!(plain(hostile), "&lt;script>\\| \\# \\[x\\](javascript:1) \\`a\\` \\*\\*b\\*\\* ");
    }
}
