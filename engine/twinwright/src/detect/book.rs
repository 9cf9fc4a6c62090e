//! What is written of each judged row: a line of `scores.csv`, findings as they end, and what the page will show.

use super::Seen;
use super::findings::{Finding, Findings};
use super::sampled::Sampled;
use super::strip::Strip;
use crate::Trouble;
use crate::recording::Instant;
use std::io::BufWriter;
use twinwright_core::judge::Verdict;
use twinwright_io::{PartFile, RunFolder};

/// Places on the map.
const MOST_PLACES: usize = 1_000;

/// A judged row on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Spot {
    pub place: [f64; 2],
    pub anomaly: bool,
    pub stamp: String,
}

type Sheet = csv::Writer<BufWriter<PartFile>>;

pub(super) struct Book {
    scores: Sheet,
    list: Sheet,
    names: Vec<String>,
    findings: Findings,
    strip: Strip,
    spots: Sampled<Spot>,
    rows: u64,
    anomalous: u64,
    first: String,
    last: (String, i64),
    sorted: bool,
    highest: f64,
    text: String,
    top: String,
}

impl Book {
    pub(super) fn open(folder: &RunFolder, names: &[String]) -> Result<Book, Trouble> {
        let sheet =
            |name| -> Result<Sheet, Trouble> { Ok(csv::Writer::from_writer(BufWriter::new(folder.create(name)?))) };
        let (mut scores, mut list) = (sheet("scores.csv")?, sheet("findings.csv")?);
        scores.write_record(["time", "score", "anomaly", "changepoint", "top"]).map_err(failed)?;
        list.write_record(["start", "end", "rows", "open", "peak", "score", "sensors"]).map_err(failed)?;
        Ok(Book {
            scores,
            list,
            names: names.to_vec(),
            findings: Findings::new(names),
            strip: Strip::new(names.len()),
            spots: Sampled::new(MOST_PLACES),
            rows: 0,
            anomalous: 0,
            first: String::new(),
            last: (String::new(), i64::MIN),
            sorted: true,
            highest: 0.0,
            text: String::new(),
            top: String::new(),
        })
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn hear(&mut self, instant: &Instant, verdict: &Verdict) -> Result<(), Trouble> {
        use std::fmt::Write;
        self.text.clear();
        // Seven digits tell every two scores apart that differ in earnest.
        let _ = write!(self.text, "{}", verdict.score.min(1e30) as f32);
        self.top.clear();
        for (column, _) in &verdict.top {
            if !self.top.is_empty() {
                self.top.push('+');
            }
            self.top.push_str(self.names.get(*column).map_or("", String::as_str));
        }
        let bit = |yes| if yes { "1" } else { "0" };
        let cells =
            [instant.stamp.as_str(), self.text.as_str(), bit(verdict.anomaly), bit(verdict.changepoint), &self.top];
        self.scores.write_record(cells).map_err(failed)?;
        if let Some(finding) = self.findings.hear(self.rows, instant.time, &instant.stamp, verdict) {
            self.note(&finding)?;
        }
        self.strip.hear(self.rows, instant.time, &instant.values, verdict.score, verdict.anomaly);
        let spot = || Spot { place: verdict.place, anomaly: verdict.anomaly, stamp: instant.stamp.clone() };
        self.spots.offer(spot);
        if self.rows == 0 {
            self.first.clone_from(&instant.stamp);
        }
        self.rows += 1;
        self.anomalous += u64::from(verdict.anomaly);
        self.highest = self.highest.max(verdict.score);
        self.sorted &= instant.time >= self.last.1;
        self.last.0.clone_from(&instant.stamp);
        self.last.1 = instant.time;
        Ok(())
    }

    fn note(&mut self, finding: &Finding) -> Result<(), Trouble> {
        let sensors: Vec<String> = finding.sensors.iter().map(|(name, share)| format!("{name} {share:.2}")).collect();
        let open = if finding.open { "1" } else { "0" };
        let (rows, score) = (finding.rows.to_string(), (finding.score.min(1e30) as f32).to_string());
        let (start, end, peak) = (finding.start.as_str(), finding.end.as_str(), finding.peak.as_str());
        self.list.write_record([start, end, &rows, open, peak, &score, &sensors.join("+")]).map_err(failed)
    }

    /// Ends both files and hands on what was seen.
    pub(super) fn finish(mut self) -> Result<Seen, Trouble> {
        if let Some(finding) = self.findings.close(true) {
            self.note(&finding)?;
        }
        for sheet in [self.scores, self.list] {
            let buffer = sheet.into_inner().map_err(|why| Trouble::World(why.to_string()))?;
            buffer.into_inner().map_err(|why| Trouble::World(why.to_string()))?.finish()?;
        }
        let (count, first_finding) = (self.findings.count, self.findings.first.clone());
        let (worst, moved) = self.findings.finish();
        Ok(Seen {
            rows: self.rows,
            anomalous: self.anomalous,
            first: self.first,
            last: self.last.0,
            end: self.last.1,
            sorted: self.sorted,
            highest: self.highest,
            findings: count,
            first_finding,
            worst,
            moved,
            strip: self.strip,
            spots: self.spots.into_items(),
        })
    }
}

fn failed(why: csv::Error) -> Trouble {
    Trouble::World(format!("cannot write: {why}"))
}
