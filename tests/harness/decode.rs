//! Readings read back from what a stream left, with readers that the engine does not use: every format becomes one
//! sorted list of the same things, so that two wires can be compared.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// One reading as some wire carried it: machine, sensor, nanoseconds since 1970, the value's bits as f32 (none for NaN
/// and for no value), quality.
pub type Seen = (String, String, i64, Option<u32>, String);

/// A value's bits; NaN is none, since half of the wires cannot carry it.
pub fn bits(value: f64) -> Option<u32> {
    (!value.is_nan()).then(|| (value as f32).to_bits())
}

/// The text of a file, unpacked by its ending with the system's own tools.
pub fn text_of(path: &Path) -> String {
    let packed = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut text = String::new();
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("gz") => {
            flate2::read::MultiGzDecoder::new(&packed[..]).read_to_string(&mut text).expect("gzip unpacks");
        }
        Some("zst") => {
            zstd::Decoder::new(&packed[..]).expect("zstd opens").read_to_string(&mut text).expect("zstd unpacks");
        }
        _ => text = String::from_utf8(packed).expect("the text is UTF-8"),
    }
    text
}

/// A file of any format, by the ending of its name without packing.
pub fn file(path: &Path) -> Vec<Seen> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let stem = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let mut seen = match stem.rsplit('.').next() {
        Some("csv") => csv(&text_of(path)),
        Some("jsonl") => jsonl(&text_of(path)),
        Some("lp") => influx(&text_of(path)),
        Some("parquet") => parquet(path),
        other => panic!("no reader for {other:?}"),
    };
    seen.sort();
    seen
}

/// Nanoseconds of an RFC 3339 instant.
pub fn nanos(text: &str) -> i64 {
    twinwright_model::Time::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")).0
}

/// CSV, long or wide.
pub fn csv(text: &str) -> Vec<Seen> {
    let mut reader = ::csv::Reader::from_reader(text.as_bytes());
    let head: Vec<String> = reader.headers().expect("a header").iter().map(str::to_owned).collect();
    let rows = reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect());
    cells(&head, rows)
}

/// Rows of text under a head: `sensor` and `value` columns make it long, else every sensor has its own.
fn cells(head: &[String], rows: impl Iterator<Item = Vec<String>>) -> Vec<Seen> {
    let place = |name: &str| head.iter().position(|column| column == name);
    let (time, machine) = (place("time").expect("time"), place("machine").expect("machine"));
    let number = |text: &str| text.parse::<f64>().ok().and_then(bits);
    let mut seen = Vec::new();
    for row in rows {
        if let (Some(sensor), Some(value), Some(quality)) = (place("sensor"), place("value"), place("quality")) {
            let one = (row[machine].clone(), row[sensor].clone(), nanos(&row[time]), number(&row[value]));
            seen.push((one.0, one.1, one.2, one.3, row[quality].clone()));
            continue;
        }
        for (at, name) in head.iter().enumerate() {
            let Some(quality) = place(&format!("quality.{name}")) else { continue };
            if !row[quality].is_empty() {
                let one = (row[machine].clone(), name.clone(), nanos(&row[time]), number(&row[at]));
                seen.push((one.0, one.1, one.2, one.3, row[quality].clone()));
            }
        }
    }
    seen
}

/// JSON lines, long or wide.
pub fn jsonl(text: &str) -> Vec<Seen> {
    let word = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut seen = Vec::new();
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        let (machine, time) = (word(&row["machine"]), nanos(&word(&row["time"])));
        let number = |value: &serde_json::Value| value.as_f64().and_then(bits);
        if row.get("sensor").is_some() {
            seen.push((machine, word(&row["sensor"]), time, number(&row["value"]), word(&row["quality"])));
            continue;
        }
        for (name, value) in row.as_object().expect("an object") {
            let quality = word(row.get(format!("quality.{name}")).unwrap_or(&serde_json::Value::Null));
            if !quality.is_empty() {
                seen.push((machine.clone(), name.clone(), time, number(value), quality));
            }
        }
    }
    seen
}

/// Line protocol with names that need no escapes, long (a tag `sensor`, a field `value`) or wide.
pub fn influx(text: &str) -> Vec<Seen> {
    let mut seen = Vec::new();
    for line in text.lines() {
        let (head, rest) = line.split_once(' ').expect("a space before the fields");
        let (fields, time) = rest.rsplit_once(' ').expect("a space before the time");
        let pairs = |text: &str| -> BTreeMap<String, String> {
            text.split(',').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
        };
        let (tags, fields) = (pairs(head), pairs(fields));
        let time: i64 = time.parse().expect("nanoseconds");
        let quality = |name: &str| fields.get(name).map_or("good".to_owned(), |word| word.trim_matches('"').to_owned());
        let number = |name: &str| fields.get(name).and_then(|text| text.parse::<f64>().ok()).and_then(bits);
        if let Some(sensor) = tags.get("sensor") {
            seen.push((tags["machine"].clone(), sensor.clone(), time, number("value"), quality("quality")));
            continue;
        }
        let mut sensors: Vec<&str> = fields.keys().map(|name| name.trim_end_matches("_quality")).collect();
        sensors.retain(|name| *name != "fault");
        sensors.dedup();
        for name in sensors {
            let quality = quality(&format!("{name}_quality"));
            seen.push((tags["machine"].clone(), name.to_owned(), time, number(name), quality));
        }
    }
    seen
}

/// Parquet through the arrow reader, every column as text.
pub fn parquet(path: &Path) -> Vec<Seen> {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::{
        DataType, Float32Type, Int32Type, TimeUnit, TimestampMicrosecondType, TimestampNanosecondType,
    };
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let reader =
        ::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).expect("a Parquet file");
    let head: Vec<String> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for batch in reader.build().expect("a reader") {
        let batch = batch.expect("a batch");
        let columns = batch.columns().iter().map(|column| -> Vec<String> {
            let text = |row: usize| -> String {
                if column.is_null(row) {
                    return String::new();
                }
                match column.data_type() {
                    DataType::Timestamp(TimeUnit::Microsecond, _) => {
                        twinwright_model::Time(column.as_primitive::<TimestampMicrosecondType>().value(row) * 1_000)
                            .to_string()
                    }
                    DataType::Timestamp(_, _) => {
                        twinwright_model::Time(column.as_primitive::<TimestampNanosecondType>().value(row)).to_string()
                    }
                    DataType::Float32 => column.as_primitive::<Float32Type>().value(row).to_string(),
                    DataType::Dictionary(_, _) => {
                        let words = column.as_dictionary::<Int32Type>();
                        let code = words.keys().value(row) as usize;
                        words.values().as_string::<i32>().value(code).to_owned()
                    }
                    _ => String::new(),
                }
            };
            (0..batch.num_rows()).map(text).collect()
        });
        let columns: Vec<Vec<String>> = columns.collect();
        rows.extend(
            (0..batch.num_rows()).map(|row| columns.iter().map(|column| column[row].clone()).collect::<Vec<_>>()),
        );
    }
    cells(&head, rows.into_iter())
}
