//! Bytes of the text formats, and Parquet read back.

use super::*;
use ::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type, Int32Type, TimeUnit, TimestampMicrosecondType};
use std::fs::File;
use std::slice::from_ref;

#[test]
fn wide_csv_has_empty_cells_and_quotes_where_needed() {
    let scratch = Scratch::new();
    let (sheet, chunk) = small_run();
    record(&scratch.out(), &[sheet], &[chunk], &[Format::Csv], Shape::Wide);
    let wanted = "\
time,machine,temp,flow rate,quality.temp,quality.flow rate,fault
2026-01-01T00:00:00.000Z,P-101,22.0,0.1,good,good,
2026-01-01T00:00:00.000Z,\"P 2,\"\"b\"\"\",-0.0,,good,bad,gap
2026-01-01T00:00:00.500Z,P-101,,1e+16,,uncertain,
2026-01-01T00:00:01.000Z,P-101,NaN,inf,bad,bad,gap+leak
";
    assert_eq!(read(scratch.out().join("readings/pump, big.csv")), wanted);
}

#[test]
fn json_lines_say_null_where_there_is_no_number() {
    let scratch = Scratch::new();
    let (sheet, chunk) = small_run();
    record(&scratch.out(), &[sheet], &[chunk], &[Format::Jsonl], Shape::Wide);
    let text = read(scratch.out().join("readings/pump, big.jsonl"));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines[1],
        "{\"time\":\"2026-01-01T00:00:00.000Z\",\"machine\":\"P 2,\\\"b\\\"\",\"temp\":-0.0,\"flow rate\":null,\
         \"quality.temp\":\"good\",\"quality.flow rate\":\"bad\",\"fault\":\"gap\"}"
    );
    for line in lines {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(row.as_object().unwrap().len(), 7);
    }
}

#[test]
fn line_protocol_escapes_names_and_leaves_out_what_says_nothing() {
    let scratch = Scratch::new();
    let (sheet, chunk) = small_run();
    record(&scratch.out(), &[sheet], &[chunk], &[Format::Influx], Shape::Wide);
    let wanted = "\
pump\\,\\ big,machine=P-101 temp=22.0,flow\\ rate=0.1 1767225600000000000
pump\\,\\ big,machine=P\\ 2\\,\"b\" temp=-0.0,flow\\ rate_quality=\"bad\",fault=\"gap\" 1767225600000000000
pump\\,\\ big,machine=P-101 flow\\ rate=1e+16,flow\\ rate_quality=\"uncertain\" 1767225600500000000
pump\\,\\ big,machine=P-101 temp_quality=\"bad\",flow\\ rate_quality=\"bad\",fault=\"gap+leak\" 1767225601000000000
";
    assert_eq!(read(scratch.out().join("readings/pump, big.lp")), wanted);
}

#[test]
fn long_csv_gives_each_sensor_its_own_faults_and_those_of_the_machine() {
    let scratch = Scratch::new();
    let (sheet, chunk) = small_run();
    record(&scratch.out(), &[sheet], &[chunk], &[Format::Csv], Shape::Long);
    let wanted = "\
time,machine,sensor,value,quality,fault
2026-01-01T00:00:00.000Z,P-101,temp,22.0,good,
2026-01-01T00:00:00.000Z,P-101,flow rate,0.1,good,
2026-01-01T00:00:00.000Z,\"P 2,\"\"b\"\"\",temp,-0.0,good,
2026-01-01T00:00:00.000Z,\"P 2,\"\"b\"\"\",flow rate,,bad,gap
2026-01-01T00:00:00.500Z,P-101,flow rate,1e+16,uncertain,
2026-01-01T00:00:01.000Z,P-101,temp,NaN,bad,gap+leak
2026-01-01T00:00:01.000Z,P-101,flow rate,inf,bad,leak
";
    assert_eq!(read(scratch.out().join("readings.csv")), wanted);
}

