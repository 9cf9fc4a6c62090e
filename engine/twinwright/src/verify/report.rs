//! What a verification came to: counts, rates with their uncertainty, and examples, for a person and for a program.

use super::findings::{Finding, Sort};
use crate::run::progress::grouped;
use serde_json::{Value, json};
use std::fmt::{self, Write};
use twinwright_model::Span;

#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Readings that the run made, without those that dropped out.
    pub expected: u64,
    /// Readings that came back, further copies and unknown ones among them.
    pub received: u64,
    pub files: usize,
    /// Expected readings whose first copy is as it was made.
    pub intact: u64,
    /// In the order of [`Sort::ALL`].
    pub(super) counts: [u64; 7],
    pub altered_values: u64,
    pub altered_qualities: u64,
    /// Whether the received table says when a row arrived.
    pub has_arrivals: bool,
    pub late_after: Span,
    pub tolerance: f64,
    pub notes: Vec<String>,
    /// The first few of each sort.
    pub examples: Vec<Finding>,
}

/// How many of all, as a part of 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// Above 1 for what is more than its whole, such as copies of which each reading has several.
    pub mean: f64,
    /// Where it lies with 95 % confidence; none for what is more than its whole.
    pub interval: Option<(f64, f64)>,
}

impl Report {
    pub fn count(&self, sort: Sort) -> u64 {
        self.counts[sort as usize]
    }

    /// Everything arrived once, in order, in time and unaltered, and nothing else.
    pub fn clean(&self) -> bool {
        self.counts.iter().all(|&count| count == 0)
    }

    /// What a count is a part of: the readings that were made, or the rows that came.
    fn whole(&self, sort: Sort) -> u64 {
        match sort {
            Sort::Unknown => self.received,
            Sort::Unreadable => self.received + self.count(Sort::Unreadable),
            _ => self.expected,
        }
    }

    /// The part of all.
    pub fn rate(&self, sort: Sort) -> Rate {
        Rate::of(self.count(sort), self.whole(sort))
    }

    /// For a person.
    pub fn page(&self) -> String {
        let mut page = String::new();
        let number = |count: u64| grouped(count as f64);
        let files = if self.files == 1 { "1 file".to_owned() } else { format!("{} files", self.files) };
        let (expected, received) = (number(self.expected), number(self.received));
        let _ = writeln!(page, "{expected} readings made, {received} received in {files}\n");
        let _ = writeln!(page, "{:<12} {:>14} {:>11}   95 % interval", "", "count", "rate");
        let intact = Rate::of(self.intact, self.expected);
        let _ = writeln!(page, "{:<12} {:>14} {intact}", "intact", number(self.intact));
        for sort in Sort::ALL {
            if sort == Sort::Late && !self.has_arrivals {
                let _ =
                    writeln!(page, "{:<12} {:>14}   not judged: no column says when a row arrived", sort.name(), "-");
                continue;
            }
            let count = number(self.count(sort));
            let _ = write!(page, "{:<12} {count:>14} {}", sort.name(), self.rate(sort));
            let _ = match sort {
                Sort::Altered if self.count(sort) > 0 => {
                    let (values, qualities) = (number(self.altered_values), number(self.altered_qualities));
                    writeln!(page, "   {values} values, {qualities} qualities")
                }
                Sort::Late => writeln!(page, "   more than {} after their time", self.late_after),
                Sort::Unknown | Sort::Unreadable => writeln!(page, "   of the rows received"),
                _ => writeln!(page),
            };
        }
        for note in &self.notes {
            let _ = write!(page, "\nnote: {note}");
        }
        if !self.notes.is_empty() {
            page.push('\n');
        }
        self.show_examples(&mut page);
        let verdict = if self.clean() { "all arrived intact" } else { "not all arrived intact" };
        let _ = writeln!(page, "\n{verdict}");
        page
    }

    fn show_examples(&self, page: &mut String) {
        for sort in Sort::ALL {
            let mine: Vec<&Finding> = self.examples.iter().filter(|finding| finding.sort == sort).collect();
            if mine.is_empty() {
                continue;
            }
            let first = if (mine.len() as u64) < self.count(sort) { ", the first ones" } else { "" };
            let _ = writeln!(page, "\n{}{first}:", sort.name());
            for finding in mine {
                let _ = writeln!(page, "  {}", line(finding));
            }
        }
    }

