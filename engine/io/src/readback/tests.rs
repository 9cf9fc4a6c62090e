//! What can stand in a table and how it is read; what cannot be read and how that is said.

use super::{Cell, Header, Next, Row, RowSource, TableForm};
use std::io::Write;
use std::path::{Path, PathBuf};

struct Scratch(PathBuf);

impl Scratch {
    fn with(name: &str, bytes: &[u8]) -> Scratch {
        let folder = std::env::temp_dir().join(format!("twinwright-readback-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}

/// Every row as one text, broken ones with their place.
fn rows(path: &Path) -> Vec<String> {
    rows_of(RowSource::open(path).unwrap())
}

fn rows_of(mut source: RowSource) -> Vec<String> {
    let (mut row, mut all) = (Row::new(), Vec::new());
    loop {
        match source.next(&mut row).unwrap() {
            Next::End => return all,
            Next::Broken(line, why) => all.push(format!("{line}! {why}")),
            Next::Row(line) => {
                let cells = (0..source.columns().len()).map(|column| match row.cell(column) {
                    Cell::Nothing => "-".to_owned(),
                    Cell::Text(text) => format!("'{text}'"),
                    Cell::Whole(number) => number.to_string(),
                    Cell::Single(number) => format!("{number:?}f"),
                    Cell::Double(number) => format!("{number:?}"),
                    Cell::Instant(nanos) => format!("@{nanos}"),
                    Cell::Other => "?".to_owned(),
                });
                all.push(format!("{line}: {}", cells.collect::<Vec<_>>().join(" ")));
            }
        }
    }
}

#[test]
fn csv_is_read_with_quotes_line_ends_and_any_of_three_marks() {
    let file = Scratch::with("a.csv", b"\xef\xbb\xbfa,\"b,c\"\r\n1,\"x \"\"y\"\", z\"\r\n\n,\n\"\",2");
    assert_eq!(RowSource::open(&file.0).unwrap().columns(), ["a", "b,c"]);
    assert_eq!(rows(&file.0), ["2: '1' 'x \"y\", z'", "4: - -", "5: '' '2'"]);
    assert_eq!(rows(&Scratch::with("b.csv", b"a;b\n1,5;2\n").0), ["2: '1,5' '2'"]);
    assert_eq!(rows(&Scratch::with("c.tsv", b"a\tb\n1\t2\n").0), ["2: '1' '2'"]);
}

#[test]
fn a_broken_line_is_told_with_its_place_and_the_next_one_is_read() {
    let mut text = b"a,b\n1\n1,2,3\n\"1,2\n\"1\"x,2\n\xff,2\n".to_vec();
    text.extend(vec![b'9'; super::textlines::LONGEST + 5]);
    text.extend(b"\n7,8\n");
    let found = rows(&Scratch::with("d.csv", &text).0);
    assert_eq!(
        found,
        [
            "2! 1 cells; expected 2, as in the header",
            "3! 3 cells; expected 2, as in the header",
            "4! column 1: a quote is opened and never closed",
            "5! column 4: text goes on after a closing quote",
            "6! column 1 is no UTF-8 text",
            "7! the line is longer than 1048576 bytes",
            "8: '7' '8'",
        ]
    );
}

#[test]
fn json_lines_bring_their_columns_as_they_come() {
    let text =
        "{\"a\":1,\"b\":\"x\\ny\"}\n\n[1]\n{\"b\":2.5,\"c\":null,\"d\":{\"e\":[1,{}]},\"a\":-7}\n{\"a\":\n{}\nnull\n";
    let file = Scratch::with("e.jsonl", text.as_bytes());
    let found = rows(&file.0);
    assert_eq!(found[0], "1: 1 'x\ny'");
    assert!(found[1].starts_with("3! column") && found[1].contains("expected an object"), "{}", found[1]);
    assert_eq!(found[2], "4: -7 2.5 - ?");
    assert!(found[3].starts_with("5! column 5: EOF"), "{}", found[3]);
    assert_eq!(found[4], "6: - - - -");
    assert!(found[5].starts_with("7! "), "{}", found[5]);
}

#[test]
fn packed_texts_are_unpacked_and_broken_packs_are_an_error() {
    let text = b"a,b\n1,2\n3,4\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    let gzip = gzip.finish().unwrap();
    assert_eq!(rows(&Scratch::with("f.csv.gz", &gzip).0), ["2: '1' '2'", "3: '3' '4'"]);
    let packed = zstd::encode_all(&text[..], 1).unwrap();
    assert_eq!(rows(&Scratch::with("g.csv.zst", &packed).0), ["2: '1' '2'", "3: '3' '4'"]);
    let half = Scratch::with("h.csv.gz", &gzip[..gzip.len() / 2]);
    let mut row = Row::new();
    let whole = RowSource::open(&half.0).and_then(|mut rows| {
        while rows.next(&mut row)? != Next::End {}
        Ok(())
    });
    assert!(whole.is_err_and(|error| error.is_input()));
}

#[test]
fn what_is_no_table_is_refused_in_one_sentence() {
    let message = |path: &Path| RowSource::open(path).unwrap_err().to_string();
    assert!(message(Path::new("x.txt")).contains("expected a name that ends in"));
    assert!(message(Path::new("nowhere.csv")).ends_with("nowhere.csv: there is no such file"));
    assert!(message(&Scratch::with("i.csv", b"").0).contains(":1:1: the file is empty"));
    assert!(message(&Scratch::with("j.parquet", b"no parquet").0).contains("no whole Parquet file"));
    assert_eq!(TableForm::of(Path::new("x/readings.CSV.gz")), Some(TableForm::Csv));
    assert_eq!(TableForm::of(Path::new("readings.parquet.gz")), None);
}

#[test]
fn a_stream_is_told_by_its_first_bytes() {
    let text = b"a;b\r\n1;2";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    let stream = |bytes: &[u8]| RowSource::of_stream("stdin", std::io::Cursor::new(bytes.to_vec()), Header::IfAny);
    for bytes in [text.to_vec(), gzip.finish().unwrap(), zstd::encode_all(&text[..], 1).unwrap()] {
        let source = stream(&bytes).unwrap();
        assert_eq!((source.form(), source.columns()), (TableForm::Csv, &["a".to_owned(), "b".to_owned()][..]));
        assert_eq!(rows_of(source), ["2: '1' '2'"]);
    }
    assert_eq!(rows_of(stream(b"\xef\xbb\xbf {\"a\":1}\n").unwrap()), ["1: 1"]);
    assert!(stream(b"").unwrap_err().to_string().contains("stdin:1:1: the file is empty"));
    assert!(stream(b"PAR1....").unwrap_err().to_string().contains("Parquet as a file"));
    assert!(stream(&[0x1f, 0x8b, 9, 9, 9]).is_err_and(|error| error.is_input()));
}

#[test]
fn a_first_line_of_numbers_is_a_row_where_that_may_be() {
    let file = |text: &str| Scratch::with("k.csv", text.as_bytes());
    let found = |text: &str| {
        let source = RowSource::open_with(&file(text).0, Header::IfAny).unwrap();
        (source.columns().join(" "), rows_of(source).join(", "))
    };
    let pair = |names: &str, rows: &str| (names.to_owned(), rows.to_owned());
    assert_eq!(found("1,2.5e3,-4\n5,6,7\n"), pair("c1 c2 c3", "1: '1' '2.5e3' '-4', 2: '5' '6' '7'"));
    assert_eq!(found("2026-01-01 00:00:00;1,5;2,5\n"), pair("c1 c2 c3", "1: '2026-01-01 00:00:00' '1,5' '2,5'"));
    assert_eq!(found("1,,nan\n"), pair("c1 c2 c3", "1: '1' - 'nan'"));
    assert_eq!(found("time,a\n1,2\n"), pair("time a", "2: '1' '2'"));
    assert_eq!(found("E,T\n1,2\n"), pair("E T", "2: '1' '2'"));
}
