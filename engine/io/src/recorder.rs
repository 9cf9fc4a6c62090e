//! The recorder of one run (or of one variant of it): owns the folder and every table in it.
//!
//! Chunks go in as the run advances; nothing has its name in the folder before [`Recorder::finish`], which gives
//! all files their names at once. Dropping a recorder before leaves no file behind.

use crate::folder::{PartFile, RunFolder, file_name};
use crate::lines::Lines;
use crate::long::{self, Lengthener};
use crate::outflow::sealed_part;
use crate::table::{self, Column, TableHead, TableWriter};
use crate::truth::{self, NextFailures, TruthTable};
use crate::{RecordError, wide};
use twinwright_model::{AlertRecord, Chunk, EventRecord, Label, Parcel, Sheet, Span, Time};

/// A file format of tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    Csv,
    Jsonl,
    Parquet,
    Influx,
}

/// One row an instant and machine, or one a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    #[default]
    Wide,
    Long,
}

/// What is known of a run before it starts.
#[derive(Debug, Clone)]
pub struct RunHead {
    /// The names that machine numbers stand for.
    pub machines: Vec<String>,
    pub sheets: Vec<Sheet>,
    pub futures: u32,
    /// Every recorded time is a whole multiple of this since 1970, for example 1 us; Parquet tells microseconds
    /// where that is enough.
    pub resolution: Span,
    pub scenario: String,
    pub seed: u64,
    pub version: String,
}

/// What to record.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The order does not matter, twice is once.
    pub formats: Vec<Format>,
    pub shape: Shape,
    pub readings: bool,
    pub truth: bool,
    /// `truth/labels.csv`, the ground truth of injected faults; small, so it needs no asking where there are faults.
    pub labels: bool,
}

/// An instant at which a machine failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    pub time: Time,
    pub machine: u32,
    pub future: u32,
}

/// Writes what a run leaves behind.
#[derive(Debug)]
pub struct Recorder {
    head: RunHead,
    readings: Readings,
    truth: Vec<TruthTable>,
    events: Lines,
    alerts: Lines,
    labels: Option<Lines>,
    summary: Option<PartFile>,
    // Last, so that a recorder that is dropped has closed its files before its folder goes.
    folder: RunFolder,
}

#[derive(Debug)]
enum Readings {
    None,
    /// Per sheet and format.
    Wide(Vec<Vec<Box<dyn TableWriter>>>),
    Long(Box<Lengthener>, Box<Parcel>, Vec<Box<dyn TableWriter>>),
}

impl Format {
    pub const ALL: [Format; 4] = [Format::Csv, Format::Jsonl, Format::Parquet, Format::Influx];

    /// As `--format` has it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            Format::Parquet => "parquet",
            Format::Influx => "influx",
        }
    }

    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What its files' names end in.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Influx => "lp",
            other => other.name(),
        }
    }
}

impl Recorder {
    pub fn open(folder: RunFolder, head: RunHead, options: &Options) -> Result<Recorder, RecordError> {
        let mut formats = options.formats.clone();
        formats.sort_unstable();
        formats.dedup();
        let futures = head.futures;
        let readings =
            if options.readings { Readings::open(&folder, &head, &formats, options.shape)? } else { Readings::None };
        let truth = if options.truth { open_truth(&folder, &head, &formats)? } else { Vec::new() };
        let mut labels = options.labels.then(|| folder.create("truth/labels.csv")).transpose()?;
        let mut labels = labels.take().map(|file| Lines::new(file, futures));
        labels.iter_mut().for_each(Lines::label_head);
        Ok(Recorder {
            readings,
            truth,
            events: Lines::new(folder.create("events.jsonl")?, futures),
            alerts: Lines::new(folder.create("alerts.jsonl")?, futures),
            labels,
            summary: None,
            head,
            folder,
        })
    }

    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// The rows of a stretch of whole ticks.
    pub fn record(&mut self, chunk: &Chunk) -> Result<(), RecordError> {
        let (futures, machines) = (self.head.futures, &self.head.machines);
        match &mut self.readings {
            Readings::None => {}
            Readings::Wide(sheets) => {
                for (readings, writers) in chunk.readings.iter().zip(sheets) {
                    let kept = wide::sampled_rows(readings);
                    let rows = wide::rows(readings, kept.as_deref(), futures, machines, &chunk.fault_sets);
                    writers.iter_mut().try_for_each(|writer| writer.write(&rows))?;
                }
            }
            Readings::Long(lengthener, parcel, writers) => {
                parcel.clear();
                lengthener.lengthen(chunk, parcel);
                let rows = long::rows(parcel, (futures, false), machines, lengthener.sensors());
                writers.iter_mut().try_for_each(|writer| writer.write(&rows))?;
            }
        }
        self.truth.iter_mut().zip(&chunk.truth).try_for_each(|(table, rows)| table.spool(rows))
    }

