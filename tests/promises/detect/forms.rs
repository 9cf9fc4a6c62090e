//! One table in many forms has one answer.

use super::{Rows, TRAIN, detect, read, scores, summary, with};
use std::io::Write;
use std::process::{Command, Stdio};
use twinwright_tests::{Scratch, program, said, shown};

#[test]
fn a_shift_is_found_where_it_lies_and_its_sensors_are_named() {
    let folder = with("a.csv", Rows::of(5, 1_000).csv(","));
    let lines = scores(folder.path(), "a.csv", &TRAIN);
    assert_eq!(lines.len(), 600, "every row that was not learnt from is judged");
    assert!(lines[0].starts_with("2026-03-01 00:06:40,"), "{}", lines[0]);
    let odd: Vec<usize> =
        (400..).zip(&lines).filter(|(_, line)| line.split(',').nth(2) == Some("1")).map(|(row, _)| row).collect();
    assert!(odd.iter().filter(|row| (700..800).contains(*row)).count() > 90, "{odd:?}");
    assert!(odd.iter().filter(|row| **row < 700).count() < 12, "{odd:?}");
    let line = lines[350].clone();
    assert!(line.contains("s0") && line.contains("s1"), "{line}");
    let summary = summary(folder.path());
    assert_eq!(summary["rows"], 600);
    let worst = &summary["worst"][0];
    assert!(worst["start"].as_str().is_some_and(|start| start.starts_with("2026-03-01 00:11:4")), "{worst}");
    let sensors: Vec<&str> =
        worst["sensors"].as_array().into_iter().flatten().filter_map(|pair| pair[0].as_str()).collect();
    assert!(sensors[..2].contains(&"s0") && sensors[..2].contains(&"s1"), "{sensors:?}");
    assert!(read(folder.path(), "findings.csv").starts_with("start,end,rows,open,peak,score,sensors\n"));
}

#[test]
fn the_form_of_a_table_changes_no_score() {
    let rows = Rows::of(3, 800);
    let folder = Scratch::new();
    let comma = rows.csv(",");
    folder.write("a.csv", &comma);
    folder.write("b.csv", rows.csv(";").replace('\n', "\r\n"));
    folder.write("c.tsv", format!("\u{feff}{}", rows.csv("\t").trim_end()));
    folder.write("f.csv", rows.csv(",").replace("time,", "when,").replace("2026-03-01 ", "2026-03-01T"));
    let (mut objects, mut long) = (String::new(), String::from("timestamp,sensor,value\n"));
    for (time, values) in &rows.rows {
        let members: Vec<String> =
            rows.names.iter().zip(values).map(|(name, value)| format!("\"{name}\":{value}")).collect();
        objects.push_str(&format!("{{\"time\":\"{time}\",{}}}\n", members.join(",")));
        for (name, value) in rows.names.iter().zip(values) {
            long.push_str(&format!("{time},{name},{value}\n"));
        }
    }
    folder.write("d.jsonl", &objects);
    folder.write("e.csv", long);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(comma.as_bytes()).expect("memory takes it");
    folder.write("g.csv.gz", gzip.finish().expect("memory takes it"));
    let wanted = scores(folder.path(), "a.csv", &TRAIN);
    for table in ["b.csv", "c.tsv", "d.jsonl", "e.csv", "g.csv.gz"] {
        assert!(scores(folder.path(), table, &TRAIN) == wanted, "{table}");
    }
    let other_times = scores(folder.path(), "f.csv", &TRAIN);
    let without_time = |lines: &[String]| {
        lines.iter().map(|line| line.split_once(',').map(|(_, rest)| rest.to_owned())).collect::<Vec<_>>()
    };
    assert!(without_time(&other_times) == without_time(&wanted));
    for (text, note) in [(&comma, "csv"), (&objects, "jsonl")] {
        assert!(piped(&folder, text, &TRAIN) == wanted, "{note} on stdin");
    }
}

