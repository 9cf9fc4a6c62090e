//! Scales: from numbers and instants to places on a drawing, with marks at round values.

use super::figure::Manner;
use super::lettering::wide;
use super::svg::{Anchor, Svg};
use crate::run::progress::grouped;
use twinwright_model::{Span, Time};

const DAY: i64 = 86_400_000_000_000;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A stretch of time laid out from left to right.
#[derive(Debug, Clone, Copy)]
pub struct TimeScale {
    pub start: Time,
    pub end: Time,
    pub left: f64,
    pub width: f64,
}

impl TimeScale {
    pub fn x(&self, time: Time) -> f64 {
        let span = (self.end.0 - self.start.0).max(1) as f64;
        self.left + self.width * ((time.0 - self.start.0) as f64 / span).clamp(0.0, 1.0)
    }

    /// The x of the edge before bin `bin` of `count`.
    pub fn edge(&self, bin: usize, count: usize) -> f64 {
        self.left + self.width * bin as f64 / count as f64
    }

    /// Marks at round instants: at most a dozen.
    pub fn marks(&self) -> Vec<(Time, String)> {
        let days = (self.end.0 - self.start.0) / DAY;
        if days >= 75 { self.months(days) } else { self.steps() }
    }

    fn months(&self, days: i64) -> Vec<(Time, String)> {
        let every =
            [1, 2, 3, 6, 12, 24, 60, 120, 240].into_iter().find(|every| days / (30 * every) <= 12).unwrap_or(480);
        let (mut year, mut month) = year_and_month(self.start);
        let mut marks = Vec::new();
        while let Ok(first) = Time::parse(&format!("{year:04}-{month:02}-01T00:00:00Z")) {
            if first > self.end {
                break;
            }
            if first >= self.start && (year * 12 + month - 1) % every == 0 {
                let name = MONTHS[(month - 1) as usize];
                marks.push((first, if month == 1 || every >= 12 { format!("{name} {year}") } else { name.to_owned() }));
            }
            (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        }
        marks
    }

    fn steps(&self) -> Vec<(Time, String)> {
        const STEPS: [i64; 16] = [
            1_000_000_000,
            5_000_000_000,
            15_000_000_000,
            60_000_000_000,
            300_000_000_000,
            900_000_000_000,
            1_800_000_000_000,
            3_600_000_000_000,
            2 * 3_600_000_000_000,
            3 * 3_600_000_000_000,
            6 * 3_600_000_000_000,
            12 * 3_600_000_000_000,
            DAY,
            2 * DAY,
            5 * DAY,
            7 * DAY,
        ];
        let span = self.end.0 - self.start.0;
        let step = STEPS.into_iter().find(|step| span / step <= 12).unwrap_or(14 * DAY);
        // Whole days are counted from the start of the run, parts of a day from midnight.
        let base = if step >= DAY {
            self.start.0 - self.start.0.rem_euclid(DAY)
        } else {
            self.start.0.div_euclid(step) * step
        };
        let times = (0..=14).map(|k| Time(base + k * step)).filter(|time| (self.start..=self.end).contains(time));
        times.map(|time| (time, if step >= DAY { day(time) } else { hour(time) })).collect()
    }

    /// Thin lines down to `bottom`, with their names below.
    pub fn draw(&self, svg: &mut Svg, top: f64, bottom: f64) {
        let mut free = f64::NEG_INFINITY;
        for (time, name) in self.marks() {
            let x = self.x(time);
            svg.line([x, top, x, bottom], "grid");
            let half = wide("axis", &name) / 2.0;
            if x - half > free.max(0.0) && x + half < self.left + self.width + 24.0 {
                svg.text((x, bottom + 15.0), "axis", Anchor::Middle, &name);
                free = x + half + 6.0;
            }
        }
    }
}

fn year_and_month(time: Time) -> (i64, i64) {
    let text = time.to_string();
    let part = |range| text.get(range).and_then(|digits: &str| digits.parse().ok());
    (part(0..4).unwrap_or(1970), part(5..7).unwrap_or(1))
}

/// `4 Mar`.
pub fn day(time: Time) -> String {
    let text = time.to_string();
    let month = MONTHS[((year_and_month(time).1 - 1).clamp(0, 11)) as usize];
    format!("{} {month}", text.get(8..10).unwrap_or("").trim_start_matches('0'))
}

fn hour(time: Time) -> String {
    let text = time.to_string();
    match (text.get(11..16), text.get(17..19)) {
        (Some("00:00"), Some("00")) => day(time),
        (Some(minutes), Some("00")) => minutes.to_owned(),
        _ => text.get(11..19).unwrap_or("").to_owned(),
    }
}

/// `2026-03-04 16:20`.
pub fn minute(time: Time) -> String {
    time.to_string().get(..16).unwrap_or("").replace('T', " ")
}

/// `2026-03-04 16:20:10`.
pub fn second(time: Time) -> String {
    time.to_string().get(..19).unwrap_or("").replace('T', " ")
}

/// `9 h 20 min`.
pub fn length(from: Time, to: Time) -> String {
    Span(to.0 - from.0).to_string()
}

/// Numbers laid out from bottom to top.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    pub low: f64,
    pub high: f64,
    pub top: f64,
    pub height: f64,
}

