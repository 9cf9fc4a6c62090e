//! Files and standard output: the formats of a recorded run, written as the stream goes, packed and rotated on request.
//!
//! A file bears its name only when it is whole: until then it ends in `.part`, and one that could not be finished is
//! taken away. With rotation each piece is whole by itself.

use super::address::Address;
use super::trouble::OutletTrouble;
use super::{Form, Freight, Manifest, Outlet, Pending, Tally, count};
use crate::outflow::{Outflow, Packing};
use crate::table::{self, Column, Rows, TableHead, TableWriter};
use crate::{Format, RecordError, file_name, long, wide};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use twinwright_model::Span;

/// Rows between two looks at the size of a file.
const LOOK: usize = 100;

/// When a file is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rotation {
    Bytes(u64),
    /// By the readings' own time: pieces begin at whole multiples of it.
    Every(Span),
}

/// Writes to one file, or to one for each kind of machine in wide shape.
#[derive(Debug)]
pub struct FileOutlet {
    manifest: Arc<Manifest>,
    names: Names,
    format: Format,
    form: Form,
    rotation: Option<Rotation>,
    seq: bool,
    /// Whether files get their names at the end.
    whole: bool,
    machines: Vec<String>,
    sensors: Vec<String>,
    tables: Vec<Table>,
}

/// How files are called.
#[derive(Debug)]
struct Names {
    /// None is standard output.
    path: Option<PathBuf>,
    packing: Packing,
}

/// One table on its way, in one file after another.
#[derive(Debug)]
struct Table {
    /// The kind in wide shape, when there are several.
    kind: Option<String>,
    columns: Vec<Column>,
    name: String,
    writer: Option<Box<dyn TableWriter>>,
    /// Pieces begun so far.
    pieces: u32,
    /// The first instant that is not in this piece any more.
    ends: i64,
    /// Readings that are in the piece under way.
    readings: usize,
}

/// Checks what was asked for; nothing is opened yet.
pub fn open(address: &Address, manifest: &Arc<Manifest>, form: Form) -> Result<FileOutlet, OutletTrouble> {
    let path = address.url().trim_start_matches("file:");
    let path = path.strip_prefix("//").unwrap_or(path);
    let (packing, stem) = Packing::of(path);
    let packing = match address.one_of("compress", &["none", "gzip", "zstd"])? {
        Some("gzip") => Packing::Gzip,
        Some("zstd") => Packing::Zstd,
        Some(_) => Packing::Plain,
        None => packing,
    };
    let format = match address.one_of("format", &["csv", "jsonl", "parquet", "influx", "lp"])? {
        Some("lp") => Some(Format::Influx),
        Some(name) => Format::from_name(name),
        None if path == "-" => Some(Format::Csv),
        None => {
            Format::ALL.into_iter().find(|format| Path::new(stem).extension().is_some_and(|e| e == format.extension()))
        }
    };
    let Some(format) = format else {
        return Err(
            address.refuse("which format? expected a name that ends in .csv, .jsonl, .parquet or .lp, or `format=`")
        );
    };
    let rotation = rotation(address)?;
    let seq = address.flag("seq")?.unwrap_or(false);
    address.done()?;
    let several = form == Form::Sheets && manifest.sheets.len() > 1;
    let names = Names { path: (path != "-").then(|| PathBuf::from(path)), packing };
    if names.path.is_none() {
        if several && format == Format::Csv {
            return Err(
                address.refuse("several kinds have several headers: expected the long shape, or jsonl or influx")
            );
        }
        if rotation.is_some() || packing != Packing::Plain || format == Format::Parquet {
            return Err(address.refuse("standard output takes csv, jsonl or influx, neither packed nor rotated"));
        }
    }
    if path.is_empty() {
        return Err(address.refuse("expected a path, such as `file:readings.csv`, or `-` for standard output"));
    }
    if packing != Packing::Plain && format == Format::Parquet {
        return Err(address.refuse("parquet is packed inside already"));
    }
    if seq && form == Form::Sheets {
        return Err(address.refuse("`seq` numbers readings: expected the long shape"));
    }
    Ok(FileOutlet {
        tables: tables(manifest, form, seq),
        machines: manifest.machines.iter().map(|machine| machine.id.clone()).collect(),
        sensors: manifest.sensors.iter().map(|sensor| sensor.name.clone()).collect(),
        manifest: manifest.clone(),
        names,
        format,
        form,
        rotation,
        seq,
        whole: true,
    })
}

