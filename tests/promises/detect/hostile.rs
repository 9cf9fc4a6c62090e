//! Tables that nobody would wish for: a clear answer, never a panic, bounded memory.

use super::{Rows, TRAIN, detect, read, scores, summary, with};
use std::io::Write;
use std::process::Command;
use twinwright_tests::{program, said, shown};

/// A normal table, with some of its lines changed.
fn spoilt(change: impl Fn(usize, &str) -> String) -> Vec<u8> {
    let text = Rows::of(3, 900).csv(",");
    text.lines().enumerate().map(|(line, text)| change(line, text) + "\n").collect::<String>().into_bytes()
}

fn one(line: usize, with: &str) -> Vec<u8> {
    spoilt(|at, text| if at == line { with.to_owned() } else { text.to_owned() })
}

/// Table, rows that are judged beyond the 400 that are learnt from, and what is said on the way.
#[test]
fn what_cannot_be_used_is_counted_with_its_place_and_the_rest_is_judged() {
    let columns = |name: &str, cell: fn(usize) -> String| {
        let head = name.to_owned();
        spoilt(move |at, text| format!("{text},{}", if at == 0 { head.clone() } else { cell(at) }))
    };
    for (name, bytes, judged, expected) in [
        ("constant", columns("flat", |_| "5".to_owned()), 500, "always the same while learning: flat"),
        ("empty column", columns("void", |_| String::new()), 500, "never read while learning: void"),
        ("words", columns("state", |_| "running".to_owned()), 500, "left out, no numbers: state"),
        (
            "commas",
            columns("load", |at| format!("\"{at},5\"")),
            500,
            "numbers with a decimal comma (expected a point): load",
        ),
        ("now and then a word", one(500, "2026-03-01 00:08:19,ERR,10,20"), 500, "1 cell that hold no number"),
        (
            "infinity",
            one(500, "2026-03-01 00:08:19,inf,-inf,20"),
            500,
            "2 infinite cells were taken as not read; the first: line 501, s0",
        ),
        ("too large", one(500, "2026-03-01 00:08:19,1e400,1e308,-1e308"), 500, "1 infinite cell"),
        ("too few cells", one(500, "2026-03-01 00:08:19,1"), 499, "line 501: 2 cells; expected 4"),
        ("no time", one(500, "yesterday,1,2,3"), 499, "1 row whose time cannot be read"),
        (
            "back in time",
            one(500, "2026-03-01 00:00:00,0,10,20"),
            500,
            "1 row with a time before that of the row above",
        ),
        ("twice", one(500, "2026-03-01 00:08:18,0,10,20"), 500, "1 rows repeat the time"),
        ("a line break in quotes", one(500, "2026-03-01 00:08:19,\"1\n2\",3,4"), 499, "2 lines that cannot be read"),
        (
            "a long cell",
            one(500, &format!("2026-03-01 00:08:19,{},1,2", "7".repeat(2 << 20))),
            499,
            "the line is longer than",
        ),
        (
            "a long word",
            one(500, &format!("2026-03-01 00:08:19,{},1,2", "x".repeat(1_000_000))),
            500,
            "taken as not read",
        ),
        (
            "no text",
            spoilt(|_, text| text.to_owned()).into_iter().chain([0xff, 0xfe, b'\n']).collect(),
            500,
            "is no UTF-8 text",
        ),
    ] {
        let folder = with("a.csv", &bytes);
        let output = detect(folder.path(), "a.csv", &TRAIN);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", said(&output));
        assert!(said(&output).contains(expected), "{name}: {}", said(&output));
        assert!(said(&output).len() < 2_000, "{name}: {} bytes are said", said(&output).len());
        assert_eq!(read(folder.path(), "scores.csv").lines().count(), judged + 1, "{name}");
        finite(&read(folder.path(), "scores.csv"), name);
    }
}

fn finite(scores: &str, name: &str) {
    for line in scores.lines().skip(1) {
        let score: f64 = line.split(',').nth(1).and_then(|score| score.parse().ok()).unwrap_or(f64::NAN);
        assert!(score.is_finite() && score >= 0.0, "{name}: {line}");
    }
}

