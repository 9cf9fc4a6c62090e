//! Streams: one truth on every wire that is a file, at any pace, on any number of threads; and what comms faults do to it.

mod asked;
mod endings;
mod restarts;

use std::path::Path;
use twinwright_tests::decode::{self, Seen};
use twinwright_tests::{Scratch, said, shown, twinwright};

pub(crate) const FAN: &str = "schema = \"machine/1\"\nkind = \"fan\"\n[drivers]\nload = { mean = 0.8, swing = 0.3, period = \"1 h\" }\n\
    [wear.belt]\nlaw = \"linear\"\nlife = \"20 h\"\nrepair = { takes = \"2 h\" }\n\
    [sensors.temp]\nvalue = \"20 + 5*load*running + 9*belt\"\nnoise = { sd = 0.1 }\nrange = [0, 25.2]\nunit = \"degC\"\n\
    [sensors.hum]\nvalue = \"50 + load\"\nnoise = { sd = 1 }\nevery = \"250 ms\"\nresolution = 0.01\n";

pub(crate) const VALVE: &str = "schema = \"machine/1\"\nkind = \"valve\"\n[drivers]\nlift = 0.5\n\
    [sensors.temp]\nvalue = \"300 * lift\"\nnoise = { sd = 0.01 }\n[sensors.flow]\nvalue = \"lift\"\nnoise = { sd = 0.001 }\nevery = \"3 s\"\n";

/// Two kinds, sensors at their own rates, readings that are missing, not a number, out of range, and stuck.
pub(crate) const PLANT: &str = "schema = \"scenario/1\"\ntitle = \"two kinds\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"10 min\"\n\
    tick = \"1 s\"\n[[machine]]\nid = \"F-{1..3}\"\nkind = \"fan\"\n[[machine]]\nid = \"V-{1..2}\"\nkind = \"valve\"\n\
    [[fault.dropout]]\nmachine = \"F-1\"\nsensor = \"temp\"\nstart = \"+1 min\"\nlasts = \"30 s\"\n\
    [[fault.nan]]\nmachine = \"F-2\"\nsensor = \"hum\"\nstart = \"+2 min\"\nlasts = \"20 s\"\n\
    [[fault.stuck]]\nmachine = \"V-1\"\nsensor = \"flow\"\nstart = \"+3 min\"\nlasts = \"1 min\"\n";

pub(crate) fn plant(more: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("fan.toml", FAN);
    scratch.write("valve.toml", VALVE);
    scratch.write("plant.toml", format!("{PLANT}{more}"));
    scratch
}

/// Runs `generate` and expects it to work.
pub(crate) fn generate(folder: &Path, arguments: &[&str]) -> String {
    let all: Vec<&str> = ["generate"].iter().chain(arguments).copied().collect();
    let output = twinwright(folder, &all);
    assert_eq!(output.status.code(), Some(0), "{all:?}: {}", said(&output));
    shown(&output)
}

/// All pieces of a rotated file, in order.
fn pieces(folder: &Path, stem: &str) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").flatten();
    let mut found: Vec<_> = entries
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(stem)))
        .collect();
    found.sort();
    found
}

fn all_of(files: &[std::path::PathBuf]) -> Vec<Seen> {
    let mut seen: Vec<Seen> = files.iter().flat_map(|path| decode::file(path)).collect();
    seen.sort();
    seen
}

#[test]
fn every_format_shape_and_packing_says_the_same_readings() {
    let scratch = plant("");
    let to = [
        "file:a.csv",
        "file:b.jsonl",
        "file:c.parquet",
        "file:d.lp",
        "file:e.csv.gz",
        "file:f.jsonl.zst",
        "file:w.csv?shape=wide",
        "file:x.jsonl?shape=wide",
        "file:y.parquet?shape=wide",
        "file:z.lp.gz?shape=wide",
        "file:g.out?format=csv&compress=zstd",
    ];
    let mut arguments = vec!["plant.toml"];
    to.iter().for_each(|url| arguments.extend(["--to", url]));
    arguments.extend(["--out", "out", "--readings", "--shape", "long"]);
    let page = generate(scratch.path(), &arguments);
    assert!(page.contains("file:a.csv"), "{page}");
    let first = decode::file(&scratch.join("a.csv"));
    // 3 fans: temp each second, hum four times; 2 valves: temp each second, flow every third; 30 readings dropped out.
    assert_eq!(first.len(), 3 * (601 + 4 * 601 - 3) + 2 * (601 + 201) - 30);
    assert_eq!(first.iter().filter(|seen| seen.3.is_none()).count(), 80, "20 s of NaN, four a second");
    assert!(first.iter().any(|seen| seen.4 == "uncertain") && first.iter().any(|seen| seen.4 == "bad"));
    for name in ["b.jsonl", "c.parquet", "d.lp", "e.csv.gz", "f.jsonl.zst"] {
        assert!(first == decode::file(&scratch.join(name)), "{name} differs");
    }
    for stem in ["w-", "x-", "y-", "z-"] {
        let files = pieces(scratch.path(), stem);
        assert_eq!(files.len(), 2, "a file for each kind: {files:?}");
        assert!(first == all_of(&files), "{stem} differs");
    }
    let mut packed = decode::csv(
        &String::from_utf8(zstd::decode_all(&*std::fs::read(scratch.join("g.out")).unwrap()).unwrap()).unwrap(),
    );
    packed.sort();
    assert!(first == packed, "g.out differs");
    // What was recorded has a row for each reading that dropped out, with no value; the streams have none.
    let mut recorded = decode::file(&scratch.join("out/readings.csv"));
    recorded.retain(|seen| !(seen.0 == "F-1" && seen.1 == "temp" && seen.3.is_none()));
    assert!(first == recorded, "the recorded readings differ");
}

