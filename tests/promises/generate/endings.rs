//! How streams end: by a pipe that closes, by Ctrl-C, on a full disk, behind an outlet that cannot keep up.

use super::plant;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use twinwright_tests::{decode, program, said, shown, twinwright};

#[test]
fn nothing_but_the_stream_goes_to_stdout_and_a_reader_may_leave() {
    let scratch = plant("");
    let output =
        twinwright(scratch.path(), &["generate", "plant.toml", "--for", "5 s", "--to", "-", "--to", "file:a.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(shown(&output), decode::text_of(&scratch.join("a.csv")));
    assert!(said(&output).contains("acknowledged"), "the summary goes to stderr: {}", said(&output));
    let mut child = Command::new(program())
        .args(["generate", "centrifugal-pump", "--to", "-", "--quiet"])
        .current_dir(scratch.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert!(lines.next().is_some_and(|line| line.is_ok_and(|line| line.starts_with("time,"))));
    drop(lines);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "a reader that has enough is no trouble: {}", said(&output));
}

#[test]
fn an_interrupted_stream_leaves_whole_files_up_to_where_it_came() {
    let scratch = plant("");
    let mut child = Command::new(program())
        .args([
            "generate",
            "plant.toml",
            "--pace",
            "20x",
            "--for",
            "10 min",
            "--to",
            "file:a.csv",
            "--to",
            "file:b.parquet",
        ])
        .args(["--to", "file:-?format=csv"])
        .current_dir(scratch.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    for _ in 0..200 {
        assert!(lines.next().is_some_and(|line| line.is_ok()), "it streams");
    }
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.is_ok_and(|status| status.success()));
    let rest: Vec<String> = lines.map_while(Result::ok).collect();
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("interrupted"), "{}", said(&output));
    let (csv, parquet) = (decode::file(&scratch.join("a.csv")), decode::file(&scratch.join("b.parquet")));
    assert!(csv == parquet, "{} against {} readings", csv.len(), parquet.len());
    assert_eq!(csv.len(), 199 + rest.len());
    let names: Vec<_> =
        std::fs::read_dir(scratch.path()).expect("it is there").flatten().map(|entry| entry.file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{names:?}");
}

#[test]
fn a_disk_that_fills_up_ends_the_stream_with_3_and_no_file_that_looks_whole() {
    let scratch = plant("");
    let disk = scratch.join("disk");
    std::fs::create_dir(&disk).expect("a folder");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "none"]).arg(&disk).status();
    if !mounted.is_ok_and(|status| status.success()) {
        // Only root may mount; /dev/full, which every run of the tests meets, answers the same.
        return;
    }
    let output =
        twinwright(scratch.path(), &["generate", "plant.toml", "--to", "file:disk/a.csv", "--to", "file:b.csv"]);
    let left: Vec<_> =
        std::fs::read_dir(&disk).expect("it is there").flatten().map(|entry| entry.file_name()).collect();
    let _ = Command::new("umount").arg("-l").arg(&disk).status();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(
        said(&output).contains("No space left on device") && said(&output).contains("disk/a.csv"),
        "{}",
        said(&output)
    );
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_outlet_that_cannot_keep_up_drops_what_it_was_told_to_drop_and_says_how_much() {
    let scratch = plant("");
    let pipe = scratch.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()));
    let child = Command::new(program())
        .args(["generate", "plant.toml", "--for", "12 h", "--to", "file:pipe?format=csv&slow=drop-oldest&queue=2000"])
        .args(["--to", "file:a.parquet"])
        .current_dir(scratch.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut reader = std::fs::File::open(&pipe).expect("a reader of the pipe");
    // Nobody reads until the other outlet is through with all of it.
    let begun = std::time::Instant::now();
    while !scratch.join("a.parquet").exists() && begun.elapsed().as_secs() < 120 {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let mut text = String::new();
    reader.read_to_string(&mut text).expect("it reads to the end");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let all = decode::file(&scratch.join("a.parquet"));
    let seen = decode::csv(&text);
    let page = shown(&output);
    let row = page.lines().find(|line| line.starts_with("file:pipe")).expect("a row for it");
    let figures: Vec<usize> = row["file:pipe".len()..]
        .split("  ")
        .filter(|text| !text.trim().is_empty())
        .map(|text| text.replace(' ', "").parse().expect("a number"))
        .collect();
    assert_eq!(figures[..2], [all.len(), seen.len()], "{page}");
    assert_eq!(figures[4], all.len() - seen.len(), "{page}");
    assert!(figures[4] > 0, "something was dropped: {page}");
}

/// What was recorded beside a stream is what the stream carried.
fn nothing_is_missing(folder: &std::path::Path, received: &str) {
    let output = twinwright(folder, &["verify", received, "--against", "out"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

#[test]
fn a_stream_that_ends_early_is_recorded_up_to_where_it_came() {
    for limit in ["5", "1003", "4444"] {
        let scratch = plant("");
        super::generate(
            scratch.path(),
            &["plant.toml", "--limit", limit, "--to", "file:a.csv", "--out", "out", "--readings", "--truth"],
        );
        nothing_is_missing(scratch.path(), "a.csv");
    }
    for (signal, pace) in [("-INT", ["--pace", "20x"]), ("-TERM", ["--limit", "20000/s"])] {
        let scratch = plant("");
        let child = Command::new(program())
            .args(["generate", "plant.toml", "--to", "file:a.csv", "--out", "out", "--readings", "--for", "2 h"])
            .args(pace)
            .current_dir(scratch.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let part = scratch.join(format!("a.csv.{}.part", child.id()));
        while std::fs::metadata(&part).map_or(0, |file| file.len()) < 20_000 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().is_ok_and(|it| it.success()));
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{signal}: {}", said(&output));
        nothing_is_missing(scratch.path(), "a.csv");
    }
}

#[test]
fn when_one_outlet_fails_the_others_leave_nothing_that_looks_whole() {
    // Long enough that the failure comes in the middle: who has everything by then has a whole file.
    let scratch = plant("");
    let output = twinwright(
        scratch.path(),
        &["generate", "plant.toml", "--for", "20 d", "--to", "file:/dev/full?format=csv", "--to", "file:a.csv"],
    );
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(shown(&output).contains("file:a.csv"), "what each outlet got is shown all the same: {}", shown(&output));
    let names = std::fs::read_dir(scratch.path()).expect("it is there").flatten().map(|entry| entry.file_name());
    let names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(!names.contains(&"a.csv".to_owned()), "{names:?}");
    assert!(names.iter().any(|name| name.starts_with("a.csv.") && name.ends_with(".part")), "{names:?}");
}

#[test]
fn two_programs_that_write_one_file_do_not_mix_their_lines() {
    let scratch = plant("");
    let start = |seed: &str, pace: &str| {
        Command::new(program())
            .args([
                "generate",
                "plant.toml",
                "--for",
                "30 s",
                "--to",
                "file:a.csv",
                "--seed",
                seed,
                "--pace",
                pace,
                "--quiet",
            ])
            .current_dir(scratch.path())
            .spawn()
            .expect("it starts")
    };
    let mut both = [start("1", "30x"), start("2", "25x")];
    assert!(both.iter_mut().all(|child| child.wait().is_ok_and(|status| status.success())));
    super::generate(scratch.path(), &["plant.toml", "--for", "30 s", "--to", "file:two.csv", "--seed", "2"]);
    super::generate(scratch.path(), &["plant.toml", "--for", "30 s", "--to", "file:one.csv", "--seed", "1"]);
    let bytes = |name: &str| std::fs::read(scratch.join(name)).expect("the file is there");
    let one_of_them = bytes("a.csv");
    assert!(one_of_them == bytes("one.csv") || one_of_them == bytes("two.csv"), "whose lines are these?");
}