    /// For a program.
    pub fn to_json(&self) -> Value {
        let mut findings = serde_json::Map::new();
        for sort in Sort::ALL {
            let known = sort != Sort::Late || self.has_arrivals;
            let count = if known { json!(self.count(sort)) } else { Value::Null };
            let rates = if known { self.rate(sort).to_json() } else { Value::Null };
            let examples: Vec<Value> = self.examples.iter().filter(|f| f.sort == sort).map(object).collect();
            findings.insert(sort.name().to_owned(), json!({ "count": count, "rate": rates, "examples": examples }));
        }
        json!({
            "clean": self.clean(),
            "expected": self.expected,
            "received": self.received,
            "files": self.files,
            "intact": self.intact,
            "altered_values": self.altered_values,
            "altered_qualities": self.altered_qualities,
            "tolerance": self.tolerance,
            "late_after_s": self.late_after.seconds(),
            "confidence": 0.95,
            "findings": findings,
            "notes": self.notes,
        })
    }
}

impl Rate {
    fn of(count: u64, whole: u64) -> Rate {
        let mean = if count == 0 { 0.0 } else { count as f64 / whole as f64 };
        Rate { mean, interval: (count <= whole).then(|| wilson(count, whole)) }
    }

    fn to_json(self) -> Value {
        // A part of nothing is infinite, for which JSON has no number.
        json!({ "mean": self.mean, "low": self.interval.map(|i| i.0), "high": self.interval.map(|i| i.1) })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |part: f64| format!("{:.4} %", part * 100.0);
        match self.interval {
            Some((low, high)) => write!(f, "{:>11}   {} to {}", percent(self.mean), percent(low), percent(high)),
            None if self.mean.is_finite() => write!(f, "{:>11}   -", format!("{:.4} x", self.mean)),
            None => write!(f, "{:>11}   -", "-"),
        }
    }
}

/// Where a binomial rate lies with 95 % confidence (Wilson's score interval).
fn wilson(count: u64, whole: u64) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (whole as f64, (count as f64 / whole as f64).min(1.0));
    let middle = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    let low = if count == 0 { 0.0 } else { ((middle - spread) / scale).max(0.0) };
    let high = if count >= whole { 1.0 } else { ((middle + spread) / scale).min(1.0) };
    (low, high)
}

/// `received.csv:102: P-101 temp 2026-01-01T00:00:01.000Z: made 21.7 good, received 21.9 good`
fn line(finding: &Finding) -> String {
    let mut parts = Vec::new();
    if let Some((file, row)) = &finding.place {
        parts.push(format!("{}:{row}", file.display()));
    }
    if let Some(time) = finding.time {
        parts.push(format!("{} {} {time}", finding.machine, finding.sensor));
    }
    let (made, came) = (&finding.expected, &finding.received);
    parts.push(match finding.sort {
        Sort::Unreadable | Sort::Late | Sort::Reordered => came.clone(),
        Sort::Lost => format!("made {made}"),
        Sort::Unknown => format!("received {came}"),
        Sort::Altered | Sort::Doubled => format!("made {made}, received {came}"),
    });
    parts.join(": ")
}

fn object(finding: &Finding) -> Value {
    json!({
        "machine": finding.machine,
        "sensor": finding.sensor,
        "time": finding.time.map(|time| time.to_string()),
        "expected": finding.expected,
        "received": finding.received,
        "file": finding.place.as_ref().map(|(file, _)| file.display().to_string()),
        "row": finding.place.as_ref().map(|(_, row)| row),
    })
}

#[cfg(test)]
mod tests {
    use super::wilson;

    #[test]
    fn a_rate_lies_where_tables_of_wilsons_interval_say() {
        let close = |(low, high): (f64, f64), wanted: (f64, f64)| {
            assert!((low - wanted.0).abs() < 5e-5 && (high - wanted.1).abs() < 5e-5, "{low} to {high}");
        };
        close(wilson(10, 100), (0.0552, 0.1744));
        close(wilson(0, 100), (0.0, 0.0370));
        close(wilson(100, 100), (0.9630, 1.0));
        close(wilson(50, 100), (0.4038, 0.5962));
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }
}
