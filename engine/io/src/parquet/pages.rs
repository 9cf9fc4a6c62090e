//! Column chunks of words and numbers: levels, dictionary page, one data page, all compressed by zstd.
//!
//! A chunk has one data page, since a row group is as small as a few pages. Numbers become a dictionary when that
//! pays, else their byte streams one after the other (BYTE_STREAM_SPLIT), which full precision compresses best in.

use super::columns::{Numbers, Presence};
use super::dictionary::{Bits, Lookup};
use super::packing::{hybrid, hybrid_run, width};
use super::words::Words;
use ::parquet::basic::{Compression, Encoding, ZstdLevel};
use ::parquet::column::page::{CompressedPage, Page, PageWriter};
use ::parquet::column::writer::ColumnCloseResult;
use ::parquet::errors::Result;
use ::parquet::file::metadata::ColumnChunkMetaData;
use ::parquet::file::statistics::Statistics;
use ::parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use ::parquet::schema::types::ColumnDescPtr;
use std::io::{self, Write};

/// Makes pages; keeps what is worth reusing from column to column.
pub(super) struct Pager {
    zstd: zstd::bulk::Compressor<'static>,
    level: ZstdLevel,
    lookup: Lookup,
}

/// The inside of a data page beside its levels.
struct Content<'a> {
    descriptor: ColumnDescPtr,
    dictionary: Option<(Vec<u8>, u32)>,
    encoding: Encoding,
    data: Vec<u8>,
    present: &'a Presence,
    optional: bool,
    statistics: Option<Statistics>,
}

impl Pager {
    pub(super) fn new(level: i32) -> io::Result<Pager> {
        Ok(Pager {
            zstd: zstd::bulk::Compressor::new(level)?,
            level: ZstdLevel::try_new(level).map_err(io::Error::other)?,
            lookup: Lookup::new(),
        })
    }

    pub(super) fn words<W: Write + Send>(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, W>,
        descriptor: ColumnDescPtr,
        words: &mut Words,
    ) -> Result<()> {
        // A column without any word needs no dictionary, and some readers stumble over an empty one.
        let any = words.count > 0;
        let content = Content {
            descriptor,
            dictionary: any.then(|| (std::mem::take(&mut words.dictionary), words.count)),
            encoding: if any { Encoding::RLE_DICTIONARY } else { Encoding::PLAIN },
            data: if any { packed(&words.codes, words.count) } else { Vec::new() },
            present: &words.present,
            optional: words.optional,
            statistics: None,
        };
        self.chunk(group, content)?;
        words.clear();
        Ok(())
    }

    pub(super) fn numbers<T: Paged, W: Write + Send>(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, W>,
        descriptor: ColumnDescPtr,
        numbers: &mut Numbers<T>,
    ) -> Result<()> {
        let mut content = Content {
            descriptor,
            dictionary: None,
            encoding: Encoding::BYTE_STREAM_SPLIT,
            data: Vec::new(),
            present: &numbers.present,
            optional: true,
            statistics: T::statistics(&numbers.values, numbers.present.rows()),
        };
        if numbers.values.is_empty() {
            content.encoding = Encoding::PLAIN;
        } else if let Some(found) = self.lookup.distinct(&numbers.values) {
            let mut page = Vec::with_capacity(found.len() * size_of::<T>());
            found.iter().for_each(|value| value.put(&mut page));
            content.dictionary = Some((page, found.len() as u32));
            content.encoding = Encoding::RLE_DICTIONARY;
            content.data = packed(&self.lookup.codes, found.len() as u32);
        } else {
            content.data = T::streams(&numbers.values);
        }
        self.chunk(group, content)?;
        numbers.values.clear();
        numbers.present.clear();
        Ok(())
    }