impl Scale {
    pub fn y(&self, value: f64) -> f64 {
        let span = if self.high > self.low { self.high - self.low } else { 1.0 };
        self.top + self.height * (1.0 - ((value - self.low) / span).clamp(0.0, 1.0))
    }

    /// How far about `count` round values lie apart.
    pub fn step(&self, count: usize) -> f64 {
        round_step((self.high - self.low) / count as f64)
    }

    /// About `count` round values within.
    pub fn marks(&self, count: usize) -> Vec<f64> {
        let step = self.step(count);
        let first = (self.low / step - 1e-9).ceil() as i64;
        (0..=3 * count as i64)
            .map(|k| (first + k) as f64 * step)
            .take_while(|v| *v <= self.high + step * 1e-9)
            .collect()
    }

    pub fn draw(&self, svg: &mut Svg, left: f64, right: f64, count: usize) {
        for mark in self.marks(count) {
            let y = self.y(mark);
            svg.line([left, y, right, y], "grid");
            svg.text((left - 7.0, y + 3.5), "axis", Anchor::End, &plain(mark));
        }
    }
}

/// Numbers laid out from left to right.
#[derive(Debug, Clone, Copy)]
pub struct Across {
    pub low: f64,
    pub high: f64,
    pub left: f64,
    pub width: f64,
}

impl Across {
    pub fn x(&self, value: f64) -> f64 {
        let span = if self.high > self.low { self.high - self.low } else { 1.0 };
        self.left + self.width * ((value - self.low) / span).clamp(0.0, 1.0)
    }

    /// Thin lines from top to bottom with their numbers below, as many as there is room for, and a base line.
    pub(super) fn draw(&self, svg: &mut Svg, (top, bottom): (f64, f64), manner: &Manner) {
        let scale = Scale { low: self.low, high: self.high, top: 0.0, height: 1.0 };
        let mut free = f64::NEG_INFINITY;
        let count = ((self.width / 90.0) as usize).clamp(2, 8);
        let step = scale.step(count);
        for mark in scale.marks(count) {
            let (x, text) = (self.x(mark), manner.mark(mark, step));
            let half = wide("axis", &text) / 2.0;
            svg.line([x, top, x, bottom], "grid");
            if x - half > free.max(0.0) && x + half < svg.width {
                svg.text((x, bottom + 15.0), "axis", Anchor::Middle, &text);
                free = x + half + 8.0;
            }
        }
        svg.line([self.left, bottom, self.left + self.width, bottom], "base");
    }
}

/// 1, 2 or 5 times a power of ten, at least `rough`.
fn round_step(rough: f64) -> f64 {
    if !rough.is_finite() || rough <= 0.0 {
        return 1.0;
    }
    let mut power = 1.0f64;
    while power > rough && power > 1e-30 {
        power /= 10.0;
    }
    while power * 10.0 <= rough && power < 1e30 {
        power *= 10.0;
    }
    [1.0, 2.0, 5.0].into_iter().map(|f| f * power).find(|step| *step >= rough * 0.999).unwrap_or(10.0 * power)
}

/// A number as a person would write it: four digits that matter, thousands apart.
pub fn plain(number: f64) -> String {
    let size = number.abs();
    if size >= 1e15 {
        return format!("{number:.3e}");
    }
    if size >= 1000.0 {
        return grouped(number);
    }
    let digits = match size {
        s if s >= 100.0 => 1,
        s if s >= 10.0 => 2,
        s if s >= 1.0 => 3,
        s if s >= 0.01 => 4,
        s if s >= 1e-6 || s == 0.0 => 8,
        _ => return format!("{number:.3e}"),
    };
    let text = format!("{number:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_at_round_values() {
        let scale = Scale { low: 3.0, high: 47.0, top: 0.0, height: 100.0 };
        assert_eq!(scale.marks(4), [20.0, 40.0]);
        assert_eq!(Scale { low: 0.0, high: 1.0, ..scale }.marks(4), [0.0, 0.5, 1.0]);
        assert_eq!([plain(0.25), plain(12_345.6), plain(12.34), plain(0.0)], ["0.25", "12 346", "12.34", "0"]);
    }

    #[test]
    fn a_year_is_marked_by_months_and_a_day_by_hours() {
        let start = Time::parse("2026-01-01T00:00:00Z").unwrap();
        let scale = |days: i64| TimeScale { start, end: Time(start.0 + days * DAY), left: 0.0, width: 1.0 };
        let names = |days| scale(days).marks().into_iter().map(|(_, name)| name).collect::<Vec<_>>();
        assert_eq!(names(365)[..3], ["Jan 2026", "Feb", "Mar"]);
        assert_eq!(names(1)[..3], ["1 Jan", "02:00", "04:00"]);
        assert_eq!(names(30)[..3], ["1 Jan", "6 Jan", "11 Jan"]);
    }
}
