//! A file of an archive, read by row groups: only those that matter, and none that is not what was written.

use super::layout::{Layout, Lines, Sort, Stretch, Values, quality};
use super::shelf::Shelf;
use super::writing::{DIGESTS, Tally, hex, schema};
use crate::outlets::trouble::OutletTrouble;
use ::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};
use ::parquet::file::reader::{ChunkReader, Length};
use ::parquet::file::statistics::Statistics;
use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use bytes::{Buf, Bytes, buf::Reader};
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::sync::Arc;

/// Bytes at the end that are asked for at first: the footer of most files.
const TAIL: u64 = 64 * 1024;
/// The length of the metadata and the magic word.
const END: u64 = 8;

/// An open file.
pub(super) struct Book {
    pub url: String,
    shelf: Shelf,
    name: String,
    layout: &'static Layout,
    size: u64,
    metadata: ArrowReaderMetadata,
    digests: Vec<String>,
    pub footer_digest: String,
    /// The group that was read last.
    page: Option<(usize, Arc<Group>)>,
}

/// A row group, read.
#[derive(Debug)]
pub(super) struct Group {
    /// Machine, sensor, unit, and which of the lines are theirs.
    pub spans: Vec<([String; 3], Range<usize>)>,
    pub lines: Lines,
}

/// What the store says of a file.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub bytes: u64,
    pub footer_digest: Option<String>,
}

impl Book {
    /// Opens a file, which must be as long as it was and end as it did, if that is known.
    pub async fn open(url: &str, layout: &'static Layout, told: Option<&Told>) -> Result<Book, OutletTrouble> {
        let (shelf, name) = Shelf::of_file(url)?;
        let Some(size) = shelf.size(&name).await? else {
            return Err(OutletTrouble::lasting(format!("archive {url}: it is not there; put the file back")));
        };
        if let Some(told) = told.filter(|told| told.bytes != size) {
            let was = told.bytes;
            return Err(damaged(url, format!("it has {size} bytes, written were {was}")));
        }
        let tail = footer(&shelf, &name, url, size).await?;
        let footer_digest = hex(Sha256::new_with_prefix(&tail));
        if told.and_then(|told| told.footer_digest.as_ref()).is_some_and(|digest| *digest != footer_digest) {
            return Err(damaged(url, "its footer is not what was written".to_owned()));
        }
        let thrift = tail.slice(..tail.len().saturating_sub(END as usize));
        let metadata = ParquetMetaDataReader::decode_metadata(&thrift)
            .and_then(|metadata| ArrowReaderMetadata::try_new(Arc::new(metadata), ArrowReaderOptions::default()))
            .map_err(|error| damaged(url, error.to_string()))?;
        let names = |schema: &arrow::datatypes::Schema| -> Vec<String> {
            schema.fields().iter().map(|field| field.name().clone()).collect()
        };
        let notes = metadata.metadata().file_metadata().key_value_metadata();
        let noted = notes.into_iter().flatten().find(|note| note.key == DIGESTS).and_then(|note| note.value.clone());
        let digests: Vec<String> = noted.unwrap_or_default().split(',').map(str::to_owned).collect();
        let groups = metadata.metadata().num_row_groups();
        if names(metadata.schema()) != names(&schema(layout)) || digests.len() != groups.max(1) {
            return Err(damaged(url, format!("it is no archive of {}", layout.table)));
        }
        let (url, page) = (url.to_owned(), None);
        Ok(Book { url, shelf, name, layout, size, metadata, digests, footer_digest, page })
    }

    pub fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    pub fn bytes(&self) -> u64 {
        self.size
    }

    /// The groups that may hold rows of a sensor in a stretch.
    pub fn groups_of(&self, machine: &str, sensor: &str, stretch: Stretch) -> Vec<usize> {
        let groups = self.metadata.metadata().row_groups().iter().enumerate();
        let may = |group: &RowGroupMetaData| {
            may_hold(group, 0, machine) && may_hold(group, 1, sensor) && may_overlap(group, 2, stretch)
        };
        groups.filter(|(_, group)| may(group)).map(|(at, _)| at).collect()
    }

