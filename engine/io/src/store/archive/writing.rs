//! A Parquet file on its way to a shelf, with bounded memory.
//!
//! Rows come sorted by machine, sensor and time. A row group ends where it is full, or with a sensor once it is large
//! enough, so that one sensor is found by the groups' statistics. The digest of each group stands in the footer, and the
//! footer's in the store: so whoever reads a part knows that it is what was written.

use super::layout::{Layout, Lines, Sort, Values, bits, word};
use super::shelf::{Parcel, Put, Shelf};
use crate::outlets::trouble::OutletTrouble;
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, Encoding, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::KeyValue;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::schema::types::ColumnPath;
use arrow::array::{
    ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Rows of a group at most, and from how many on it ends with a sensor.
const MOST: usize = 65_536;
const ENOUGH: usize = 16_384;
/// zstd's own scale.
const LEVEL: i32 = 3;
/// The footer's entry with the digests of the row groups, one after the other, with commas between.
pub(super) const DIGESTS: &str = "twinwright.row_groups.sha256";

/// A file that is not whole yet.
pub(super) struct Writing<'a> {
    layout: &'static Layout,
    url: String,
    parcel: Parcel<'a>,
    writer: ArrowWriter<Vec<u8>>,
    schema: Arc<Schema>,
    in_group: usize,
    bytes: u64,
    whole: Sha256,
    groups: Vec<String>,
    tally: Tally,
}

/// A file that is there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Done {
    pub bytes: u64,
    /// As `sha256sum` has it.
    pub digest: String,
    pub footer_digest: String,
    pub rows: u64,
    /// Of the rows, whatever the file looks like.
    pub content: String,
}

/// Counts and digests rows in their order.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: u64,
    content: Sha256,
    last: (String, String, String),
}

impl Tally {
    /// Rows of one sensor.
    pub fn add(&mut self, [machine, sensor, unit]: [&str; 3], lines: &Lines) {
        let (a, b, c) = &self.last;
        if self.rows == 0 || [a.as_str(), b, c] != [machine, sensor, unit] {
            self.last = (machine.to_owned(), sensor.to_owned(), unit.to_owned());
            for name in [machine, sensor, unit] {
                self.content.update((name.len() as u64).to_le_bytes());
                self.content.update(name);
            }
        }
        for (at, time) in lines.times.iter().enumerate() {
            self.content.update(time.to_le_bytes());
            for column in &lines.columns {
                let cell = match column {
                    Values::Real(values) => bits(values.get(at)).flatten(),
                    Values::Whole(values) => values.get(at).copied().flatten().map(|whole| whole as u64),
                };
                self.content.update([u8::from(cell.is_some())]);
                self.content.update(cell.unwrap_or(0).to_le_bytes());
            }
        }
        self.rows += lines.len() as u64;
    }

    pub fn done(self) -> (u64, String) {
        (self.rows, hex(self.content))
    }
}

