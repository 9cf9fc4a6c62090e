//! The truth of one kind: spooled while the run goes on, written when it is known when each machine fails next.
//!
//! `remaining_h` looks forward, so truth needs a second pass. The rows wait in a spool file in the same folder, as
//! raw little-endian columns a block at a time; at the end each block is read once and goes to all formats. The
//! spool never gets a name of its own, so it is gone with the recorder.

use crate::RecordError;
use crate::folder::PartFile;
use crate::outflow::sealed_part;
use crate::recorder::Failure;
use crate::table::{Cells, Column, Role, Rows, TableWriter, column, leading_columns};
use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use twinwright_model::{Mode, Sheet, Time, TruthRows};

/// Rows of a block: bounds the memory of the second pass.
const BLOCK: usize = 1 << 16;

/// `time, machine, future, mode, <sensor>..., wear.<name>..., remaining_h`
pub(crate) fn columns(sheet: &Sheet, futures: u32) -> Vec<Column> {
    let mut columns = leading_columns(futures);
    columns.push(column("mode", Role::Mode));
    columns.extend(sheet.sensors.iter().map(|sensor| column(sensor.name.as_str(), Role::Truth)));
    columns.extend(sheet.wears.iter().map(|wear| column(format!("wear.{wear}"), Role::Truth)));
    columns.push(column("remaining_h", Role::Truth));
    columns
}

/// One kind's truth on its way to its files.
#[derive(Debug)]
pub(crate) struct TruthTable {
    empty: TruthRows,
    spool: PartFile,
    block: Vec<u8>,
    writers: Vec<Box<dyn TableWriter>>,
}

impl TruthTable {
    pub(crate) fn new(sheet: &Sheet, spool: PartFile, writers: Vec<Box<dyn TableWriter>>) -> TruthTable {
        TruthTable { empty: TruthRows::for_sheet(sheet), spool, block: Vec::new(), writers }
    }

    pub(crate) fn spool(&mut self, rows: &TruthRows) -> Result<(), RecordError> {
        let mut from = 0;
        while from < rows.len() {
            let to = rows.len().min(from + BLOCK);
            self.block.clear();
            put_block(rows, from..to, &mut self.block);
            self.spool.append(&self.block)?;
            from = to;
        }
        Ok(())
    }

    /// The second pass.
    pub(crate) fn finish(
        mut self,
        futures: u32,
        machines: &[String],
        failures: &mut NextFailures,
    ) -> Result<Vec<PartFile>, RecordError> {
        let path = self.spool.path().to_owned();
        let wrong = |e| RecordError::file(&path, "read back", e);
        failures.rewind();
        let mut file = self.spool.handle().map_err(wrong)?;
        file.seek(SeekFrom::Start(0)).map_err(wrong)?;
        let mut reader = BufReader::with_capacity(1 << 20, file);
        let mut remaining = Vec::new();
        while take_block(&mut reader, &mut self.block, &mut self.empty).map_err(wrong)? {
            failures.remaining(&self.empty, &mut remaining);
            let rows = lend(&self.empty, &remaining, futures, machines);
            self.writers.iter_mut().try_for_each(|writer| writer.write(&rows))?;
        }
        self.writers.into_iter().map(sealed_part).collect()
    }
}

fn lend<'a>(truth: &'a TruthRows, remaining: &'a [f64], futures: u32, machines: &'a [String]) -> Rows<'a> {
    let mut cells = vec![Cells::Time(&truth.time), Cells::Word { codes: &truth.machine, words: machines }];
    if futures > 1 {
        cells.push(Cells::Whole(&truth.future));
    }
    cells.push(Cells::Mode(&truth.mode));
    cells.extend(truth.values.iter().chain(&truth.wears).map(|values| Cells::Truth(values)));
    cells.push(Cells::MaybeTruth(remaining));
    Rows { count: truth.len(), kept: None, cells }
}

