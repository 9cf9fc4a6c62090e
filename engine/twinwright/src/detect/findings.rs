//! Findings: episodes of anomalous rows, each with its worst row and the sensors that moved. Keeps the open one, and of
//! those that are over the worst few; all of them go to a file as they end.

use serde::Serialize;
use twinwright_core::judge::Verdict;

/// Findings that are kept for the page.
pub const MOST_KEPT: usize = 100;
/// Sensors that a finding names.
const MOST_SENSORS: usize = 5;

/// One episode.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Finding {
    /// From 1.
    pub number: u64,
    pub start: String,
    /// The last anomalous row.
    pub end: String,
    pub rows: u64,
    /// Whether the rows ended before it did.
    pub open: bool,
    pub peak: String,
    pub score: f64,
    /// Sensors with their shares, the most first.
    pub sensors: Vec<(String, f64)>,
    /// Places of the first and the last row among the judged ones, from 0, and their times.
    #[serde(skip)]
    pub from: (u64, i64),
    #[serde(skip)]
    pub until: (u64, i64),
}

/// Puts rows together to findings.
#[derive(Debug)]
pub(super) struct Findings {
    names: Vec<String>,
    open: Option<Finding>,
    /// By column: what it contributed to the open finding, and to all.
    shares: Vec<f64>,
    touched: Vec<usize>,
    totals: Vec<f64>,
    pub(super) count: u64,
    kept: Vec<Finding>,
    pub(super) first: Option<Finding>,
}

impl Findings {
    pub(super) fn new(names: &[String]) -> Findings {
        Findings {
            names: names.to_vec(),
            open: None,
            shares: vec![0.0; names.len()],
            touched: Vec::new(),
            totals: vec![0.0; names.len()],
            count: 0,
            kept: Vec::new(),
            first: None,
        }
    }

    /// Hears a row; what has ended is handed back.
    pub(super) fn hear(&mut self, row: u64, time: i64, stamp: &str, verdict: &Verdict) -> Option<Finding> {
        if !verdict.anomaly {
            return self.close(false);
        }
        let count = self.count + 1;
        let finding = self.open.get_or_insert_with(|| Finding {
            number: count,
            start: stamp.to_owned(),
            peak: stamp.to_owned(),
            open: true,
            from: (row, time),
            ..Finding::default()
        });
        finding.rows += 1;
        stamp.clone_into(&mut finding.end);
        finding.until = (row, time);
        if verdict.score > finding.score {
            finding.score = verdict.score;
            stamp.clone_into(&mut finding.peak);
        }
        // A row counts by how odd it is, but no single row for everything.
        let weight = (1.0 + verdict.score).ln();
        let columns = self.shares.len();
        for &(column, share) in verdict.top.iter().filter(|(column, _)| *column < columns) {
            if self.shares[column] == 0.0 {
                self.touched.push(column);
            }
            self.shares[column] += weight * share;
        }
        None
    }

    /// The end of an episode, or of the rows while it is open.
    pub(super) fn close(&mut self, at_end: bool) -> Option<Finding> {
        let mut finding = self.open.take()?;
        finding.open = at_end;
        self.count += 1;
        let sum: f64 = self.touched.iter().map(|&column| self.shares[column]).sum();
        let mut shares: Vec<(usize, f64)> = Vec::new();
        for column in self.touched.drain(..) {
            let share = std::mem::take(&mut self.shares[column]);
            self.totals[column] += share;
            shares.push((column, share / sum.max(f64::MIN_POSITIVE)));
        }
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        shares.truncate(MOST_SENSORS);
        finding.sensors = shares.into_iter().map(|(column, share)| (self.names[column].clone(), share)).collect();
        if self.first.is_none() {
            self.first = Some(finding.clone());
        }
        self.keep(finding.clone());
        Some(finding)
    }

    fn keep(&mut self, finding: Finding) {
        self.kept.push(finding);
        if self.kept.len() > 2 * MOST_KEPT {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.kept.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.number.cmp(&b.number)));
        self.kept.truncate(MOST_KEPT);
    }

    /// The worst ones, the worst first, and the columns that moved most over all, the most first.
    pub(super) fn finish(mut self) -> (Vec<Finding>, Vec<usize>) {
        self.settle();
        let mut columns: Vec<usize> = (0..self.totals.len()).filter(|&column| self.totals[column] > 0.0).collect();
        columns.sort_by(|a, b| self.totals[*b].total_cmp(&self.totals[*a]).then(a.cmp(b)));
        (self.kept, columns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(score: f64, top: &[(usize, f64)]) -> Verdict {
        Verdict { score, anomaly: score >= 1.0, top: top.iter().copied().collect(), ..Verdict::default() }
    }

    #[test]
    fn an_episode_has_a_start_a_peak_an_end_and_its_sensors() {
        let mut findings = Findings::new(&["a".to_owned(), "b".to_owned()]);
        let scores = [0.2, 1.5, 4.0, 1.0, 0.3, 2.0];
        let ended: Vec<Finding> = (0..)
            .zip(scores)
            .filter_map(|(row, score)| {
                findings.hear(row, row as i64, &row.to_string(), &verdict(score, &[(1, 0.75), (0, 0.25)]))
            })
            .collect();
        assert_eq!(ended.len(), 1);
        let one = &ended[0];
        assert_eq!((one.start.as_str(), one.peak.as_str(), one.end.as_str()), ("1", "2", "3"));
        assert_eq!((one.rows, one.score, one.open, one.number), (3, 4.0, false, 1));
        let shares: Vec<(&str, f64)> = one.sensors.iter().map(|(name, share)| (name.as_str(), *share)).collect();
        assert!(
            matches!(shares[..], [("b", most), ("a", least)] if (most - 0.75).abs() + (least - 0.25).abs() < 1e-12)
        );
        let last = findings.close(true).expect("one is open");
        assert!(last.open && last.number == 2 && findings.close(true).is_none());
        let (kept, columns) = findings.finish();
        assert_eq!(kept.iter().map(|finding| finding.number).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(columns, [1, 0]);
    }
}
