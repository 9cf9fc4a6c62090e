//! The account of a table: what in it could not be used, counted, with the first of each.

use serde::Serialize;

/// Names that one sentence lists.
const MOST_NAMED: usize = 8;

/// How often something was met, and the first of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Met {
    pub count: u64,
    pub first: String,
}

impl Met {
    pub(super) fn note(&mut self, first: impl FnOnce() -> String) {
        if self.count == 0 {
            self.first = cut(&first());
        }
        self.count += 1;
    }
}

/// What was found in a table.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Account {
    /// Instants that were handed on.
    pub instants: u64,
    /// Lines that cannot be read.
    pub broken: Met,
    /// Rows whose time cannot be read.
    pub timeless: Met,
    /// Cells that are no number.
    pub odd: Met,
    /// Cells that are an infinity.
    pub infinite: Met,
    /// Instants with the time of the one before.
    pub repeated: u64,
    /// Instants earlier than the one before.
    pub back: Met,
    /// Readings of columns, sensors or machines that the head of the table did not have.
    pub strange: Met,
    /// Columns that are not read, with the reason.
    pub left_out: Vec<(String, String)>,
    /// Columns that were wanted and are not there.
    pub missing: Vec<String>,
}

impl Account {
    /// What a person should know, a sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let mut say = |met: &Met, what: &str, what_of_it: &str| {
            if met.count > 0 {
                let (were, many) = if met.count == 1 { ("was", "") } else { ("were", "s") };
                let what = what.replace('*', many);
                notes.push(format!("{} {what} {were} {what_of_it}; the first: {}", met.count, met.first));
            }
        };
        say(&self.broken, "line* that cannot be read", "passed over");
        say(&self.timeless, "row* whose time cannot be read", "passed over");
        say(&self.odd, "cell* that hold no number", "taken as not read");
        say(&self.infinite, "infinite cell*", "taken as not read");
        say(&self.strange, "reading* of machines or sensors that are not judged", "passed over");
        say(&self.back, "row* with a time before that of the row above", "judged in the order of the table");
        if self.repeated > 0 {
            notes.push(format!("{} rows repeat the time of the row above; each was judged", self.repeated));
        }
        let mut reasons: Vec<&str> = Vec::new();
        for (_, why) in &self.left_out {
            if !reasons.contains(&why.as_str()) {
                reasons.push(why);
            }
        }
        for why in reasons {
            let names = self.left_out.iter().filter(|(_, reason)| reason == why).map(|(name, _)| name.as_str());
            notes.push(format!("left out, {why}: {}", listed(names)));
        }
        if !self.missing.is_empty() {
            let names = self.missing.iter().map(String::as_str);
            notes.push(format!("learnt but not in this table, so taken as not read: {}", listed(names)));
        }
        notes
    }
}

/// The first names, and how many more there are.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(cut).collect();
    let shown = names[..names.len().min(MOST_NAMED)].join(", ");
    match names.len().saturating_sub(MOST_NAMED) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Nobody reads a megabyte in a message.
pub(super) fn cut(text: &str) -> String {
    const MOST: usize = 120;
    let cleaned = |c: char| if c.is_control() { ' ' } else { c };
    let kept: String = text.chars().take(MOST).map(cleaned).collect();
    if kept.len() < text.len() { kept + "..." } else { kept }
}
