//! Machine ids: `P-{101..110}` becomes ten of them.

use crate::files::leaf::At;
use crate::files::names;
use crate::files::sources::{Fault, Faults};

/// More machines than this in one scenario are refused.
pub const MOST_MACHINES: usize = 1_000_000;

/// A longer text is no id: its ids have 64 characters at most.
const LONGEST_TEXT: usize = 200;

/// One range of a text: what stands before it, its ends, and to how many digits it is filled up.
struct Range<'a> {
    before: &'a str,
    low: u64,
    high: u64,
    width: usize,
}

impl Range<'_> {
    fn count(&self) -> u64 {
        (self.high - self.low).saturating_add(1)
    }
}

/// The ranges of a text and what stands after the last.
fn ranges(text: &str) -> Result<(Vec<Range<'_>>, &str), String> {
    if text.len() > LONGEST_TEXT {
        return Err(format!("this has {} characters, more than any id", text.chars().count()));
    }
    let (mut ranges, mut rest) = (Vec::new(), text);
    while let Some((before, inside)) = rest.split_once('{') {
        let (inside, after) = inside.split_once('}').ok_or("this has a `{` without a `}`")?;
        let (first, last) = inside.split_once("..").ok_or("a range is written {101..110}")?;
        let (low, high) = (number(first)?, number(last)?);
        if high < low {
            return Err(format!("the range {low}..{high} runs backwards"));
        }
        ranges.push(Range { before, low, high, width: if first.starts_with('0') { first.len() } else { 0 } });
        rest = after;
    }
    if rest.contains('}') || ranges.iter().any(|range| range.before.contains('}')) {
        return Err("this has a `}` without a `{`".to_owned());
    }
    Ok((ranges, rest))
}

fn number(digits: &str) -> Result<u64, String> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let value = if plain { digits.parse().ok() } else { None };
    value.ok_or_else(|| format!("`{}` is not a whole number", digits.chars().take(20).collect::<String>()))
}

/// How many ids a text stands for.
pub fn count_ids(text: &str) -> Result<u64, String> {
    let (ranges, _) = ranges(text)?;
    Ok(ranges.iter().fold(1, |count, range| count.saturating_mul(range.count())))
}

/// All ids that a text stands for; one without braces stands for itself. At most `most`.
pub fn expand_ids(text: &str, most: usize) -> Result<Vec<String>, String> {
    let count = count_ids(text)?;
    if count > most as u64 {
        return Err(format!("this stands for {count} machines, more than the {most} that one scenario may have"));
    }
    let (ranges, tail) = ranges(text)?;
    let mut ids = vec![tail.to_owned()];
    // From the last range to the first: so the first changes slowest.
    for range in ranges.iter().rev() {
        let Range { before, low, high, width } = range;
        ids = (*low..=*high)
            .flat_map(|value| ids.iter().map(move |tail| format!("{before}{value:0width$}{tail}")))
            .collect();
    }
    Ok(ids)
}

/// The ids of a block, reported when they cannot be ids.
pub fn ids_of(id: &At<String>, most: usize, faults: &mut Faults) -> Vec<String> {
    let ids = match expand_ids(&id.value, most) {
        Ok(ids) => ids,
        Err(message) => {
            faults
                .add(Fault::new(&id.span, "machine-id", message).expected("an id or a range, such as `P-{101..110}`"));
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
            ("P-1}{1..2}", "without"),
            (&"P{1..1}".repeat(1000), "more than any id"),
            ("P-{a..b}", "not a whole number"),
            ("P-{1-5}", "written"),
            ("P-{1..9999}{1..9999}", "more than"),
        ] {
            let message = expand_ids(text, 1000).unwrap_err();
            assert!(message.contains(word), "{text}: {message}");
        }
    }
}
