//! The program as a person meets it: exit codes, what goes to which stream, and what lies on the disk afterwards.

mod schemas;

use serde_json::Value as Json;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use twinwright_tests::{Scratch, program, said, shown, twinwright};

const FAN: &str = "schema = \"machine/1\"\nkind = \"fan\"\n[drivers]\nload = 0.8\n\
                   [wear.belt]\nlaw = \"linear\"\nlife = \"20 h\"\nrepair = { takes = \"2 h\" }\n\
                   [sensors.temp]\nvalue = \"20 + 5*load*running + 9*belt\"\nnoise = { sd = 0.1 }\n";

const SCENARIO: &str = "schema = \"scenario/1\"\ntitle = \"t\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"2 d\"\n\
                        tick = \"1 min\"\n[[machine]]\nid = \"F-{1..2}\"\nkind = \"fan\"\n";

/// A folder with a machine that works and a scenario with something added.
fn folder(more: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("fan.toml", FAN);
    scratch.write("plant.toml", format!("{SCENARIO}{more}"));
    scratch
}

/// Every file below a folder, with its path from there.
fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there").flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        match path.is_dir() {
            true => found.extend(files_below(&path).into_iter().map(|inner| format!("{name}/{inner}"))),
            false => found.push(name),
        }
    }
    found.sort();
    found
}