    fn chunk<W: Write + Send>(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, W>,
        content: Content<'_>,
    ) -> Result<()> {
        let rows = content.present.rows();
        let mut sink = TrackedWrite::new(Vec::new());
        let mut pages = SerializedPageWriter::new(&mut sink);
        let mut written = Vec::new();
        if let Some((page, count)) = &content.dictionary {
            written.push(pages.write_page(self.dictionary_page(page, *count)?)?);
        }
        let mut data = levels(content.present, content.optional);
        data.extend(&content.data);
        written.push(pages.write_page(self.data_page(&data, rows, content.encoding)?)?);
        let packed_size: usize = written.iter().map(|page| page.compressed_size).sum();
        let full_size: usize = written.iter().map(|page| page.uncompressed_size).sum();
        let mut metadata = ColumnChunkMetaData::builder(content.descriptor)
            .set_encodings(vec![content.encoding, Encoding::RLE, Encoding::PLAIN])
            .set_compression(Compression::ZSTD(self.level))
            .set_num_values(rows as i64)
            .set_total_compressed_size(packed_size as i64)
            .set_total_uncompressed_size(full_size as i64)
            .set_data_page_offset(written.last().map_or(0, |page| page.offset as i64))
            .set_dictionary_page_offset(content.dictionary.is_some().then(|| written[0].offset as i64));
        if let Some(statistics) = content.statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: packed_size as u64,
            rows_written: rows as u64,
            metadata: metadata.build()?,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        group.append_column(&bytes::Bytes::from(sink.into_inner()?), close)
    }

    fn dictionary_page(&mut self, words: &[u8], count: u32) -> Result<CompressedPage> {
        let buf = self.zstd.compress(words)?.into();
        let page = Page::DictionaryPage { buf, num_values: count, encoding: Encoding::PLAIN, is_sorted: false };
        Ok(CompressedPage::new(page, words.len()))
    }

    fn data_page(&mut self, data: &[u8], rows: usize, encoding: Encoding) -> Result<CompressedPage> {
        let page = Page::DataPage {
            buf: self.zstd.compress(data)?.into(),
            num_values: rows as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        Ok(CompressedPage::new(page, data.len()))
    }
}

/// Definition levels: four bytes of length, then runs of "there" and "not there".
fn levels(present: &Presence, optional: bool) -> Vec<u8> {
    if !optional {
        return Vec::new();
    }
    let mut out = vec![0; 4];
    match present.flags() {
        None => hybrid_run(1, present.rows(), 1, &mut out),
        Some(flags) => hybrid(&flags.iter().map(|&there| u32::from(there)).collect::<Vec<_>>(), 1, &mut out),
    }
    let length = out.len() as u32 - 4;
    out[..4].copy_from_slice(&length.to_le_bytes());
    out
}

/// Dictionary indices: a byte for their width, then the indices.
fn packed(codes: &[u32], count: u32) -> Vec<u8> {
    let width = width(count.saturating_sub(1)).max(1);
    let mut out = vec![width as u8];
    hybrid(codes, width, &mut out);
    out
}

/// A number type with its Parquet statistics and byte streams.
pub(super) trait Paged: Bits {
    fn statistics(values: &[Self], rows: usize) -> Option<Statistics>;
    /// All first bytes, then all second bytes and so on.
    fn streams(values: &[Self]) -> Vec<u8>;
}

impl Paged for f32 {
    fn statistics(values: &[f32], rows: usize) -> Option<Statistics> {
        let (least, most) = extent(values)?;
        let absent = (rows - values.len()) as u64;
        // A zero bound stands for both zeros, as the format asks.
        let least = if least == 0.0 { -0.0 } else { least };
        let most = if most == 0.0 { 0.0 } else { most };
        Some(Statistics::float(Some(least), Some(most), None, Some(absent), false))
    }

    fn streams(values: &[f32]) -> Vec<u8> {
        (0..4).flat_map(|byte| values.iter().map(move |value| value.to_le_bytes()[byte])).collect()
    }
}

impl Paged for f64 {
    fn statistics(values: &[f64], rows: usize) -> Option<Statistics> {
        let (least, most) = extent(values)?;
        let absent = (rows - values.len()) as u64;
        let least = if least == 0.0 { -0.0 } else { least };
        let most = if most == 0.0 { 0.0 } else { most };
        Some(Statistics::double(Some(least), Some(most), None, Some(absent), false))
    }

    fn streams(values: &[f64]) -> Vec<u8> {
        (0..8).flat_map(|byte| values.iter().map(move |value| value.to_le_bytes()[byte])).collect()
    }
}

/// The least and the most number, NaN apart.
fn extent<T: Bits>(values: &[T]) -> Option<(T, T)> {
    let first = values.iter().copied().find(|value| value.is_number())?;
    Some(values.iter().fold((first, first), |(least, most), &value| {
        (if value < least { value } else { least }, if value > most { value } else { most })
    }))
}
