//! What was found: counted, the first of each sort kept as examples, all of them written to a list when asked for.

use super::list::List;
use crate::Trouble;
use std::path::{Path, PathBuf};
use twinwright_model::Time;

/// What can become of a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    Lost,
    Doubled,
    Reordered,
    Altered,
    Late,
    /// Received, and never made.
    Unknown,
    /// A received row that is no reading.
    Unreadable,
}

impl Sort {
    pub const ALL: [Sort; 7] =
        [Sort::Lost, Sort::Doubled, Sort::Reordered, Sort::Altered, Sort::Late, Sort::Unknown, Sort::Unreadable];

    pub fn name(self) -> &'static str {
        match self {
            Sort::Lost => "lost",
            Sort::Doubled => "doubled",
            Sort::Reordered => "reordered",
            Sort::Altered => "altered",
            Sort::Late => "late",
            Sort::Unknown => "unknown",
            Sort::Unreadable => "unreadable",
        }
    }
}

/// One finding, with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub sort: Sort,
    pub machine: String,
    pub sensor: String,
    pub time: Option<Time>,
    /// Value and quality, as made.
    pub expected: String,
    /// Value and quality, as received; or what is wrong with the row.
    pub received: String,
    /// The received file and its line (Parquet: row), from 1.
    pub place: Option<(PathBuf, u64)>,
}

#[derive(Debug)]
pub(super) struct Findings {
    counts: [u64; 7],
    examples: Vec<Finding>,
    most: usize,
    list: Option<List>,
}

impl Findings {
    pub(super) fn open(list: Option<&Path>, most: usize) -> Result<Findings, Trouble> {
        Ok(Findings { counts: [0; 7], examples: Vec::new(), most, list: list.map(List::create).transpose()? })
    }

    pub(super) fn count(&self, sort: Sort) -> u64 {
        self.counts[sort as usize]
    }

    /// Counts a finding; it is only spelled out where somebody will read it.
    pub(super) fn add(&mut self, sort: Sort, spell: impl FnOnce() -> Finding) -> Result<(), Trouble> {
        self.counts[sort as usize] += 1;
        let shown = self.counts[sort as usize] <= self.most as u64;
        if !shown && self.list.is_none() {
            return Ok(());
        }
        let finding = spell();
        if let Some(list) = &mut self.list {
            list.add(&finding)?;
        }
        if shown {
            self.examples.push(finding);
        }
        Ok(())
    }

    /// The examples, when the list is whole.
    pub(super) fn finish(self) -> Result<Vec<Finding>, Trouble> {
        if let Some(list) = self.list {
            list.finish()?;
        }
        let mut examples = self.examples;
        examples.sort_by_key(|finding| finding.sort);
        Ok(examples)
    }
}