#[test]
fn threads_and_pace_change_no_byte() {
    let scratch = plant("");
    generate(scratch.path(), &["plant.toml", "--to", "file:one.csv", "--threads", "1"]);
    generate(scratch.path(), &["plant.toml", "--to", "file:two.csv", "--threads", "3"]);
    let start = ["--start", "2026-01-01T00:00:00Z"];
    let paced = [&["plant.toml", "--to", "file:paced.csv", "--pace", "2000x"][..], &start].concat();
    generate(scratch.path(), &paced);
    generate(scratch.path(), &["plant.toml", "--to", "file:rate.csv", "--limit", "50000/s"]);
    let bytes = |name: &str| std::fs::read(scratch.join(name)).expect("the file is there");
    let one = bytes("one.csv");
    for name in ["two.csv", "paced.csv", "rate.csv"] {
        assert!(one == bytes(name), "{name} differs");
    }
    let real = [&["plant.toml", "--for", "2 s", "--pace", "real", "--to", "file:real.csv"][..], &start].concat();
    generate(scratch.path(), &real);
    generate(scratch.path(), &["plant.toml", "--for", "2 s", "--to", "file:max.csv"]);
    assert!(bytes("real.csv") == bytes("max.csv"), "at the clock's pace it differs");
}

#[test]
fn a_clocks_pace_takes_its_time_and_starts_now() {
    let scratch = plant("");
    let begun = std::time::Instant::now();
    generate(
        scratch.path(),
        &["fan", "--kinds", ".", "--machines", "2", "--for", "1 s", "--pace", "real", "--to", "file:now.csv"],
    );
    assert!(begun.elapsed().as_secs_f64() >= 1.0, "a second takes a second");
    let first = decode::file(&scratch.join("now.csv")).iter().map(|seen| seen.2).min().expect("readings");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_nanos() as i64;
    assert!((now - first).abs() < 600_000_000_000, "it starts about now");
    let begun = std::time::Instant::now();
    generate(
        scratch.path(),
        &["fan", "--kinds", ".", "--machines", "1", "--limit", "100/s", "--limit", "100", "--to", "file:slow.csv"],
    );
    assert!(begun.elapsed().as_secs_f64() >= 0.9, "100 readings at 100 a second");
}

#[test]
fn a_limit_is_kept_to_the_reading_in_every_shape() {
    let scratch = plant("");
    for limit in [1_u64, 7, 1000, 5003] {
        let text = limit.to_string();
        generate(
            scratch.path(),
            &["plant.toml", "--limit", &text, "--to", "file:long.csv", "--to", "file:wide.jsonl?shape=wide"],
        );
        let long = decode::file(&scratch.join("long.csv"));
        assert_eq!(long.len() as u64, limit);
        assert!(long == all_of(&pieces(scratch.path(), "wide-")), "wide differs at {limit}");
    }
}

#[test]
fn a_file_is_rotated_by_size_and_by_the_readings_own_time() {
    let scratch = plant("");
    generate(
        scratch.path(),
        &[
            "plant.toml",
            "--to",
            "file:whole.csv",
            "--to",
            "file:size.csv?rotate=64KiB",
            "--to",
            "file:time.jsonl?rotate=4 min",
            "--to",
            "file:wide.csv?shape=wide&rotate=3 min",
        ],
    );
    let whole = decode::file(&scratch.join("whole.csv"));
    let by_size = pieces(scratch.path(), "size-");
    assert!(by_size.len() > 3 && all_of(&by_size) == whole);
    let (last, full) = by_size.split_last().expect("pieces");
    for path in full {
        let bytes = std::fs::metadata(path).expect("a piece").len();
        assert!((65_536..65_536 + 100_000).contains(&bytes), "{} has {bytes}", path.display());
    }
    assert!(last.metadata().expect("the last").len() < 65_536 + 100_000);
    let by_time = pieces(scratch.path(), "time-");
    assert_eq!((by_time.len(), all_of(&by_time) == whole), (3, true));
    for (number, path) in by_time.iter().enumerate() {
        let start = decode::nanos("2026-01-01T00:00:00Z") + number as i64 * 240_000_000_000;
        assert!(
            decode::file(path).iter().all(|seen| (start..start + 240_000_000_000).contains(&seen.2)),
            "{}",
            path.display()
        );
    }
    assert!(all_of(&pieces(scratch.path(), "wide-")) == whole);
}