#[test]
fn what_is_no_table_is_refused_with_its_reason() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(Rows::of(3, 900).csv(",").as_bytes()).expect("memory takes it");
    let gzip = gzip.finish().expect("memory takes it");
    let rubbish: Vec<u8> = (0..40_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for (table, bytes, expected) in [
        ("a.csv", Vec::new(), "a.csv:1:1: the file is empty"),
        ("a.csv", b"time,a,b\n".to_vec(), "it has no row that can be read"),
        (
            "a.csv",
            b"time,state\n2026-01-01,on\n".to_vec(),
            "it has no column of numbers to judge; left out, no numbers: state",
        ),
        ("a.csv", b"time;a\n2026-01-01;1,5\n".to_vec(), "decimal comma"),
        ("a.csv", rubbish.clone(), "a.csv"),
        ("a.jsonl", rubbish.clone(), "a.jsonl"),
        ("a.parquet", rubbish, "no whole Parquet file"),
        ("a.csv.gz", gzip[..gzip.len() / 2].to_vec(), "it is broken"),
        ("a.csv.zst", b"no zstd".to_vec(), "a.csv.zst"),
        ("a.txt", b"a,b\n1,2\n".to_vec(), "expected a name that ends in .csv, .jsonl or .parquet"),
        ("a.jsonl", b"[1,2]\n{\n".to_vec(), "it has no row that can be read"),
    ] {
        let folder = with(table, &bytes);
        let output = detect(folder.path(), table, &[]);
        assert_eq!(output.status.code(), Some(2), "{table}: {}{}", said(&output), shown(&output));
        assert!(said(&output).contains(expected), "{table}: {}", said(&output));
        assert!(!folder.join("out").exists(), "{table}: a folder is left behind");
    }
    let folder = with("a.csv", Rows::of(2, 20).csv(","));
    for (more, expected) in [
        (["--time", "tme"], "there is no column `tme`; expected one of time, s0, s1; did you mean `time`?"),
        (["--ignore", "label"], "there is no column `label`"),
        (["--machine", "P-1"], "there is no machine `P-1`"),
    ] {
        let output = detect(folder.path(), "a.csv", &more);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(expected), "{}", said(&output));
    }
    let output = detect(folder.path(), "nowhere.csv", &[]);
    assert!(output.status.code() == Some(2) && said(&output).contains("nowhere.csv: there is no such file"));
}

#[test]
fn two_rows_are_judged_and_it_is_said_how_little_that_means() {
    let folder = with("a.csv", "time,a\n2026-01-01,1\n2026-01-02,2\n");
    let output = detect(folder.path(), "a.csv", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("too few to learn from"), "{}", said(&output));
    assert!(shown(&output).starts_with("nothing found in 2 rows"), "{}", shown(&output));
}

#[test]
fn nothing_moves_where_every_column_is_constant_or_empty() {
    for row in ["1,2", ",", "nan,NA", "0,-0"] {
        let table: String = (0..500).map(|_| format!("{row}\n")).collect();
        let folder = with("a.csv", format!("a,b\n{table}"));
        for more in [&TRAIN[..], &[]] {
            let output = detect(folder.path(), "a.csv", more);
            assert!(matches!(output.status.code(), Some(0 | 2)), "{row}: {}", said(&output));
            assert!(!said(&output).contains("panicked"), "{row}: {}", said(&output));
            if output.status.code() == Some(0) {
                finite(&read(folder.path(), "scores.csv"), row);
                assert_eq!(summary(folder.path())["findings"], 0, "{row}");
            }
        }
    }
}

#[test]
fn ten_thousand_columns_are_judged() {
    let rows = Rows::of(10_000, 120);
    let folder = with("a.csv", rows.csv(","));
    let lines = scores(folder.path(), "a.csv", &["--train", "first 100 rows"]);
    assert_eq!(lines.len(), 20);
    finite(&read(folder.path(), "scores.csv"), "many columns");
}

/// Resident memory does not follow the length of a table; a bigger form is for whoever has the time.
#[test]
fn memory_does_not_grow_with_the_rows() {
    let full = std::env::var_os("TWINWRIGHT_FULL").is_some();
    let (few, many) = if full { (200_000, 20_000_000) } else { (20_000, 400_000) };
    let peak = |rows: u64| {
        let folder = with("feed.sh", "");
        let feed = format!(
            "seq 1 {rows} | awk 'BEGIN{{print \"time,a,b,c\"}} {{print $1 \",\" $1%7 \",\" $1%11 \",\" $1%13}}'"
        );
        let command = format!(
            "{feed} | /usr/bin/env time -f %M -o peak \"$TW\" detect - --train 'first 1000 rows' --out out --quiet"
        );
        let has_time = Command::new("/usr/bin/env")
            .args(["time", "-f", "%M", "true"])
            .output()
            .is_ok_and(|run| run.status.success());
        if !has_time {
            return None;
        }
        let output = Command::new("sh")
            .args(["-c", &command])
            .env("TW", program())
            .current_dir(folder.path())
            .output()
            .expect("a shell");
        assert!(output.status.success(), "{}", said(&output));
        let lines = read(folder.path(), "scores.csv").lines().count() as u64;
        assert_eq!(lines, rows - 1_000 + 1);
        std::fs::read_to_string(folder.join("peak")).ok()?.trim().parse::<u64>().ok()
    };
    let (Some(small), Some(large)) = (peak(few), peak(many)) else { return };
    assert!(large < small + 24_000, "{small} kB for {few} rows, {large} kB for {many}");
}
