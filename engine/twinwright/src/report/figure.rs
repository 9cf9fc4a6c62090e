//! Figures as a person would write them: no more digits than their interval gives reason for.

use super::scale::plain;
use crate::run::progress::grouped;

/// How a measure is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Manner {
    /// A part of one, written in percent.
    percent: bool,
    unit: String,
}

impl Manner {
    pub(crate) fn of(name: &str, unit: &str) -> Manner {
        let stem = name.split('(').next().unwrap_or_default();
        let is_part = stem == "availability" || stem == "oee" || stem.starts_with("oee_");
        let unit = if unit == "1" { "" } else { unit };
        Manner { percent: is_part && unit.is_empty(), unit: unit.to_owned() }
    }

    /// Without unit.
    pub(crate) fn bare(&self, value: f64, half_width: Option<f64>) -> String {
        let factor = self.factor();
        match half_width.map(|half| half.abs() * factor).filter(|half| *half > 0.0 && half.is_finite()) {
            Some(half) => rounded(value * factor, half),
            None if self.percent => format!("{:.2}", value * factor),
            None => plain(value),
        }
    }

    pub(crate) fn value(&self, value: f64, half_width: Option<f64>) -> String {
        format!("{}{}", self.bare(value, half_width), self.tail())
    }

    /// A difference without its sign.
    pub(crate) fn amount(&self, value: f64, half_width: Option<f64>) -> String {
        let bare = self.bare(value.abs(), half_width);
        if self.percent { format!("{bare} percentage points") } else { format!("{bare}{}", self.tail()) }
    }

    /// A difference with its sign.
    pub(crate) fn signed(&self, value: f64, half_width: Option<f64>) -> String {
        let bare = self.bare(value, half_width);
        let is_zero = !bare.contains(|c: char| ('1'..='9').contains(&c));
        if value > 0.0 && !is_zero { format!("+{bare}") } else { bare }
    }

    /// A mark of an axis, whose neighbours are `step` away.
    pub(crate) fn mark(&self, value: f64, step: f64) -> String {
        let text = decimals(value * self.factor(), places(step * self.factor()));
        if text.len() > 14 { plain(value * self.factor()) } else { text }
    }

    /// What the numbers of differences are in, for a head.
    pub(crate) fn points(&self) -> &str {
        if self.percent { "percentage points" } else { &self.unit }
    }

    /// What the numbers are in, for a head: `%`, `h`, or nothing.
    pub(crate) fn unit(&self) -> &str {
        if self.percent { "%" } else { &self.unit }
    }

    fn factor(&self) -> f64 {
        if self.percent { 100.0 } else { 1.0 }
    }

    fn tail(&self) -> String {
        let unit = super::lettering::cut(self.unit(), 24);
        if unit.is_empty() { unit } else { format!(" {unit}") }
    }
}

/// Digits down to the second one of the half width.
fn rounded(value: f64, half: f64) -> String {
    let step = 10f64.powf(half.log10().floor() - 1.0);
    if !value.is_finite() || value.abs() / step > 1e12 || step < 1e-9 {
        return plain(value);
    }
    if step >= 1.0 { decimals((value / step).round() * step, 0) } else { decimals(value, places(step)) }
}

/// Digits after the point that tell values a step apart.
fn places(step: f64) -> usize {
    if step.is_finite() && step > 0.0 { (-(step.log10() + 1e-9).floor()).clamp(0.0, 9.0) as usize } else { 0 }
}

/// With so many digits after the point, and thousands apart.
fn decimals(value: f64, places: usize) -> String {
    let text = format!("{:.places$}", value.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
    if whole.len() > 15 || !value.is_finite() {
        return plain(value);
    }
    let whole = grouped(whole.parse().unwrap_or(0.0));
    let is_zero = !text.contains(|c: char| ('1'..='9').contains(&c));
    let sign = if value < 0.0 && !is_zero { "-" } else { "" };
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_end_where_the_interval_makes_them_idle() {
        let cost = Manner::of("cost", "");
        let part = Manner::of("availability(P-1)", "1");
        assert_eq!(cost.value(12_345.678, Some(2_100.0)), "12 300");
        assert_eq!(cost.value(12.345_678, Some(0.21)), "12.35");
        assert_eq!(part.value(0.974_31, Some(0.0021)), "97.43 %");
        assert_eq!(part.amount(-0.0042, Some(0.0003)), "0.420 percentage points");
        assert_eq!(cost.signed(12.3, Some(2.0)), "+12.3");
        assert_eq!(cost.signed(-0.001, Some(2.0)), "0.0");
        assert_eq!(cost.signed(-1_234.0, None), "-1 234");
        assert_eq!(Manner::of("uptime_h", "h").value(3.0, Some(0.0)), "3 h");
    }

    #[test]
    fn marks_of_an_axis_tell_neighbours_apart() {
        let (cost, part) = (Manner::of("cost", ""), Manner::of("oee", ""));
        assert_eq!([cost.mark(1_000.5, 0.5), cost.mark(-2_000.0, 500.0)], ["1 000.5", "-2 000"]);
        assert_eq!([part.mark(0.974, 0.002), part.mark(1.0, 0.1)], ["97.4", "100"]);
    }
}
