//! Machine ids: `P-{101..110}` becomes ten of them.

use crate::files::leaf::At;
use crate::files::names;
use crate::files::sources::{Fault, Faults};

/// More machines than this in one scenario are refused.
pub const MOST_MACHINES: usize = 1_000_000;

/// All ids that a text stands for; one without braces stands for itself. At most `most`.
pub fn expand_ids(text: &str, most: usize) -> Result<Vec<String>, String> {
    let Some(open) = text.find('{') else {
        return match text.contains('}') {
            true => Err("this has a `}` without a `{`".to_owned()),
            false => Ok(vec![text.to_owned()]),
        };
    };
    let close = text[open..].find('}').map(|at| open + at).ok_or("this has a `{` without a `}`")?;
    let (first, last) = text[open + 1..close].split_once("..").ok_or("a range is written {101..110}")?;
    let number = |digits: &str| -> Result<u64, String> {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let value = if plain { digits.parse().ok() } else { None };
        value.ok_or_else(|| format!("`{}` is not a whole number", digits.chars().take(20).collect::<String>()))
    };
    let (low, high) = (number(first)?, number(last)?);
    if high < low {
        return Err(format!("the range {low}..{high} runs backwards"));
    }
    let tails = expand_ids(&text[close + 1..], most)?;
    let count = (high - low).saturating_add(1).saturating_mul(tails.len() as u64);
    if count > most as u64 {
        return Err(format!("this stands for {count} machines, more than the {most} that one scenario may have"));
    }
    let width = if first.starts_with('0') { first.len() } else { 0 };
    let mut ids = Vec::with_capacity(count as usize);
    for value in low..=high {
        for tail in &tails {
            ids.push(format!("{}{value:0width$}{tail}", &text[..open]));
        }
    }
    Ok(ids)
}

/// The ids of a block, reported when they cannot be ids.
pub fn ids_of(id: &At<String>, most: usize, faults: &mut Faults) -> Vec<String> {
    let ids = match expand_ids(&id.value, most) {
        Ok(ids) => ids,
        Err(message) => {
            faults.add(Fault::new(&id.span, "machine-id", message).expected("an id or a range, such as `P-{101..110}`"));
            return Vec::new();
        }
    };
    if let Some(bad) = ids.iter().find(|id| !names::is_machine_id(id)) {
        let shown: String = bad.chars().take(40).collect();
        let fault = Fault::new(&id.span, "machine-id", format!("`{shown}` cannot be a machine's id"));
        faults.add(fault.expected("letters, digits, `-` and `_`, at most 64 of them, a letter or digit first"));
        return Vec::new();
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_stands_for_each_of_its_numbers() {
        assert_eq!(expand_ids("P-{9..11}", 100).unwrap(), ["P-9", "P-10", "P-11"]);
        assert_eq!(expand_ids("P-{008..010}", 100).unwrap(), ["P-008", "P-009", "P-010"]);
        assert_eq!(expand_ids("L{1..2}-P{1..2}", 100).unwrap(), ["L1-P1", "L1-P2", "L2-P1", "L2-P2"]);
        assert_eq!(expand_ids("P-1", 100).unwrap(), ["P-1"]);
    }

    #[test]
    fn a_range_that_is_none_says_why() {
        for (text, word) in [
            ("P-{1..999999999}", "more than"),
            ("P-{1..99999999999999999999}", "not a whole number"),
            ("P-{5..1}", "backwards"),
            ("P-{1..", "without"),
            ("P-1}", "without"),
            ("P-{a..b}", "not a whole number"),
            ("P-{1-5}", "written"),
            ("P-{1..9999}{1..9999}", "more than"),
        ] {
            let message = expand_ids(text, 1000).unwrap_err();
            assert!(message.contains(word), "{text}: {message}");
        }
    }
}