    pub fn events(&mut self, events: &[EventRecord]) -> Result<(), RecordError> {
        events.iter().try_for_each(|event| self.events.event(event, &self.head.machines))
    }

    pub fn alerts(&mut self, alerts: &[AlertRecord]) -> Result<(), RecordError> {
        alerts.iter().try_for_each(|alert| self.alerts.alert(alert, &self.head.machines))
    }

    /// Without [`Options::labels`] they go nowhere.
    pub fn labels(&mut self, labels: &[Label]) -> Result<(), RecordError> {
        let Some(lines) = &mut self.labels else { return Ok(()) };
        labels.iter().try_for_each(|label| lines.label(label, &self.head.machines))
    }

    /// Once, at the end.
    pub fn summary(&mut self, summary: &serde_json::Value) -> Result<(), RecordError> {
        let mut file = self.folder.create("summary.json")?;
        file.append(format!("{summary:#}\n").as_bytes())?;
        self.summary = Some(file);
        Ok(())
    }

    /// Writes the truth with the remaining hours, then gives every file its name. The folder is handed back for
    /// what others put beside, for example a report.
    pub fn finish(self, failures: Vec<Failure>) -> Result<RunFolder, RecordError> {
        let mut whole = self.readings.finish()?;
        let mut failures = NextFailures::new(failures, self.head.machines.len());
        for table in self.truth {
            whole.extend(table.finish(self.head.futures, &self.head.machines, &mut failures)?);
        }
        for lines in [Some(self.events), Some(self.alerts), self.labels].into_iter().flatten() {
            whole.push(lines.finish()?);
        }
        // The summary comes last: where it is, all is.
        whole.extend(self.summary);
        whole.into_iter().try_for_each(PartFile::finish)?;
        let mut folder = self.folder;
        folder.keep();
        Ok(folder)
    }

    /// Leaves nothing of this run behind.
    pub fn abandon(self) {
        drop(self);
    }
}

impl Readings {
    fn open(folder: &RunFolder, head: &RunHead, formats: &[Format], shape: Shape) -> Result<Readings, RecordError> {
        if shape == Shape::Long {
            let table = Table { stem: "readings", name: "readings", columns: long::columns(head.futures, false) };
            let writers = table.open(folder, head, formats)?;
            return Ok(Readings::Long(Box::new(Lengthener::new(&head.sheets)), Box::default(), writers));
        }
        let sheet = |sheet: &Sheet| {
            let stem = format!("readings/{}", file_name(&sheet.kind));
            Table { stem: &stem, name: &sheet.kind, columns: wide::columns(sheet, head.futures) }
                .open(folder, head, formats)
        };
        head.sheets.iter().map(sheet).collect::<Result<_, _>>().map(Readings::Wide)
    }

    fn finish(self) -> Result<Vec<PartFile>, RecordError> {
        let writers = match self {
            Readings::None => Vec::new(),
            Readings::Wide(sheets) => sheets.into_iter().flatten().collect(),
            Readings::Long(_, _, writers) => writers,
        };
        writers.into_iter().map(sealed_part).collect()
    }
}

/// A table before its files are open.
struct Table<'a> {
    /// The file's name without its extension.
    stem: &'a str,
    name: &'a str,
    columns: Vec<Column>,
}

impl Table<'_> {
    fn open(
        &self,
        folder: &RunFolder,
        head: &RunHead,
        formats: &[Format],
    ) -> Result<Vec<Box<dyn TableWriter>>, RecordError> {
        let open = |&format: &Format| {
            let file = folder.create(&format!("{}.{}", self.stem, format.extension()))?;
            let facts = [
                ("twinwright", head.version.clone()),
                ("scenario", head.scenario.clone()),
                ("seed", head.seed.to_string()),
            ];
            let table = TableHead {
                name: self.name.to_owned(),
                columns: self.columns.clone(),
                whole_microseconds: head.resolution.0 != 0 && head.resolution.0 % 1_000 == 0,
                facts: facts.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            };
            table::open(format, table, file.into())
        };
        formats.iter().map(open).collect()
    }
}

fn open_truth(folder: &RunFolder, head: &RunHead, formats: &[Format]) -> Result<Vec<TruthTable>, RecordError> {
    let open = |sheet: &Sheet| {
        let stem = format!("truth/{}", file_name(&sheet.kind));
        let name = format!("{}.truth", sheet.kind);
        let table = Table { stem: &stem, name: &name, columns: truth::columns(sheet, head.futures) };
        let writers = table.open(folder, head, formats)?;
        Ok(TruthTable::new(sheet, folder.create(&format!("{stem}.spool"))?, writers))
    };
    head.sheets.iter().map(open).collect()
}