fn rotation(address: &Address) -> Result<Option<Rotation>, OutletTrouble> {
    if address.text("rotate").is_none() {
        return Ok(None);
    }
    if let Ok(Some(bytes)) = address.bytes("rotate") {
        return Ok(Some(Rotation::Bytes(bytes)));
    }
    match address.span("rotate") {
        Ok(span) => Ok(span.map(Rotation::Every)),
        Err(_) => Err(address.refuse("rotate: expected a size such as `100 MB`, or a time such as `1 h`")),
    }
}

fn tables(manifest: &Manifest, form: Form, seq: bool) -> Vec<Table> {
    let table = |kind: Option<String>, name: &str, columns: Vec<Column>| Table {
        kind,
        columns,
        name: name.to_owned(),
        writer: None,
        pieces: 0,
        ends: i64::MIN,
        readings: 0,
    };
    match form {
        Form::Rows => vec![table(None, "readings", long::columns(1, seq))],
        Form::Sheets => {
            let several = manifest.sheets.len() > 1;
            let one = |sheet: &twinwright_model::Sheet| {
                table(several.then(|| file_name(&sheet.kind)), &sheet.kind, wide::columns(sheet, 1))
            };
            manifest.sheets.iter().map(one).collect()
        }
    }
}

impl Names {
    /// `readings.csv.gz`, `readings-pump.csv.gz`, `readings-pump-000001.csv.gz`
    fn of(&self, kind: Option<&str>, piece: Option<u32>) -> Option<PathBuf> {
        let path = self.path.as_ref()?;
        if kind.is_none() && piece.is_none() {
            return Some(path.clone());
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let stem = name.strip_suffix(self.packing.extension()).unwrap_or(&name);
        let packed = &name[stem.len()..];
        let (stem, ending) =
            stem.rsplit_once('.').map_or((stem, String::new()), |(stem, end)| (stem, format!(".{end}")));
        let kind = kind.map_or(String::new(), |kind| format!("-{kind}"));
        let piece = piece.map_or(String::new(), |piece| format!("-{piece:06}"));
        Some(path.with_file_name(format!("{stem}{kind}{piece}{ending}{packed}")))
    }
}

impl FileOutlet {
    fn begin(&mut self, index: usize) -> Result<(), RecordError> {
        let table = &mut self.tables[index];
        table.pieces += 1;
        let piece = self.rotation.map(|_| table.pieces);
        let flow = match self.names.of(table.kind.as_deref(), piece) {
            None => Outflow::stdout(),
            Some(path) => {
                if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    std::fs::create_dir_all(folder).map_err(|e| RecordError::file(folder, "create the folder", e))?;
                }
                Outflow::open(&path, self.names.packing)?
            }
        };
        let manifest = &self.manifest;
        let facts = [
            ("twinwright", manifest.version.clone()),
            ("scenario", manifest.scenario.clone()),
            ("seed", manifest.seed.to_string()),
        ];
        let head = TableHead {
            name: table.name.clone(),
            columns: table.columns.clone(),
            whole_microseconds: manifest.resolution.0 % 1_000 == 0,
            facts: facts.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        };
        table.writer = Some(table::open(self.format, head, flow)?);
        Ok(())
    }

    /// Gives the piece under way its name.
    fn end(&mut self, index: usize, tally: &Tally) -> Result<(), RecordError> {
        let table = &mut self.tables[index];
        if let Some(writer) = table.writer.take()
            && let Some(part) = writer.finish()?.seal()?
        {
            if !self.whole {
                part.leave();
                return Ok(());
            }
            part.finish()?;
        }
        count(&tally.acknowledged, std::mem::take(&mut table.readings));
        Ok(())
    }

    /// Pieces that an earlier and longer stream left behind ours would be taken for ours.
    fn remove_older_pieces(&self) {
        for table in self.tables.iter().filter(|_| self.rotation.is_some() && self.whole) {
            let numbers = table.pieces + 1..;
            for path in numbers.map_while(|number| self.names.of(table.kind.as_deref(), Some(number))) {
                // Ends at the first that is not there.
                if std::fs::remove_file(path).is_err() {
                    break;
                }
            }
        }
    }

    fn write(&mut self, index: usize, rows: &Rows<'_>, tally: &Tally) -> Result<(), RecordError> {
        let mut from = 0;
        while from < rows.count {
            let to = self.piece_end(index, rows, from, tally)?;
            let part =
                if rows.kept.is_none() && (from, to) != (0, rows.count) { Some(rows.part(from..to)) } else { None };
            let part = part.as_ref().unwrap_or(rows);
            let table = &mut self.tables[index];
            let Some(writer) = &mut table.writer else { return Ok(()) };
            writer.write(part)?;
            let readings = readings_in(part);
            table.readings += readings;
            count(&tally.sent, readings);
            let full = matches!(self.rotation, Some(Rotation::Bytes(most)) if writer.written() >= most);
            if full {
                self.end(index, tally)?;
                self.begin(index)?;
            }
            from = to;
        }
        Ok(())
    }

