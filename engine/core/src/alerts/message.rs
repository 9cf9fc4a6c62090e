//! What an alert says to people: a rule's template with its places filled in. Names and units come from files and wires:
//! whatever would steer a terminal, or turn a line around, is shown instead of done.

use super::concern::Sight;
use twinwright_model::Severity;

/// Longer messages are cut.
const LONGEST: usize = 1_000;

/// What a template's places stand for.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    pub machine: &'a str,
    pub rule: &'a str,
    pub unit: &'a str,
    pub severity: Severity,
    pub sight: &'a Sight,
}

/// Fills a template in. A place that nobody knows stays as it is written; one without a value becomes a dash.
pub fn fill(template: &str, places: &Places) -> String {
    let mut text = String::with_capacity(template.len() + 40);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(&shown(before));
        let filled = after.split_once('}').and_then(|(name, tail)| Some((places.fill(name)?, tail)));
        match filled {
            Some((value, tail)) => {
                // What has no unit has no blank before it.
                if value.is_empty() && text.ends_with(' ') {
                    text.pop();
                }
                text.push_str(&value);
                rest = tail;
            }
            None => {
                text.push('{');
                rest = after;
            }
        }
    }
    text.push_str(&shown(rest));
    cut(text.trim_end(), LONGEST)
}

impl Places<'_> {
    fn fill(&self, name: &str) -> Option<String> {
        let sight = self.sight;
        Some(match name {
            "machine" => shown(self.machine),
            "sensor" => sight.sensor.as_deref().map_or_else(|| "-".to_owned(), shown),
            "rule" => shown(self.rule),
            "value" => readable(sight.value),
            "limit" => readable(sight.limit.unwrap_or(f64::NAN)),
            "expected" => readable(sight.expected.unwrap_or(f64::NAN)),
            "unit" => shown(self.unit),
            "severity" => self.severity.to_string(),
            "detector" => shown(&sight.detector),
            _ => return None,
        })
    }
}

/// Control characters and those that change the direction of writing are written as escapes.
pub fn shown(text: &str) -> String {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(steers) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if steers(c) { safe.extend(c.escape_default()) } else { safe.push(c) }
    }
    safe
}

/// At most so many characters.
pub fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// A number as a person would write it: four digits that count, more before the point where it has them.
pub fn readable(number: f64) -> String {
    if !number.is_finite() {
        return "-".to_owned();
    }
    let size = number.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e9).contains(&size) {
        return format!("{number:.3e}");
    }
    let before_point = libm::floor(libm::log10(size)) as i32 + 1;
    let decimals = (4 - before_point).clamp(0, 8) as usize;
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_write_them() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (85.0, "85"),
            (85.04, "85.04"),
            (85.049, "85.05"),
            (-0.00123456, "-0.001235"),
            (12345.67, "12346"),
            (1.5e9, "1.500e9"),
            (2e-7, "2.000e-7"),
            (f64::NAN, "-"),
            (f64::INFINITY, "-"),
            (1e308, "1.000e308"),
        ];
        for (number, text) in cases {
            assert_eq!(readable(number), text);
        }
    }

    #[test]
    fn a_template_is_filled_and_what_nobody_knows_stays() {
        let sight = Sight {
            value: 91.25,
            limit: Some(85.0),
            expected: None,
            detector: "high_high".to_owned(),
            sensor: Some("temp".to_owned()),
        };
        let places = Places { machine: "P-101", rule: "hot", unit: "degC", severity: Severity::High, sight: &sight };
        let fill = |template: &str| fill(template, &places);
        assert_eq!(fill("{machine}: {sensor} {value} {unit} > {limit}"), "P-101: temp 91.25 degC > 85");
        assert_eq!(fill("{rule} {severity} {detector} {expected} {x} {"), "hot high high_high - {x} {");
        assert_eq!(fill("}{{machine}"), "}{P-101");
        let bare = Places { unit: "", ..places };
        assert_eq!(super::fill("{value} {unit}, above {limit}", &bare), "91.25, above 85");
    }

    #[test]
    fn names_that_steer_a_terminal_are_shown_and_endless_ones_cut() {
        let sight = Sight { sensor: Some("a\u{1b}[31m\r\nb\u{202e}c\0".to_owned()), ..Sight::default() };
        let long = "m".repeat(5_000);
        let places = Places { machine: &long, rule: "r", unit: "", severity: Severity::Low, sight: &sight };
        assert_eq!(fill("{sensor}", &places), "a\\u{1b}[31m\\r\\nb\\u{202e}c\\u{0}");
        assert_eq!(fill("{machine}", &places).chars().count(), 1_003);
        assert_eq!(fill("line\nbreak", &places), "line\\nbreak");
    }
}