#[test]
fn long_rows_of_two_kinds_are_merged_by_time() {
    let scratch = Scratch::new();
    let sheets = [sheet("a", &["x", "y"]), sheet("b", &["y", "z"])];
    let row = |seconds, value| (seconds, 0, [(value, GOOD), (value, GOOD)], 0);
    let chunk = |from: f64| Chunk {
        readings: vec![
            readings(&sheets[0], &[row(from, 1.0), row(from + 1.0, 2.0)]),
            readings(&sheets[1], &[row(from, 3.0), row(from + 0.5, 4.0)]),
        ],
        ..Chunk::default()
    };
    record(&scratch.out(), &sheets, &[chunk(0.0), chunk(2.0)], &[Format::Csv], Shape::Long);
    let text = read(scratch.out().join("readings.csv"));
    let order: Vec<String> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').collect::<Vec<_>>())
        .map(|cells| format!("{}{}{}", &cells[0][18..21], cells[2], &cells[3][..1]))
        .collect();
    let wanted = ["0.0x1", "0.0y1", "0.0y3", "0.0z3", "0.5y4", "0.5z4", "1.0x2", "1.0y2"];
    assert_eq!(order[..8], wanted);
    assert_eq!(order.len(), 16);
}

#[test]
fn the_order_of_formats_changes_no_bytes() {
    let (sheet, chunk) = small_run();
    let (one, other) = (Scratch::new(), Scratch::new());
    record(&one.out(), from_ref(&sheet), from_ref(&chunk), &[Format::Csv, Format::Parquet, Format::Csv], Shape::Wide);
    record(&other.out(), &[sheet], &[chunk], &[Format::Parquet, Format::Csv], Shape::Wide);
    for name in ["readings/pump, big.csv", "readings/pump, big.parquet", "summary.json", ".twinwright-run"] {
        assert_eq!(fs::read(one.out().join(name)).unwrap(), fs::read(other.out().join(name)).unwrap(), "{name}");
    }
}

fn parquet(path: PathBuf) -> ParquetRecordBatchReader {
    ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap())
        .unwrap()
        .with_batch_size(1 << 20)
        .build()
        .unwrap()
}

fn words(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = batch.column_by_name(name).unwrap().as_dictionary::<Int32Type>();
    let words = column.values().as_string::<i32>();
    let mut different: Vec<_> = words.iter().collect();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), words.len(), "pyarrow breaks on a word that stands twice");
    (0..column.len()).map(|row| column.key(row).map(|key| words.value(key).to_owned())).collect()
}

#[test]
fn parquet_has_utc_times_words_and_nulls() {
    let scratch = Scratch::new();
    let (sheet, chunk) = small_run();
    record(&scratch.out(), &[sheet], &[chunk], &[Format::Parquet], Shape::Wide);
    let path = scratch.out().join("readings/pump, big.parquet");
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let facts = builder.metadata().file_metadata().key_value_metadata().unwrap().clone();
    assert!(facts.iter().any(|fact| fact.key == "seed" && fact.value.as_deref() == Some("7")));
    let batch = parquet(path).next().unwrap().unwrap();
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    assert_eq!(batch.schema().field(0).data_type(), &utc);
    let times = batch.column(0).as_primitive::<TimestampMicrosecondType>();
    assert_eq!(times.values()[2], 1_767_225_600_500_000);
    let temp = batch.column_by_name("temp").unwrap().as_primitive::<Float32Type>();
    assert_eq!((0..4).map(|row| temp.is_null(row)).collect::<Vec<_>>(), [false, false, true, false]);
    assert!(temp.value(3).is_nan() && temp.value(1).is_sign_negative());
    let wanted = [Some("good"), Some("good"), None, Some("bad")].map(|word| word.map(str::to_owned));
    assert_eq!(words(&batch, "quality.temp"), wanted);
    let wanted = [Some("good"), Some("bad"), Some("uncertain"), Some("bad")].map(|word| word.map(str::to_owned));
    assert_eq!(words(&batch, "quality.flow rate"), wanted);
    let wanted = [None, Some("gap"), None, Some("gap+leak")].map(|word| word.map(str::to_owned));
    assert_eq!(words(&batch, "fault"), wanted);
    assert_eq!(words(&batch, "machine")[1].as_deref(), Some("P 2,\"b\""));
}