    /// How many of the rows go into the piece under way; begins the next one when its time has come.
    fn piece_end(&mut self, index: usize, rows: &Rows<'_>, from: usize, tally: &Tally) -> Result<usize, RecordError> {
        match (self.rotation, rows.cells.first()) {
            (Some(Rotation::Bytes(_)), _) => Ok((from + LOOK).min(rows.count)),
            (Some(Rotation::Every(every)), Some(table::Cells::Time(times))) => {
                let table = &self.tables[index];
                if times[from].0 >= table.ends {
                    let first = table.ends == i64::MIN;
                    self.tables[index].ends = (times[from].0.div_euclid(every.0) + 1).saturating_mul(every.0);
                    if !first {
                        self.end(index, tally)?;
                        self.begin(index)?;
                    }
                }
                let ends = self.tables[index].ends;
                let later = times[from..].iter().position(|time| time.0 >= ends);
                Ok(later.map_or(rows.count, |rows| from + rows))
            }
            _ => Ok(rows.count),
        }
    }

    fn write_freight(&mut self, freight: &Freight, tally: &Tally) -> Result<(), RecordError> {
        // Lent from self while self writes: the lists of names move out and back.
        let (machines, sensors) = (std::mem::take(&mut self.machines), std::mem::take(&mut self.sensors));
        let done = match (self.form, &freight.rows, &freight.sheets) {
            (Form::Rows, Some(parcel), _) => {
                let rows = long::rows(parcel, (1, self.seq), &machines, &sensors);
                self.write(0, &rows, tally)
            }
            (Form::Sheets, _, Some(chunk)) => chunk.readings.iter().enumerate().try_for_each(|(index, readings)| {
                let kept = wide::sampled_rows(readings);
                let whole;
                let readings = match &kept {
                    // Rotation cuts rows by their place, so rows without any sample are taken out first.
                    Some(kept) if self.rotation.is_some() => {
                        whole = wide::gathered(readings, kept);
                        &whole
                    }
                    _ => readings,
                };
                let kept = if self.rotation.is_some() { None } else { kept.as_deref() };
                let rows = wide::rows(readings, kept, 1, &machines, &chunk.fault_sets);
                self.write(index, &rows, tally)
            }),
            _ => Ok(()),
        };
        (self.machines, self.sensors) = (machines, sensors);
        done?;
        self.tables.iter_mut().filter_map(|table| table.writer.as_mut()).try_for_each(|writer| writer.flush())
    }
}

/// Cells that hold a reading.
fn readings_in(rows: &Rows<'_>) -> usize {
    let there = |quality: &[u8], row: usize| table::has_value(quality[row]);
    let column = |cells: &table::Cells<'_>| match cells {
        table::Cells::Reading { quality, .. } => match rows.kept {
            None => quality.iter().filter(|&&code| table::has_value(code)).count(),
            Some(kept) => kept.iter().filter(|&&row| there(quality, row as usize)).count(),
        },
        _ => 0,
    };
    rows.cells.iter().map(column).sum()
}

impl From<RecordError> for OutletTrouble {
    fn from(error: RecordError) -> OutletTrouble {
        match &error {
            RecordError::File { source, .. } if source.kind() == std::io::ErrorKind::BrokenPipe => {
                OutletTrouble::Enough
            }
            _ => OutletTrouble::Lasting(error.to_string()),
        }
    }
}

impl Outlet for FileOutlet {
    fn open(&mut self) -> Pending<'_, Result<(), OutletTrouble>> {
        Box::pin(async {
            for index in 0..self.tables.len() {
                if self.tables[index].writer.is_none() {
                    self.begin(index)?;
                }
            }
            Ok(())
        })
    }

    fn deliver<'a>(&'a mut self, freight: &'a Freight, tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        // A disk or a pipe may be slow: the other outlets' tasks move to another thread meanwhile.
        Box::pin(async move { Ok(tokio::task::block_in_place(|| self.write_freight(freight, tally))?) })
    }

    fn finish<'a>(&'a mut self, tally: &'a Tally) -> Pending<'a, Result<(), OutletTrouble>> {
        Box::pin(async move {
            tokio::task::block_in_place(|| (0..self.tables.len()).try_for_each(|index| self.end(index, tally)))?;
            self.remove_older_pieces();
            Ok(())
        })
    }

    fn leave_unfinished(&mut self) {
        self.whole = false;
    }
}