    /// A row group, checked against its digest.
    pub async fn group(&mut self, at: usize) -> Result<Arc<Group>, OutletTrouble> {
        if let Some((_, group)) = self.page.as_ref().filter(|(known, _)| *known == at) {
            return Ok(group.clone());
        }
        let range = self.range(at);
        let bytes = self.shelf.bytes(&self.name, range.clone()).await?;
        if self.digests.get(at) != Some(&hex(Sha256::new_with_prefix(&bytes))) {
            return Err(damaged(&self.url, format!("row group {at} is not what was written")));
        }
        let cut = Cut { start: range.start, bytes, size: self.size };
        let group = decode(cut, &self.metadata, at, self.layout).map_err(|why| damaged(&self.url, why))?;
        let group = Arc::new(group);
        self.page = Some((at, group.clone()));
        Ok(group)
    }

    /// From where the group before ends to where this one does; the first one has the magic word in front.
    fn range(&self, at: usize) -> Range<u64> {
        let groups = self.metadata.metadata().row_groups();
        let end = |at: usize| groups.get(at).map_or(0, ends);
        (if at == 0 { 0 } else { end(at - 1) })..end(at)
    }

    /// Reads all of it: rows and their digest.
    pub async fn tally(&mut self) -> Result<(u64, String), OutletTrouble> {
        let mut tally = Tally::default();
        for at in 0..self.groups() {
            let group = self.group(at).await?;
            for ([machine, sensor, unit], span) in &group.spans {
                let mut lines = Lines::new(self.layout);
                span.clone().for_each(|row| lines.copy(&group.lines, row));
                tally.add([machine, sensor, unit], &lines);
            }
        }
        Ok(tally.done())
    }

    /// The digest of the whole file, as `sha256sum` has it.
    pub async fn digest(&self) -> Result<String, OutletTrouble> {
        digest(&self.shelf, &self.name, self.size).await
    }
}

/// The digest of a whole file, a part at a time.
pub(super) async fn digest(shelf: &Shelf, name: &str, size: u64) -> Result<String, OutletTrouble> {
    const STEP: u64 = 8 * 1024 * 1024;
    let mut whole = Sha256::new();
    let mut at = 0;
    while at < size {
        let next = size.min(at + STEP);
        whole.update(shelf.bytes(name, at..next).await?);
        at = next;
    }
    Ok(hex(whole))
}

pub(super) fn damaged(url: &str, why: String) -> OutletTrouble {
    OutletTrouble::lasting(format!("archive {url}: it is damaged: {why}"))
}

/// The bytes behind the last row group.
async fn footer(shelf: &Shelf, name: &str, url: &str, size: u64) -> Result<Bytes, OutletTrouble> {
    if size < 2 * END {
        return Err(damaged(url, "it is no Parquet file".to_owned()));
    }
    let first = size.saturating_sub(TAIL);
    let tail = shelf.bytes(name, first..size).await?;
    let end = tail.slice(tail.len().saturating_sub(END as usize)..);
    let [a, b, c, d, magic @ ..] = &end[..] else { return Err(damaged(url, "it breaks off".to_owned())) };
    let length = u64::from(u32::from_le_bytes([*a, *b, *c, *d])) + END;
    if magic != b"PAR1" || length + END > size {
        return Err(damaged(url, "its end is not that of a Parquet file".to_owned()));
    }
    let start = size - length;
    if start >= first {
        return Ok(tail.slice((start - first) as usize..));
    }
    shelf.bytes(name, start..size).await
}

fn ends(group: &RowGroupMetaData) -> u64 {
    let end = |(start, length): (u64, u64)| start.saturating_add(length);
    group.columns().iter().map(|column| end(column.byte_range())).max().unwrap_or(0)
}