fn put_block(rows: &TruthRows, range: Range<usize>, out: &mut Vec<u8>) {
    out.extend((range.len() as u32).to_le_bytes());
    rows.time[range.clone()].iter().for_each(|time| out.extend(time.0.to_le_bytes()));
    rows.machine[range.clone()].iter().for_each(|machine| out.extend(machine.to_le_bytes()));
    rows.future[range.clone()].iter().for_each(|future| out.extend(future.to_le_bytes()));
    out.extend(rows.mode[range.clone()].iter().map(|&mode| mode as u8));
    for values in rows.values.iter().chain(&rows.wears) {
        values[range.clone()].iter().for_each(|value| out.extend(value.to_le_bytes()));
    }
}

/// Reads the next block into `rows`; false at the end of the spool.
fn take_block(reader: &mut impl Read, block: &mut Vec<u8>, rows: &mut TruthRows) -> std::io::Result<bool> {
    let mut count = [0; 4];
    match reader.read_exact(&mut count) {
        Err(e) if e.kind() == ErrorKind::UnexpectedEof => return Ok(false),
        other => other?,
    }
    let count = u32::from_le_bytes(count) as usize;
    let columns = rows.values.len() + rows.wears.len();
    block.resize(count * (8 + 4 + 4 + 1 + 8 * columns), 0);
    reader.read_exact(block)?;
    rows.clear();
    let (times, rest) = block.split_at(8 * count);
    let (machines, rest) = rest.split_at(4 * count);
    let (futures, rest) = rest.split_at(4 * count);
    let (modes, numbers) = rest.split_at(count);
    rows.time.extend(words(times).map(|bytes| Time(i64::from_le_bytes(bytes))));
    rows.machine.extend(words(machines).map(u32::from_le_bytes));
    rows.future.extend(words(futures).map(u32::from_le_bytes));
    rows.mode.extend(modes.iter().map(|&mode| Mode::ALL[usize::from(mode)]));
    for (values, bytes) in rows.values.iter_mut().chain(&mut rows.wears).zip(numbers.chunks_exact(8 * count)) {
        values.extend(words(bytes).map(f64::from_le_bytes));
    }
    Ok(true)
}

fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}

/// For each machine of each future, when it fails next; read in the order of time.
#[derive(Debug)]
pub(crate) struct NextFailures {
    /// By future, machine and time.
    failures: Vec<Failure>,
    machines: usize,
    /// Per future and machine: its failures still ahead.
    ahead: Vec<Range<usize>>,
}

impl NextFailures {
    pub(crate) fn new(mut failures: Vec<Failure>, machines: usize) -> NextFailures {
        failures.retain(|failure| (failure.machine as usize) < machines);
        failures.sort_unstable_by_key(|failure| (failure.future, failure.machine, failure.time));
        let mut next = NextFailures { failures, machines, ahead: Vec::new() };
        next.rewind();
        next
    }

    fn rewind(&mut self) {
        let futures = self.failures.last().map_or(0, |failure| failure.future as usize + 1);
        self.ahead.clear();
        self.ahead.resize(futures * self.machines, 0..0);
        for (index, failure) in self.failures.iter().enumerate() {
            let ahead = &mut self.ahead[failure.future as usize * self.machines + failure.machine as usize];
            let start = if ahead.start < ahead.end { ahead.start } else { index };
            *ahead = start..index + 1;
        }
    }

    /// Hours from each row to the failure at or after it, NaN where none comes.
    fn remaining(&mut self, rows: &TruthRows, out: &mut Vec<f64>) {
        out.clear();
        for ((&time, &machine), &future) in rows.time.iter().zip(&rows.machine).zip(&rows.future) {
            let place = future as usize * self.machines + machine as usize;
            let next = self.ahead.get_mut(place).and_then(|ahead| {
                while ahead.start < ahead.end && self.failures[ahead.start].time < time {
                    ahead.start += 1;
                }
                self.failures[ahead.clone()].first()
            });
            out.push(next.map_or(f64::NAN, |failure| failure.time.since(time).hours()));
        }
    }
}
