//! The rows of a run by machine, in one file that never gets a name.
//!
//! Each machine has a small buffer; a full one becomes a block of the file, whose place is remembered. So any number
//! of machines costs one open file, a bounded buffer and 8 bytes a block.

use super::page::digits_of;
use crate::RecordError;
use crate::folder::PartFile;
use std::io::{Read, Seek, SeekFrom};
use twinwright_model::{Quality, ReadingRows, Time};

/// Buffers of all machines together.
const BUFFERS: usize = 32 << 20;
const BLOCK: std::ops::RangeInclusive<usize> = 512..=65_536;

#[derive(Debug)]
pub(super) struct RowSpool {
    file: PartFile,
    end: u64,
    /// Bytes of a machine's buffer, about.
    block: usize,
    machines: Vec<Series>,
}

/// What waits of one machine.
#[derive(Debug, Default, Clone)]
struct Series {
    sheet: Option<usize>,
    sensors: usize,
    buffer: Vec<u8>,
    blocks: Vec<u64>,
    digits: u8,
}

/// One row of a machine, read back.
#[derive(Debug, Default)]
pub(super) struct SpooledRow {
    pub(super) time: Time,
    /// 0: the machine was not at work.
    pub(super) life: u32,
    pub(super) values: Vec<f32>,
    pub(super) quality: Vec<u8>,
}

impl SpooledRow {
    /// The value of a sensor, if one came and is a number (infinities are).
    pub(super) fn value(&self, sensor: usize) -> Option<f32> {
        let there = Quality::from_code(self.quality[sensor]).has_value() && !self.values[sensor].is_nan();
        there.then(|| self.values[sensor])
    }
}

impl Series {
    /// Time, life, values and qualities.
    fn row_bytes(&self) -> usize {
        8 + 4 + 5 * self.sensors
    }
}

impl RowSpool {
    pub(super) fn new(file: PartFile, machines: usize) -> RowSpool {
        let block = (BUFFERS / machines.max(1)).clamp(*BLOCK.start(), *BLOCK.end());
        RowSpool { file, end: 0, block, machines: vec![Series::default(); machines] }
    }

    pub(super) fn push(&mut self, sheet: usize, rows: &ReadingRows, row: usize, life: u32) -> Result<(), RecordError> {
        let Some(series) = self.machines.get_mut(rows.machine[row] as usize) else { return Ok(()) };
        if series.sheet.is_none() {
            (series.sheet, series.sensors) = (Some(sheet), rows.values.len());
        }
        let time = rows.time[row];
        series.digits = series.digits.max(digits_of(time));
        let buffer = &mut series.buffer;
        buffer.extend(time.0.to_le_bytes());
        buffer.extend(life.to_le_bytes());
        rows.values.iter().for_each(|values| buffer.extend(values[row].to_le_bytes()));
        buffer.extend(rows.quality.iter().map(|codes| codes[row]));
        // A block holds whole rows, all blocks of a machine equally many.
        let bytes = series.row_bytes();
        if series.buffer.len() >= (self.block / bytes).max(1) * bytes {
            self.file.append(&series.buffer)?;
            series.blocks.push(self.end);
            self.end += series.buffer.len() as u64;
            series.buffer.clear();
        }
        Ok(())
    }

    /// The sheet of a machine that has rows.
    pub(super) fn sheet(&self, machine: u32) -> Option<usize> {
        self.machines[machine as usize].sheet
    }

    /// How many decimals of a second the times of a machine need.
    pub(super) fn digits(&self, machine: u32) -> usize {
        usize::from(self.machines[machine as usize].digits)
    }

    /// All rows of a machine, in the order of time.
    pub(super) fn read(
        &self,
        machine: u32,
        mut act: impl FnMut(&SpooledRow) -> Result<(), RecordError>,
    ) -> Result<(), RecordError> {
        let series = &self.machines[machine as usize];
        let wrong = |e| RecordError::file(self.file.path(), "read back", e);
        let bytes = series.row_bytes();
        let mut block = vec![0; (self.block / bytes).max(1) * bytes];
        let mut row = SpooledRow::default();
        for &place in &series.blocks {
            let mut file = self.file.handle().map_err(wrong)?;
            file.seek(SeekFrom::Start(place)).map_err(wrong)?;
            file.read_exact(&mut block).map_err(wrong)?;
            rows_of(&block, series, &mut row, &mut act)?;
        }
        rows_of(&series.buffer, series, &mut row, &mut act)
    }
}

fn rows_of(
    bytes: &[u8],
    series: &Series,
    row: &mut SpooledRow,
    act: &mut impl FnMut(&SpooledRow) -> Result<(), RecordError>,
) -> Result<(), RecordError> {
    for bytes in bytes.chunks_exact(series.row_bytes()) {
        let Some((time, rest)) = bytes.split_first_chunk::<8>() else { continue };
        let Some((life, rest)) = rest.split_first_chunk::<4>() else { continue };
        let (values, quality) = rest.split_at(4 * series.sensors);
        row.time = Time(i64::from_le_bytes(*time));
        row.life = u32::from_le_bytes(*life);
        row.values.clear();
        row.values.extend(values.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        row.quality.clear();
        row.quality.extend(quality);
        act(row)?;
    }
    Ok(())
}