/// Whether a word may be in a column of a group. Long words are cut off in the statistics: towards less, and towards more.
fn may_hold(group: &RowGroupMetaData, column: usize, word: &str) -> bool {
    let Some(Statistics::ByteArray(words)) = group.column(column).statistics() else { return true };
    let from = words.min_opt().is_none_or(|min| min.data() <= word.as_bytes());
    from && words.max_opt().is_none_or(|max| word.as_bytes() <= max.data())
}

fn may_overlap(group: &RowGroupMetaData, column: usize, stretch: Stretch) -> bool {
    let Some(Statistics::Int64(times)) = group.column(column).statistics() else { return true };
    times.min_opt().is_none_or(|min| *min < stretch.to) && times.max_opt().is_none_or(|max| *max >= stretch.from)
}

/// Some bytes of a file, at the place where they lie in it.
struct Cut {
    start: u64,
    bytes: Bytes,
    size: u64,
}

impl Length for Cut {
    fn len(&self) -> u64 {
        self.size
    }
}

impl ChunkReader for Cut {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Reader<Bytes>, ParquetError> {
        let end = self.start + self.bytes.len() as u64;
        Ok(self.get_bytes(start, end.saturating_sub(start) as usize)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let from = start.checked_sub(self.start).and_then(|from| usize::try_from(from).ok());
        let range = from.and_then(|from| Some(from..from.checked_add(length)?));
        match range.filter(|range| range.end <= self.bytes.len()) {
            Some(range) => Ok(self.bytes.slice(range)),
            None => Err(ParquetError::EOF("a column lies outside its row group".to_owned())),
        }
    }
}

fn decode(cut: Cut, metadata: &ArrowReaderMetadata, at: usize, layout: &'static Layout) -> Result<Group, String> {
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(cut, metadata.clone());
    let reader = builder.with_row_groups(vec![at]).build().map_err(|error| error.to_string())?;
    let mut group = Group { spans: Vec::new(), lines: Lines::new(layout) };
    for batch in reader {
        take(&mut group, &batch.map_err(|error| error.to_string())?, layout).map_err(|error| error.to_string())?;
    }
    Ok(group)
}

fn take(group: &mut Group, batch: &RecordBatch, layout: &Layout) -> Result<(), arrow::error::ArrowError> {
    let column = |at: usize, kind: &DataType| cast(batch.column(at), kind);
    let unit = layout.columns.len() + 3;
    let names = [column(0, &DataType::Utf8)?, column(1, &DataType::Utf8)?, column(unit, &DataType::Utf8)?];
    let names = names.each_ref().map(|array| array.as_string::<i32>());
    let begun = group.lines.len();
    for row in 0..batch.num_rows() {
        let here = names.map(|words| words.value(row));
        match group.spans.last_mut() {
            Some((last, span)) if last.each_ref().map(String::as_str) == here => span.end += 1,
            _ => group.spans.push((here.map(str::to_owned), begun + row..begun + row + 1)),
        }
    }
    group.lines.times.extend(column(2, &DataType::Int64)?.as_primitive::<Int64Type>().values());
    for (at, ((_, sort), values)) in layout.columns.iter().zip(&mut group.lines.columns).enumerate() {
        let kind = match sort {
            Sort::Real => DataType::Float64,
            Sort::Whole => DataType::Int64,
            Sort::Quality => DataType::Utf8,
        };
        fill(values, *sort, &column(at + 3, &kind)?);
    }
    Ok(())
}

fn fill(values: &mut Values, sort: Sort, array: &ArrayRef) {
    let rows = (0..array.len()).map(|row| array.is_valid(row).then_some(row));
    match (values, sort) {
        (Values::Real(values), _) => {
            let cells = array.as_primitive::<Float64Type>();
            values.extend(rows.map(|row| row.map(|row| cells.value(row))));
        }
        (Values::Whole(values), Sort::Quality) => {
            let words = array.as_string::<i32>();
            values.extend(rows.map(|row| row.and_then(|row| quality(words.value(row)))));
        }
        (Values::Whole(values), _) => {
            let cells = array.as_primitive::<Int64Type>();
            values.extend(rows.map(|row| row.map(|row| cells.value(row))));
        }
    }
}
