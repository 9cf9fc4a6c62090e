//! Labels in the forms that public tools read unchanged: SKAB, NAB, C-MAPSS and JSON lines, under `labels/`.
//!
//! Which rows lie within a fault, and which machines live to their failure, is only known at the end, and a run may
//! have more machines than a process may have files open. So the rows wait in one spool, machine by machine, and each
//! file is written from it once, at the end. Comms faults act on delivery, so they are no anomaly of the data.
//! Nothing here decides what is a fault; futures beyond the first are left out, since a stream has one.

mod cmapss;
mod jsonl;
mod nab;
mod page;
mod skab;
mod spool;
mod sweep;

use crate::recorder::RunHead;
use crate::{RecordError, RunFolder};
use cmapss::Lives;
use spool::RowSpool;
use std::collections::BTreeMap;
use twinwright_model::{Chunk, EventRecord, Label, Quality, ReadingRows, Sheet};

/// Whose form labels take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelSort {
    /// A table a machine with `anomaly` and `changepoint`.
    Skab,
    /// A table a sensor, and windows in JSON.
    Nab,
    /// Lives to failure, in 26 columns.
    Cmapss,
    /// One object a fault.
    Jsonl,
}

impl LabelSort {
    pub const ALL: [LabelSort; 4] = [LabelSort::Skab, LabelSort::Nab, LabelSort::Cmapss, LabelSort::Jsonl];

    /// As `--labels` has it.
    pub fn name(self) -> &'static str {
        match self {
            LabelSort::Skab => "skab",
            LabelSort::Nab => "nab",
            LabelSort::Cmapss => "cmapss",
            LabelSort::Jsonl => "jsonl",
        }
    }

    pub fn from_name(name: &str) -> Option<LabelSort> {
        LabelSort::ALL.into_iter().find(|sort| sort.name() == name)
    }

    /// Whether it needs the readings in the chunks; none needs the truth, since lives are known by their events.
    pub fn needs_readings(self) -> bool {
        self != LabelSort::Jsonl
    }
}

/// Writes the labels of one run. Dropping it before the end leaves nothing behind.
#[derive(Debug)]
pub struct LabelWriters {
    sorts: Vec<LabelSort>,
    run: Run,
    spool: Option<RowSpool>,
    lives: Option<Lives>,
}

/// The names that numbers stand for.
#[derive(Debug)]
struct Run {
    machines: Vec<String>,
    sheets: Vec<Sheet>,
}

impl LabelWriters {
    pub fn open(folder: &RunFolder, head: &RunHead, sorts: &[LabelSort]) -> Result<LabelWriters, RecordError> {
        let mut sorts = sorts.to_vec();
        sorts.sort_unstable();
        sorts.dedup();
        let run = Run { machines: head.machines.clone(), sheets: head.sheets.clone() };
        let spool = match sorts.iter().any(|sort| sort.needs_readings()) {
            true => Some(RowSpool::new(folder.create("labels/rows.spool")?, run.machines.len())),
            false => None,
        };
        let lives = sorts.contains(&LabelSort::Cmapss).then(|| Lives::new(run.machines.len()));
        Ok(LabelWriters { sorts, run, spool, lives })
    }

    /// The rows of a stretch of whole ticks, and the events of the same stretch.
    pub fn record(&mut self, chunk: &Chunk, events: &[EventRecord]) -> Result<(), RecordError> {
        let Some(spool) = &mut self.spool else { return Ok(()) };
        if let Some(lives) = &mut self.lives {
            lives.hear(events);
        }
        for (sheet, rows) in chunk.readings.iter().enumerate() {
            for row in (0..rows.len()).filter(|&row| is_reading(rows, row)) {
                let life = self.lives.as_mut().map_or(0, |lives| lives.row(rows.machine[row], rows.time[row]));
                spool.push(sheet, rows, row, life)?;
            }
        }
        if let Some(lives) = &mut self.lives {
            lives.end_stretch();
        }
        Ok(())
    }

    /// Writes every file and gives it its name; `labels` are those of the whole run, in the order of `labels.csv`.
    /// To be called before [`crate::Recorder::finish`]: until then the folder takes all of them away when it is dropped.
    pub fn finish(self, folder: &RunFolder, labels: &[Label]) -> Result<(), RecordError> {
        let LabelWriters { sorts, run, mut spool, lives } = self;
        let faults = by_machine(labels);
        for sort in sorts {
            match (sort, &mut spool, &lives) {
                (LabelSort::Skab, Some(rows), _) => skab::write(folder, &run, rows, &faults)?,
                (LabelSort::Nab, Some(rows), _) => nab::write(folder, &run, rows, &faults)?,
                (LabelSort::Cmapss, Some(rows), Some(lives)) => cmapss::write(folder, &run, rows, lives)?,
                (LabelSort::Jsonl, ..) => jsonl::write(folder, &run, labels)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// A row in which at least one sensor was due, in the first future.
fn is_reading(rows: &ReadingRows, row: usize) -> bool {
    rows.future[row] == 0 && rows.quality.iter().any(|codes| codes[row] != Quality::Unsampled as u8)
}

/// The faults in the data of each machine, by their start.
fn by_machine(labels: &[Label]) -> BTreeMap<u32, Vec<&Label>> {
    let mut faults: BTreeMap<u32, Vec<&Label>> = BTreeMap::new();
    for label in labels.iter().filter(|label| label.future == 0 && label.layer != "comms") {
        faults.entry(label.machine).or_default().push(label);
    }
    faults.values_mut().for_each(|list| list.sort_by_key(|label| label.start));
    faults
}