fn piped(folder: &Scratch, text: &str, more: &[&str]) -> Vec<String> {
    let mut child = Command::new(program())
        .args(["detect", "-", "--out", "out"])
        .args(more)
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it has a stdin").write_all(text.as_bytes()).expect("it reads all of it");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(shown(&output).contains("rows"), "{}", shown(&output));
    read(folder.path(), "scores.csv").lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn what_generate_writes_is_judged_the_same_from_csv_jsonl_and_parquet_wide_and_long() {
    let folder = Scratch::new();
    let all = |shape: &'static str| {
        let files = ["csv", "jsonl", "parquet"].map(|ending| format!("file:{shape}.{ending}"));
        let mut arguments =
            vec!["generate", "centrifugal-pump", "--machines", "2", "--for", "10 min", "--shape", shape, "--quiet"];
        files.iter().for_each(|file| arguments.extend(["--to", file]));
        let output = twinwright_tests::twinwright(folder.path(), &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    };
    all("wide");
    all("long");
    let wanted = scores(folder.path(), "wide.csv", &["--train", "first 5 min"]);
    assert_eq!(wanted.len(), 301, "a row an instant, both machines side by side");
    for table in ["wide.jsonl", "wide.parquet", "long.csv", "long.jsonl", "long.parquet"] {
        assert!(scores(folder.path(), table, &["--train", "first 300 rows"]) == wanted, "{table}");
    }
    let columns = summary(folder.path())["columns"].clone();
    let columns: Vec<&str> = columns.as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
    assert!(columns.len() >= 6 && columns.iter().all(|name| name.contains('.')), "{columns:?}");
}

#[test]
fn a_prefix_of_the_rows_has_a_prefix_of_the_scores() {
    let rows = Rows::of(4, 900).csv(",");
    let folder = with("all.csv", &rows);
    let cut: Vec<&str> = rows.lines().take(1 + 760).collect();
    folder.write("part.csv", cut.join("\n"));
    for more in [&TRAIN[..], &[]] {
        let all = scores(folder.path(), "all.csv", more);
        let part = scores(folder.path(), "part.csv", more);
        assert!(all[..part.len()] == part[..], "{more:?}");
    }
}

#[test]
fn a_table_without_times_or_names_is_judged_by_row_numbers() {
    let rows = Rows::of(3, 600);
    let bare: String = rows
        .csv(",")
        .lines()
        .skip(1)
        .map(|line| line.split_once(',').map_or("", |(_, rest)| rest).to_owned() + "\n")
        .collect();
    let folder = with("bare.csv", bare);
    let lines = scores(folder.path(), "bare.csv", &TRAIN);
    assert!(lines.len() == 200 && lines[0].starts_with("401,"), "{}", lines[0]);
    assert_eq!(summary(folder.path())["columns"], serde_json::json!(["c1", "c2", "c3"]));
    let output = detect(folder.path(), "bare.csv", &["--train", "first 2 h"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("no times"), "{}", said(&output));
}

#[test]
fn only_the_columns_that_are_asked_for_are_judged() {
    let folder = with("a.csv", Rows::of(4, 600).csv(","));
    let columns = |more: &[&str]| {
        scores(folder.path(), "a.csv", &[&TRAIN[..], more].concat());
        summary(folder.path())["columns"].clone()
    };
    assert_eq!(columns(&["--columns", "s1,s3"]), serde_json::json!(["s1", "s3"]));
    assert_eq!(columns(&["--ignore", "s0", "--ignore", "s3"]), serde_json::json!(["s1", "s2"]));
    let output = detect(folder.path(), "a.csv", &["--columns", "s1,s33"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("there is no column `s33`") && said(&output).contains("did you mean `s3`"),
        "{}",
        said(&output)
    );
}

#[test]
fn a_finding_is_a_no_for_whoever_asks() {
    let folder = with("a.csv", Rows::of(3, 1_000).csv(","));
    for (more, code) in [(&[][..], 0), (&["--fail-on-finding"][..], 1), (&["--fail-on-finding", "--quiet"][..], 1)] {
        let output = detect(folder.path(), "a.csv", &[&TRAIN[..], more].concat());
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert_eq!(shown(&output).is_empty(), more.contains(&"--quiet"));
        assert!(shown(&output).lines().count() <= 1, "{}", shown(&output));
    }
}