#[test]
fn comms_faults_act_on_the_outlet_they_name_and_on_nothing_else() {
    let fault = "[[fault.gap]]\nmachine = \"F-1\"\nrate = 0.5\nstart = \"+1 min\"\nlasts = \"5 min\"\noutlet = \"file.plant\"\n\
                 [[fault.duplicate]]\nmachine = \"V-{1..2}\"\nrate = 0.3\nstart = \"+0 s\"\noutlet = \"file.plant\"\n\
                 [outlet.file.plant]\nurl = \"file:hit.csv\"\nseq = true\n";
    let scratch = plant(fault);
    let page = generate(
        scratch.path(),
        &[
            "plant.toml",
            "--to",
            "file:clean.csv",
            "--to",
            "file:clean.jsonl?shape=wide",
            "--out",
            "out",
            "--readings",
            "--truth",
        ],
    );
    let clean = decode::file(&scratch.join("clean.csv"));
    assert!(clean == all_of(&pieces(scratch.path(), "clean-")), "the other outlets are clean");
    let hit = decode::file(&scratch.join("hit.csv"));
    let mut distinct = hit.clone();
    distinct.dedup();
    assert!(distinct.iter().all(|seen| clean.binary_search(seen).is_ok()), "nothing is invented");
    let (lost, doubled) = (clean.len() - distinct.len(), hit.len() - distinct.len());
    assert!(lost > 400 && doubled > 200, "{lost} lost, {doubled} doubled");
    let row = page.lines().find(|line| line.starts_with("file.plant")).expect("a row for it");
    let figures: Vec<u64> = row["file.plant".len()..]
        .replace("  ", "|")
        .split('|')
        .filter(|text| !text.trim().is_empty())
        .map(|text| text.replace(' ', "").parse().expect("a number"))
        .collect();
    assert_eq!(
        figures,
        [clean.len() as u64, hit.len() as u64, hit.len() as u64, 0, 0, lost as u64, doubled as u64],
        "{page}"
    );
    let labels = std::fs::read_to_string(scratch.join("out/truth/labels.csv")).expect("labels");
    assert!(
        labels.contains("gap,comms,gap,F-1") && labels.contains("2026-01-01T00:01:00.000Z,2026-01-01T00:06:00.000Z"),
        "{labels}"
    );
}

#[test]
fn a_wide_file_behind_a_comms_fault_carries_the_same_readings_as_a_long_one() {
    let scratch = plant(
        "[[fault.late]]\nmachine = \"F-2\"\nby = \"7 s\"\nstart = \"+2 min\"\nlasts = \"2 min\"\n\
         [[fault.gap]]\nmachine = \"V-1\"\nrate = 0.2\nstart = \"+0 s\"\n[[fault.reorder]]\nmachine = \"F-1\"\nrate = 0.2\nstart = \"+0 s\"\n",
    );
    generate(
        scratch.path(),
        &[
            "plant.toml",
            "--to",
            "file:long.csv?seq=yes",
            "--to",
            "file:wide.csv?shape=wide",
            "--to",
            "file:wide.lp?shape=wide",
        ],
    );
    let long = decode::file(&scratch.join("long.csv"));
    let wide: Vec<_> = pieces(scratch.path(), "wide-").into_iter().collect();
    let of = |ending: &str| {
        wide.iter().filter(|path| path.extension().is_some_and(|e| e == ending)).cloned().collect::<Vec<_>>()
    };
    assert!(long == all_of(&of("csv")) && long == all_of(&of("lp")));
    // Sequence numbers tell what is missing and what came late, machine by machine.
    let text = std::fs::read_to_string(scratch.join("long.csv")).expect("the file");
    let seqs: Vec<u64> = text
        .lines()
        .filter(|line| line.contains(",V-1,"))
        .map(|line| line.rsplit(',').next().unwrap_or("").parse().expect("a number"))
        .collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]) && (seqs.len() as u64) < seqs[seqs.len() - 1], "gaps show");
}

#[test]
fn a_shorter_stream_leaves_no_pieces_of_a_longer_one_behind_its_own() {
    let scratch = plant("");
    generate(scratch.path(), &["plant.toml", "--to", "file:a.csv?rotate=32KiB"]);
    let before = pieces(scratch.path(), "a-").len();
    generate(
        scratch.path(),
        &["plant.toml", "--for", "1 min", "--seed", "9", "--to", "file:a.csv?rotate=32KiB", "--to", "file:b.csv"],
    );
    let after = pieces(scratch.path(), "a-");
    assert!(after.len() < before && all_of(&after) == decode::file(&scratch.join("b.csv")), "{after:?}");
}

#[test]
fn one_machine_more_changes_nobodys_readings() {
    let scratch = plant("");
    for count in ["9", "10"] {
        generate(
            scratch.path(),
            &["fan.toml", "--machines", count, "--for", "5 s", "--to", &format!("file:{count}.csv")],
        );
    }
    let (nine, ten) = (decode::file(&scratch.join("9.csv")), decode::file(&scratch.join("10.csv")));
    assert!(nine.iter().all(|seen| ten.binary_search(seen).is_ok()) && ten.len() > nine.len());
}
