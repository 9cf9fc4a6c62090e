//! The rules file with other limits: the user's own text, changed in as few places as can be.

use super::limits::Limits;
use crate::Trouble;
use toml_edit::{DocumentMut, Item, Table, TableLike, value};
use twinwright_core::limits::{Level, LimitsPlan};
use twinwright_model::Span;

/// Writes the changed limits into the text; what is the same as before stays as it was written.
pub fn write(name: &str, text: &str, changes: &[(&Limits, LimitsPlan)]) -> Result<String, Trouble> {
    let mut document: DocumentMut = text.parse().map_err(|error| Trouble::Input(format!("{name}: {error}")))?;
    let all = document.entry("limits").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let Some(all) = all.as_table_like_mut() else {
        return Err(Trouble::Input(format!("{name}: `limits` is no table")));
    };
    for (limits, plan) in changes {
        for key in &limits.keys {
            let entry = all.entry(key).or_insert_with(|| Item::Table(Table::new()));
            if let Some(entry) = entry.as_table_like_mut() {
                for (key, item) in differences(&limits.plan, plan) {
                    put(entry, key, item);
                }
            }
        }
    }
    Ok(document.to_string())
}

/// A value that is there is exchanged; what stands around it (alignment, a comment) stays.
fn put(entry: &mut dyn TableLike, key: &str, mut item: Item) {
    if let Some(known) = entry.get_mut(key) {
        if let (Some(before), Some(after)) = (known.as_value(), item.as_value_mut()) {
            *after.decor_mut() = before.decor().clone();
        }
        *known = item;
    } else {
        entry.insert(key, item);
    }
}

fn differences(before: &LimitsPlan, after: &LimitsPlan) -> Vec<(&'static str, Item)> {
    let mut changed = Vec::new();
    for level in Level::ALL {
        let (was, is) = (before.at[level as usize], after.at[level as usize]);
        if let Some(is) = is.filter(|is| Some(*is) != was) {
            changed.push((level.name(), value(short(is))));
        }
    }
    if before.deadband != after.deadband {
        changed.push(("deadband", value(short(after.deadband))));
    }
    for (key, was, is) in
        [("on_delay", before.on_delay, after.on_delay), ("off_delay", before.off_delay, after.off_delay)]
    {
        if was != is {
            changed.push((key, value(Span(is).to_string())));
        }
    }
    changed
}

/// Sums of decimals come out a little off: nobody would write that down.
pub fn short(number: f64) -> f64 {
    format!("{number:.10e}").parse().unwrap_or(number)
}