pub(super) fn hex(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl<'a> Writing<'a> {
    pub fn begin(shelf: &'a Shelf, name: &str, layout: &'static Layout) -> Result<Writing<'a>, OutletTrouble> {
        let url = shelf.url_of(name);
        let schema = Arc::new(schema(layout));
        let made = properties(layout).and_then(|how| ArrowWriter::try_new(Vec::new(), schema.clone(), Some(how)));
        Ok(Writing {
            layout,
            parcel: shelf.parcel(name)?,
            writer: made.map_err(|error| wrong(&url, &error))?,
            url,
            schema,
            in_group: 0,
            bytes: 0,
            whole: Sha256::new(),
            groups: Vec::new(),
            tally: Tally::default(),
        })
    }

    /// Adds rows of one sensor, not more than a group has room for.
    pub async fn add(&mut self, names: [&str; 3], lines: &Lines) -> Result<(), OutletTrouble> {
        let changes = names != [self.tally.last.0.as_str(), &self.tally.last.1, &self.tally.last.2];
        if self.in_group + lines.len() > MOST || (changes && self.in_group >= ENOUGH) {
            self.end_group().await?;
        }
        self.tally.add(names, lines);
        self.in_group += lines.len();
        let batch = RecordBatch::try_new(self.schema.clone(), arrays(self.layout, names, lines));
        let written = batch.map_err(ParquetError::from).and_then(|batch| self.writer.write(&batch));
        written.map_err(|error| wrong(&self.url, &error))
    }

    async fn end_group(&mut self) -> Result<(), OutletTrouble> {
        if self.in_group == 0 {
            return Ok(());
        }
        self.in_group = 0;
        self.writer.flush().map_err(|error| wrong(&self.url, &error))?;
        let digest = self.hand_on().await?;
        self.groups.push(digest);
        Ok(())
    }

    /// Sends what the writer has made, and says its digest.
    async fn hand_on(&mut self) -> Result<String, OutletTrouble> {
        self.writer.sync().map_err(|error| OutletTrouble::lasting(format!("archive {}: {error}", self.url)))?;
        let bytes = std::mem::take(self.writer.inner_mut());
        self.bytes += bytes.len() as u64;
        self.whole.update(&bytes);
        let digest = hex(Sha256::new_with_prefix(&bytes));
        self.parcel.add(&bytes).await?;
        Ok(digest)
    }

    /// All rows are there. None when the name was taken in the meantime.
    pub async fn finish(mut self) -> Result<Option<Done>, OutletTrouble> {
        self.end_group().await?;
        self.writer.append_key_value_metadata(KeyValue::new(DIGESTS.to_owned(), self.groups.join(",")));
        self.writer.finish().map_err(|error| wrong(&self.url, &error))?;
        let footer_digest = self.hand_on().await?;
        let (rows, content) = self.tally.done();
        let done = Done { bytes: self.bytes, digest: hex(self.whole), footer_digest, rows, content };
        Ok((self.parcel.finish().await? == Put::Done).then_some(done))
    }

    /// Leaves nothing behind.
    pub async fn abandon(self) {
        self.parcel.abandon().await;
    }
}

fn wrong(url: &str, error: &ParquetError) -> OutletTrouble {
    OutletTrouble::lasting(format!("archive {url}: it cannot be written: {error}"))
}

fn words() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

pub(super) fn schema(layout: &Layout) -> Schema {
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let mut fields = vec![
        Field::new("machine", words(), false),
        Field::new("sensor", words(), false),
        Field::new("time", time, false),
    ];
    for (name, sort) in layout.columns {
        let kind = match sort {
            Sort::Real => DataType::Float64,
            Sort::Whole => DataType::Int64,
            Sort::Quality => words(),
        };
        fields.push(Field::new(*name, kind, true));
    }
    fields.push(Field::new("unit", words(), false));
    Schema::new(fields)
}

fn arrays(layout: &Layout, [machine, sensor, unit]: [&str; 3], lines: &Lines) -> Vec<ArrayRef> {
    let rows = lines.len();
    let times = TimestampMicrosecondArray::from(lines.times.clone()).with_timezone("UTC");
    let mut arrays: Vec<ArrayRef> = vec![one_word(machine, rows), one_word(sensor, rows), Arc::new(times)];
    for ((_, sort), values) in layout.columns.iter().zip(&lines.columns) {
        arrays.push(match (sort, values) {
            (Sort::Quality, Values::Whole(values)) => {
                let words = values.iter().map(|code| word(*code));
                Arc::new(words.collect::<DictionaryArray<arrow::datatypes::Int32Type>>())
            }
            (_, Values::Whole(values)) => Arc::new(Int64Array::from(values.clone())),
            (_, Values::Real(values)) => Arc::new(Float64Array::from(values.clone())),
        });
    }
    arrays.push(one_word(unit, rows));
    arrays
}

fn one_word(word: &str, rows: usize) -> ArrayRef {
    let keys = Int32Array::from(vec![0; rows]);
    Arc::new(DictionaryArray::new(keys, Arc::new(StringArray::from(vec![word]))))
}

fn properties(layout: &Layout) -> Result<WriterProperties, ParquetError> {
    let about = [("twinwright.table", layout.table), ("twinwright.version", env!("CARGO_PKG_VERSION"))];
    let about = about.map(|(name, value)| KeyValue::new(name.to_owned(), value.to_owned()));
    Ok(WriterProperties::builder()
        .set_created_by("twinwright".to_owned())
        .set_key_value_metadata(Some(about.to_vec()))
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(MOST))
        .set_column_dictionary_enabled(ColumnPath::from("time"), false)
        .set_column_encoding(ColumnPath::from("time"), Encoding::DELTA_BINARY_PACKED)
        .build())
}
