//! Parquet for pandas, pyarrow, DuckDB and Spark: typed columns, UTC times, words as dictionaries, zstd.
//!
//! Rows gather in columns until a row group is full, then each column is encoded and written on this thread.
//! The parquet crate writes headers, footer, times and counts; readings and words are paged here ([`pages`]),
//! since the world already has words as numbers, and rounded readings want a dictionary that costs little.
//! Rows hold no lists, so levels are only "there" or "not there".

mod columns;
mod dictionary;
mod packing;
mod pages;
mod words;

use crate::RecordError;
use crate::outflow::Outflow;
use crate::table::{Column, Role, Rows, TableHead, TableWriter};
use ::parquet::arrow::{ArrowSchemaConverter, add_encoded_arrow_schema_to_metadata};
use ::parquet::basic::{Compression, Encoding, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::{ColumnDescPtr, ColumnPath};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use columns::Gathered;
use pages::Pager;
use std::path::PathBuf;
use std::sync::Arc;

/// zstd's own scale; 1 is nearly as small as 3 on readings and a good deal faster.
const LEVEL: i32 = 1;
/// Values of a row group, spread over its number columns.
const GROUP_VALUES: usize = 1 << 20;
const GROUP_ROWS: std::ops::RangeInclusive<usize> = 8_192..=262_144;

pub(crate) struct ParquetTable {
    path: PathBuf,
    writer: SerializedFileWriter<Outflow>,
    columns: Vec<Gathered>,
    descriptors: Vec<ColumnDescPtr>,
    rows: usize,
    group_rows: usize,
    pager: Pager,
}

impl std::fmt::Debug for ParquetTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetTable").field("path", &self.path).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl ParquetTable {
    pub(crate) fn open(head: &TableHead, file: Outflow) -> Result<ParquetTable, RecordError> {
        let path = file.path().to_owned();
        let wrong = |e: ParquetError| refused(&path, e);
        let unit = if head.whole_microseconds { TimeUnit::Microsecond } else { TimeUnit::Nanosecond };
        let fields: Vec<Field> = head.columns.iter().map(|column| field(column, unit)).collect();
        let schema = Schema::new(fields);
        let root = ArrowSchemaConverter::new().convert(&schema).map_err(wrong)?.root_schema_ptr();
        let mut properties = properties(head).map_err(wrong)?;
        add_encoded_arrow_schema_to_metadata(&schema, &mut properties);
        let numbers = head.columns.iter().filter(|c| matches!(c.role, Role::Reading | Role::Truth)).count();
        let group_rows = (GROUP_VALUES / numbers.max(1)).clamp(*GROUP_ROWS.start(), *GROUP_ROWS.end());
        let per_instant = if head.whole_microseconds { 1_000 } else { 1 };
        let writer = SerializedFileWriter::new(file, root, Arc::new(properties)).map_err(wrong)?;
        Ok(ParquetTable {
            descriptors: writer.schema_descr().columns().to_vec(),
            writer,
            columns: head.columns.iter().map(|column| Gathered::for_role(column.role, per_instant)).collect(),
            rows: 0,
            group_rows,
            pager: Pager::new(LEVEL).map_err(|e| RecordError::file(&path, "write", e))?,
            path,
        })
    }

    fn write_group(&mut self) -> Result<(), RecordError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group().map_err(|e| refused(&self.path, e))?;
        for (column, descriptor) in self.columns.iter_mut().zip(&self.descriptors) {
            column.write(&mut group, descriptor, &mut self.pager).map_err(|e| refused(&self.path, e))?;
        }
        group.close().map_err(|e| refused(&self.path, e))?;
        self.rows = 0;
        Ok(())
    }
}

impl TableWriter for ParquetTable {
    fn write(&mut self, rows: &Rows<'_>) -> Result<(), RecordError> {
        let total = rows.kept_count();
        let mut done = 0;
        while done < total {
            let some = (total - done).min(self.group_rows - self.rows);
            for (column, &cells) in self.columns.iter_mut().zip(&rows.cells) {
                let gathered = match rows.kept {
                    None => column.gather(cells, done..done + some),
                    Some(kept) => column.gather(cells, kept[done..done + some].iter().map(|&row| row as usize)),
                };
                gathered.map_err(|why| RecordError::content(&self.path, why))?;
            }
            done += some;
            self.rows += some;
            if self.rows == self.group_rows {
                self.write_group()?;
            }
        }
        Ok(())
    }

    /// Nothing leaves before its row group is full: small groups would make a large and slow file.
    fn flush(&mut self) -> Result<(), RecordError> {
        Ok(())
    }

    fn written(&self) -> u64 {
        self.writer.bytes_written() as u64
    }

    fn finish(mut self: Box<Self>) -> Result<Outflow, RecordError> {
        self.write_group()?;
        self.writer.into_inner().map_err(|e| refused(&self.path, e))
    }
}

fn refused(path: &std::path::Path, error: ParquetError) -> RecordError {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(io) => RecordError::file(path, "write", *io),
            Err(other) => RecordError::content(path, other),
        },
        other => RecordError::content(path, other),
    }
}

fn field(column: &Column, unit: TimeUnit) -> Field {
    let words = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let (kind, empty_cells) = match column.role {
        Role::Time => (DataType::Timestamp(unit, Some("UTC".into())), false),
        Role::Future => (DataType::UInt32, false),
        Role::Seq => (DataType::Int64, false),
        Role::Machine | Role::Sensor | Role::Mode => (words(), false),
        Role::Quality | Role::Fault => (words(), true),
        Role::Reading => (DataType::Float32, true),
        Role::Truth => (DataType::Float64, true),
    };
    Field::new(&column.name, kind, empty_cells)
}

fn properties(head: &TableHead) -> Result<WriterProperties, ParquetError> {
    let facts = head.facts.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Ok(WriterProperties::builder()
        .set_created_by("twinwright".to_owned())
        .set_key_value_metadata(Some(facts.collect()))
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_column_dictionary_enabled(ColumnPath::from("time"), false)
        .set_column_encoding(ColumnPath::from("time"), Encoding::DELTA_BINARY_PACKED)
        .set_column_dictionary_enabled(ColumnPath::from("seq"), false)
        .set_column_encoding(ColumnPath::from("seq"), Encoding::DELTA_BINARY_PACKED)
        .build())
}