#[test]
fn a_run_that_holds_what_it_promises_exits_with_0_and_one_that_does_not_with_1() {
    let scratch = folder("[[expect]]\nthat = \"failures > 0\"\n");
    let output = twinwright(scratch.path(), &["run", "plant.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let scratch = folder("[[expect]]\nthat = \"failures < 1\"\n");
    let output = twinwright(scratch.path(), &["run", "plant.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("failures < 1"), "it says which expectation: {}", said(&output));
    assert!(scratch.join("out/plant/summary.json").is_file(), "and what was found is written all the same");
}

#[test]
fn what_is_asked_wrongly_exits_with_2() {
    let scratch = folder("");
    scratch.write("wrong.toml", SCENARIO.replace("fan", "fann"));
    let asked: [&[&str]; 12] = [
        &[],
        &["rnu", "plant.toml"],
        &["run"],
        &["run", "nowhere.toml"],
        &["check", "nowhere.toml"],
        &["check", "."],
        &["run", "wrong.toml"],
        &["run", "fan.toml"],
        &["run", "plant.toml", "--format", "xlsx"],
        &["run", "plant.toml", "--until", "soon"],
        &["run", "plant.toml", "--sample", "7 s", "--readings"],
        &["schema", "plant"],
    ];
    for arguments in asked {
        let output = twinwright(scratch.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        assert!(!said(&output).is_empty() && !said(&output).contains("panicked"), "{arguments:?}: {}", said(&output));
        assert!(!scratch.join("out").exists(), "{arguments:?} leaves nothing");
    }
}

#[test]
fn a_fault_in_a_file_opens_with_its_place() {
    let scratch = folder("[[at]]\ntime = \"+1 d\"\nmachine = \"F-9\"\nset = { load = 1 }\n");
    for command in ["check", "run"] {
        let output = twinwright(scratch.path(), &[command, "plant.toml"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(said(&output).starts_with("plant.toml:11:11: there is no machine `F-9`"), "{}", said(&output));
    }
}

#[test]
fn an_output_that_cannot_be_written_exits_with_3() {
    let scratch = folder("");
    scratch.write("taken", "a file stands where the folder should");
    let output = twinwright(scratch.path(), &["run", "plant.toml", "--out", "taken/deep"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    assert!(said(&output).contains("taken"), "it names the place: {}", said(&output));
}

#[test]
fn check_as_json_is_for_programs() {
    let scratch = folder("[[at]]\ntime = \"+1 d\"\nmachine = \"F-9\"\nset = { load = 1 }\n");
    let output = twinwright(scratch.path(), &["check", "--json", "fan.toml", "plant.toml", "nowhere.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let report: Json = serde_json::from_str(&shown(&output)).expect("it is JSON");
    assert_eq!(report["fine"], 1);
    assert_eq!(report["unread"].as_array().map(Vec::len), Some(1));
    let fault = &report["faults"][0];
    assert_eq!((&fault["code"], &fault["nearest"]), (&Json::from("unknown-machine"), &Json::from("F-1")));
    let place = &fault["place"];
    assert_eq!(place["file"], "plant.toml");
    assert_eq!(
        (place["line"].as_u64(), place["column"].as_u64(), place["length"].as_u64()),
        (Some(11), Some(11), Some(5))
    );
}

#[test]
fn what_init_writes_is_fine_and_runs() {
    let scratch = Scratch::new();
    let output = twinwright(scratch.path(), &["init", "my-fan"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = twinwright(scratch.path(), &["check", "my-fan.toml", "my-fan-scenario.toml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let output = twinwright(scratch.path(), &["run", "my-fan-scenario.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let again = twinwright(scratch.path(), &["init", "my-fan"]);
    assert_eq!(again.status.code(), Some(2), "what is there is not written over: {}", said(&again));
    assert_eq!(twinwright(scratch.path(), &["init", "My Fan"]).status.code(), Some(2));
}

#[test]
fn a_folder_of_another_origin_is_refused_and_one_that_a_run_made_is_replaced() {
    let scratch = folder("");
    std::fs::create_dir(scratch.join("mine")).expect("a folder can be made");
    scratch.write("mine/thesis.txt", "ten years of work");
    let output = twinwright(scratch.path(), &["run", "plant.toml", "--out", "mine"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert_eq!(files_below(&scratch.join("mine")), ["thesis.txt"], "nothing was touched");

    let first = twinwright(scratch.path(), &["run", "plant.toml", "--out", "made", "--readings", "--quiet"]);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    assert!(scratch.join("made/readings/fan.csv").is_file());
    let second = twinwright(scratch.path(), &["run", "plant.toml", "--out", "made", "--quiet"]);
    assert_eq!(second.status.code(), Some(0), "{}", said(&second));
    assert!(!scratch.join("made/readings/fan.csv").exists(), "the readings of the first run are gone");
    assert!(scratch.join("made/summary.json").is_file());
}

#[test]
fn no_unfinished_file_remains() {
    let scratch = folder("");
    let all = ["run", "plant.toml", "--readings", "--truth", "--format", "csv,jsonl,parquet,influx", "--quiet"];
    let output = twinwright(scratch.path(), &all);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let files = files_below(&scratch.join("out/plant"));
    assert!(files.len() > 8 && files.iter().all(|file| !file.ends_with(".part")), "{files:?}");
}

#[test]
fn an_interrupted_run_keeps_what_is_complete_and_says_so() {
    let scratch = folder("");
    // A decade of seconds: long enough to be interrupted on any computer.
    scratch.write("plant.toml", SCENARIO.replace("2 d", "3650 d").replace("1 min", "1 s"));
    let arguments = ["run", "plant.toml", "--readings", "--sample", "1 h"];
    let running = Command::new(program())
        .args(arguments)
        .current_dir(scratch.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(Duration::from_millis(1500));
    let sent = Command::new("kill").args(["-INT", &running.id().to_string()]).status().expect("kill is there");
    assert!(sent.success(), "it was still running");
    let output = running.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("interrupted: what is written is complete up to 2"), "{}", said(&output));
    let out = scratch.join("out/plant");
    let summary = std::fs::read_to_string(out.join("summary.json")).expect("the summary is written");
    let summary: Json = serde_json::from_str(&summary).expect("it is JSON");
    let ticks = summary["ticks"].as_u64().expect("it counts ticks");
    assert!(ticks > 0 && ticks < 315_360_000, "{ticks} ticks");
    let readings = std::fs::read_to_string(out.join("readings/fan.csv")).expect("the readings are written");
    assert!(readings.ends_with('\n'), "the last row is whole");
    assert_eq!(readings.lines().count() as u64, 1 + 2 * (ticks / 3600 + 1), "and all rows are there");
    assert!(files_below(&out).iter().all(|file| !file.ends_with(".part")));
}

#[test]
fn a_quiet_run_prints_nothing() {
    let scratch = folder("");
    let output = twinwright(scratch.path(), &["run", "plant.toml", "--quiet"]);
    assert_eq!((shown(&output), said(&output)), (String::new(), String::new()));
}

#[test]
fn the_digest_is_the_last_line() {
    let scratch = folder("");
    let digest = |arguments: &[&str]| {
        let output = twinwright(scratch.path(), arguments);
        let last = shown(&output).lines().last().unwrap_or_default().to_owned();
        assert!(last.len() == 32 && last.bytes().all(|b| b.is_ascii_hexdigit()), "`{last}`");
        assert!(shown(&output).ends_with('\n'));
        last
    };
    let plain = digest(&["run", "plant.toml", "--digest"]);
    assert_eq!(
        plain,
        digest(&["run", "plant.toml", "--digest", "--quiet", "--threads", "1"]),
        "threads change nothing"
    );
    assert_ne!(plain, digest(&["run", "plant.toml", "--digest", "--quiet", "--seed", "2"]), "another seed does");
}

#[test]
fn a_reader_that_goes_away_is_no_trouble() {
    let scratch = folder("");
    let pipe = format!("'{0}' run plant.toml | head -1; '{0}' schema machine | head -1", program().display());
    let output = Command::new("sh").args(["-c", &pipe]).current_dir(scratch.path()).output().expect("a shell starts");
    assert_eq!(shown(&output).lines().count(), 2, "{}", shown(&output));
    assert!(!said(&output).contains("panicked") && !said(&output).contains("Broken pipe"), "{}", said(&output));
}
