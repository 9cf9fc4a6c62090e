//! Parquet, a batch of rows at a time; dictionaries become words, every sort of number one of three.
//!
//! A file that breaks off or is damaged cannot be read on: that is an error with the row it came to.

use super::row::{Kept, Row};
use super::{Next, ReadError};
use ::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type, TimeUnit};
use std::fs::File;
use std::path::{Path, PathBuf};

const BATCH: usize = 8_192;

pub(super) struct ParquetRows {
    path: PathBuf,
    columns: Vec<String>,
    reader: ParquetRecordBatchReader,
    batch: Vec<Column>,
    /// Rows of the batch, and how many of them are read.
    rows: usize,
    at: usize,
    read: u64,
}

/// One column of a batch.
enum Column {
    Words(ArrayRef),
    Whole(ArrayRef),
    Single(ArrayRef),
    Double(ArrayRef),
    /// With the nanoseconds of its unit.
    Instant(ArrayRef, i64),
    Other,
}

impl std::fmt::Debug for ParquetRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetRows").field("path", &self.path).field("read", &self.read).finish_non_exhaustive()
    }
}

impl ParquetRows {
    pub(super) fn open(path: &Path) -> Result<ParquetRows, ReadError> {
        let file = File::open(path).map_err(|e| ReadError::of_io(path, e))?;
        let broken = |e| ReadError::input(path, None, format!("it is no whole Parquet file: {e}"));
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(broken)?;
        let columns = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let reader = builder.with_batch_size(BATCH).build().map_err(broken)?;
        Ok(ParquetRows { path: path.to_owned(), columns, reader, batch: Vec::new(), rows: 0, at: 0, read: 0 })
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    pub(super) fn next(&mut self, row: &mut Row) -> Result<Next, ReadError> {
        while self.at == self.rows {
            match self.reader.next() {
                None => return Ok(Next::End),
                Some(Ok(batch)) => self.take(&batch).map_err(|why| self.broken(why))?,
                Some(Err(error)) => return Err(self.broken(error)),
            }
        }
        for column in &self.batch {
            column.cell(self.at, row);
        }
        self.at += 1;
        self.read += 1;
        Ok(Next::Row(self.read))
    }

    fn take(&mut self, batch: &RecordBatch) -> Result<(), arrow::error::ArrowError> {
        self.batch = batch.columns().iter().map(Column::of).collect::<Result<_, _>>()?;
        (self.rows, self.at) = (batch.num_rows(), 0);
        Ok(())
    }

    fn broken(&self, why: impl std::fmt::Display) -> ReadError {
        let after = self.read;
        ReadError::input(&self.path, None, format!("it cannot be read on after {after} rows: {why}"))
    }
}

impl Column {
    fn of(array: &ArrayRef) -> Result<Column, arrow::error::ArrowError> {
        let is_text = |kind: &DataType| matches!(kind, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View);
        Ok(match array.data_type() {
            kind if is_text(kind) => Column::Words(cast(array, &DataType::Utf8)?),
            DataType::Dictionary(_, kind) if is_text(kind) => Column::Words(cast(array, &DataType::Utf8)?),
            kind if kind.is_integer() => Column::Whole(cast(array, &DataType::Int64)?),
            DataType::Float32 => Column::Single(array.clone()),
            kind if kind.is_floating() || matches!(kind, DataType::Decimal128(..)) => {
                Column::Double(cast(array, &DataType::Float64)?)
            }
            DataType::Timestamp(unit, _) => {
                let nanos = match unit {
                    TimeUnit::Second => 1_000_000_000,
                    TimeUnit::Millisecond => 1_000_000,
                    TimeUnit::Microsecond => 1_000,
                    TimeUnit::Nanosecond => 1,
                };
                Column::Instant(cast(array, &DataType::Int64)?, nanos)
            }
            _ => Column::Other,
        })
    }

    fn cell(&self, at: usize, row: &mut Row) {
        let cell = match self {
            Column::Other => Kept::Other,
            Column::Words(array)
            | Column::Whole(array)
            | Column::Single(array)
            | Column::Double(array)
            | Column::Instant(array, _)
                if array.is_null(at) =>
            {
                Kept::Nothing
            }
            Column::Words(array) => row.keep(array.as_string::<i32>().value(at)),
            Column::Whole(array) => Kept::Whole(array.as_primitive::<Int64Type>().value(at)),
            Column::Single(array) => Kept::Single(array.as_primitive::<Float32Type>().value(at)),
            Column::Double(array) => Kept::Double(array.as_primitive::<Float64Type>().value(at)),
            Column::Instant(array, nanos) => match array.as_primitive::<Int64Type>().value(at).checked_mul(*nanos) {
                Some(nanos) => Kept::Instant(nanos),
                None => Kept::Other,
            },
        };
        row.push(cell);
    }
}