#[test]
fn parquet_reads_back_over_several_row_groups_whatever_the_encoding() {
    let scratch = Scratch::new();
    let sheet = sheet("pump", &["rounded", "full"]);
    let count = 300_000u32;
    let mix = |row: u32| row.wrapping_mul(2_654_435_761) >> 8;
    let quality = |row: u32| if mix(row) % 50 == 0 { MISSING } else { GOOD };
    let rounded = |row: u32| (mix(row) % 300) as f32 / 10.0;
    let full = |row: u32| mix(row) as f32 * 1.234_567e-7;
    let rows: Vec<_> = (0..count)
        .map(|row| (f64::from(row / 2), row % 2, [(rounded(row), quality(row)), (full(row), GOOD)], row / 1000 % 3))
        .collect();
    let chunks: Vec<Chunk> = rows
        .chunks(7_777)
        .map(|rows| Chunk {
            readings: vec![readings(&sheet, rows)],
            fault_sets: vec!["a".to_owned(), "b".to_owned()],
            ..Chunk::default()
        })
        .collect();
    record(&scratch.out(), &[sheet], &chunks, &[Format::Parquet], Shape::Wide);
    let mut row = 0;
    for batch in parquet(scratch.out().join("readings/pump.parquet")) {
        let batch = batch.unwrap();
        let first = batch.column_by_name("rounded").unwrap().as_primitive::<Float32Type>();
        let second = batch.column_by_name("full").unwrap().as_primitive::<Float32Type>();
        let faults = words(&batch, "fault");
        let machines = words(&batch, "machine");
        for index in 0..batch.num_rows() {
            assert_eq!(first.is_valid(index).then(|| first.value(index)), (quality(row) == GOOD).then(|| rounded(row)));
            assert_eq!(second.value(index).to_bits(), full(row).to_bits());
            assert_eq!(faults[index].as_deref(), [None, Some("a"), Some("b")][row as usize / 1000 % 3]);
            assert_eq!(machines[index].as_deref(), Some(["P-101", "P 2,\"b\""][row as usize % 2]));
            row += 1;
        }
    }
    assert_eq!(row, count);
}

#[test]
fn a_time_finer_than_announced_is_an_error_not_a_wrong_time() {
    let scratch = Scratch::new();
    let (sheet, mut chunk) = small_run();
    chunk.readings[0].time[1] = Time(1);
    let options = Options { formats: vec![Format::Parquet], readings: true, ..Options::default() };
    let mut recorder = Recorder::open(RunFolder::open(scratch.out()).unwrap(), head(&[sheet], 1), &options).unwrap();
    let error = recorder.record(&chunk).unwrap_err().to_string();
    assert!(error.contains("pump, big.parquet") && error.contains("finer"), "{error}");
}

#[test]
fn how_a_run_is_cut_into_chunks_changes_no_bytes() {
    let sheet = sheet("pump", &["temp", "flow"]);
    let quality = |row: u32| [GOOD, GOOD, GOOD, MISSING, UNSAMPLED, BAD][(row / 11 % 6) as usize];
    let cell = |row: u32| (row as f32 * 0.25, quality(row));
    let rows: Vec<Row> =
        (0..600).map(|row| (f64::from(row), row % 2, [cell(row), cell(row / 5)], row / 90 % 3)).collect();
    let cut = |size: usize, shape| {
        let scratch = Scratch::new();
        let chunk = |rows: &[Row]| Chunk {
            readings: vec![readings(&sheet, rows)],
            fault_sets: vec!["a".to_owned(), "b".to_owned()],
            ..Chunk::default()
        };
        let chunks: Vec<Chunk> = rows.chunks(size).map(chunk).collect();
        record(&scratch.out(), from_ref(&sheet), &chunks, &Format::ALL, shape);
        let stem = if shape == Shape::Wide { "readings/pump" } else { "readings" };
        Format::ALL.map(|format| fs::read(scratch.out().join(format!("{stem}.{}", format.extension()))).unwrap())
    };
    for shape in [Shape::Wide, Shape::Long] {
        assert!(cut(7, shape) == cut(600, shape), "{shape:?}");
    }
}
