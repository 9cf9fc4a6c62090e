//! What is learnt from recorded data, by the program as a person meets it: machine files from tables, remaining life
//! from lives, on streams that the engine made and whose truth is therefore known.

use std::collections::BTreeMap;
use twinwright_tests::{Scratch, said, shown, twinwright};

/// A machine whose drivers are measured without noise beside two sensors that follow them.
const DRIVEN: &str = "schema = \"machine/1\"\nkind = \"fan\"\n[drivers]\nair = { mean = 20, swing = 6, period = \"2 h\" }\n\
    load = { walk = { mean = 0.6, sd = 0.15, memory = \"5 min\" } }\n\
    [sensors.air_seen]\nvalue = \"air\"\n[sensors.load_seen]\nvalue = \"load\"\n\
    [sensors.temp]\nvalue = \"5 + air + 28*load\"\nlag = \"90 s\"\nnoise = { sd = 0.4, memory = \"20 s\" }\nresolution = 0.1\n\
    [sensors.flow]\nvalue = \"100 - 40*load\"\nnoise = { sd = 2.5 }\n";

/// One that wears to its end over and over, and shows it.
const WORN: &str = "schema = \"machine/1\"\nkind = \"fan\"\n[drivers]\nload = 0.8\n[wear.belt]\nlaw = \"gamma\"\n\
    life = \"60 h\"\nspread = 0.2\nrepair = { takes = \"2 h\" }\n\
    [sensors.temp]\nvalue = \"40 + 20*belt^2\"\nnoise = { sd = 0.8 }\n\
    [sensors.shake]\nvalue = \"1 + 3*belt\"\nnoise = { sd = 0.1 }\n[sensors.still]\nvalue = \"load\"\n";

fn plant(machine: &str, machines: u32, duration: &str, tick: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("fan.toml", machine);
    let scenario = format!(
        "schema = \"scenario/1\"\ntitle = \"t\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"{duration}\"\n\
         tick = \"{tick}\"\n[[machine]]\nid = \"F-{{1..{machines}}}\"\nkind = \"fan\"\n"
    );
    scratch.write("plant.toml", scenario);
    scratch
}

/// Runs the program, expects an exit code, and gives back stdout and stderr.
fn ask(scratch: &Scratch, arguments: &[&str], code: i32) -> (String, String) {
    let output = twinwright(scratch.path(), arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}{}", shown(&output), said(&output));
    (shown(&output), said(&output))
}

fn near(found: f64, wanted: f64, share: f64, what: &str) {
    assert!((found - wanted).abs() <= share * wanted.abs(), "{what}: {found}, expected {wanted} within {share}");
}

/// The number before `*name` in an expression, with its sign.
fn gain(expression: &str, name: &str) -> f64 {
    let words: Vec<&str> = expression.split(' ').collect();
    let at = words.iter().position(|word| word.ends_with(&format!("*{name}"))).expect("the driver has a gain");
    let size: f64 = words[at].split('*').next().and_then(|number| number.parse().ok()).expect("a gain is a number");
    if words[at - 1] == "-" { -size } else { size }
}

/// What a file says of a sensor, key by key; plain splits, so that no parser of ours stands between.
fn sensor(text: &str, name: &str) -> BTreeMap<String, String> {
    let block = text.split(&format!("[sensors.{name}]")).nth(1).and_then(|rest| rest.split("\n\n").next());
    let lines = block.expect("the sensor is there").lines().filter(|line| !line.trim_start().starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.trim().to_owned(), value.trim().trim_matches('"').to_owned())).collect()
}

/// The number after a word: `{ sd = 0.4, memory = "20 s" }`, `90 s`.
fn number(text: &str, word: &str) -> f64 {
    let rest =
        if word.is_empty() { text } else { text.split(&format!("{word} = ")).nth(1).expect("the word is there") };
    let digits = rest.trim_start_matches('"').split([' ', ',', '"']).next();
    digits.and_then(|digits| digits.parse().ok()).expect("a number")
}

#[test]
fn a_machine_file_is_found_again_in_the_stream_that_it_made() {
    let scratch = plant(DRIVEN, 1, "12 h", "2 s");
    ask(&scratch, &["run", "plant.toml", "--readings", "--out", "out", "--quiet"], 0);
    let drivers = ["--driver", "air_seen,load_seen"];
    let fit = ["fit", "out/readings/fan.csv", "--kind", "found", "--out", "found.toml"];
    let (page, _) = ask(&scratch, &[fit.as_slice(), &drivers].concat(), 0);
    assert!(page.contains("temp") && page.contains("wrote found.toml"), "{page}");
    ask(&scratch, &["check", "found.toml"], 0);
    let text = std::fs::read_to_string(scratch.join("found.toml")).expect("the file is written");
    let temp = sensor(&text, "temp");
    near(gain(&temp["value"], "air_seen"), 1.0, 0.05, "air");
    near(gain(&temp["value"], "load_seen"), 28.0, 0.05, "load");
    near(number(&temp["noise"], "sd"), 0.4, 0.05, "sd of noise that remembers ten rows");
    near(number(&temp["noise"], "memory"), 20.0, 0.15, "memory");
    near(number(&temp["lag"], ""), 90.0, 0.1, "lag");
    assert_eq!(temp["resolution"], "0.1");
    let flow = sensor(&text, "flow");
    near(gain(&flow["value"], "load_seen"), -40.0, 0.05, "flow");
    near(number(&flow["noise"], "sd"), 2.5, 0.03, "sd");
    assert!(!flow.contains_key("lag"), "{text}");
    assert!(text.contains("no gain on air_seen"), "it says what it cannot tell: {text}");
    // And it runs.
    scratch.write("fan.toml", text.replace("\"found\"", "\"fan\""));
    ask(&scratch, &["run", "plant.toml", "--out", "again", "--quiet"], 0);
}

#[test]
fn remaining_life_is_learnt_from_lives_that_the_engine_made() {
    let scratch = plant(WORN, 24, "30 d", "1 h");
    ask(&scratch, &["run", "plant.toml", "--labels", "cmapss", "--out", "out", "--quiet"], 0);
    let [train, test, truth] = ["train", "test", "RUL"].map(|part| format!("out/labels/cmapss/{part}_fan.txt"));
    let (page, _) = ask(&scratch, &["learn", "rul", &train, "--out", "fan.rul.json", "--cap", "40"], 0);
    assert!(page.contains("2 of 21 sensors move") && page.contains("RMSE"), "{page}");
    let apply = ["predict", "rul", "fan.rul.json", &test];
    let (table, page) = ask(&scratch, &[apply.as_slice(), &["--last", "--truth", &truth]].concat(), 0);
    assert!(table.starts_with("unit,rul,low,high\n"), "{table}");
    assert!(page.contains("at the last row of each: RMSE"), "{page}");
    let ends = std::fs::read_to_string(scratch.join(&truth)).expect("the truth is written");
    let truths: Vec<f64> = ends.lines().map(|line| line.trim().parse().expect("a number")).collect();
    let rows: Vec<Vec<f64>> = table.lines().skip(1).map(numbers).collect();
    assert_eq!(rows.len(), truths.len());
    // Whoever knows nothing and says half the cap is off by a quarter of it, in the mean of units within the cap.
    let within: Vec<(f64, f64)> =
        rows.iter().map(|row| row[1]).zip(truths).filter(|(_, truth)| *truth <= 40.0).collect();
    let off = within.iter().map(|(rul, truth)| (rul - truth).abs()).sum::<f64>() / within.len().max(1) as f64;
    assert!(off < 8.0, "{off} cycles off over {} units", within.len());
    assert!(rows.iter().all(|row| row[2] <= row[1] && row[1] <= row[3]), "low, rul, high are in order");
    a_prefix_says_the_same(&scratch, &test, &apply);
}

fn numbers(line: &str) -> Vec<f64> {
    line.split(',').map(|cell| cell.parse().expect("a number")).collect()
}

fn a_prefix_says_the_same(scratch: &Scratch, test: &str, apply: &[&str]) {
    let (whole, _) = ask(scratch, apply, 0);
    let text = std::fs::read_to_string(scratch.join(test)).expect("the rows are written");
    let part: String = text.lines().take(50).map(|line| format!("{line}\n")).collect();
    scratch.write("part.txt", part);
    let (said, _) = ask(scratch, &["predict", "rul", "fan.rul.json", "part.txt"], 0);
    assert_eq!(said.lines().count(), 51);
    assert!(whole.starts_with(&said), "later rows changed earlier answers");
}

#[test]
fn what_cannot_be_learnt_or_applied_is_an_answer_with_its_place() {
    let scratch = Scratch::new();
    let mut rows = "unit,cycle,setting_1,temp,name,rul\n".to_owned();
    for unit in ["A", "B", "C", "D"] {
        (1..=40).for_each(|n| rows.push_str(&format!("{unit},{n},0,{},x,{}\n", (n * n) % 97 + n, 40 - n)));
    }
    scratch.write("good.csv", &rows);
    let (page, _) = ask(&scratch, &["learn", "rul", "good.csv", "--out", "m.json"], 0);
    assert!(page.contains("rul (holds the answer)") && page.contains("name (no numbers)"), "{page}");
    assert!(page.contains("too few units for a band with a guarantee"), "{page}");
    let changed = std::fs::read_to_string(scratch.join("m.json")).expect("the model").replace("125.0", "126.0");
    scratch.write("changed.json", changed);
    scratch.write("twice.csv", rows.replace("B,7,", "B,6,"));
    scratch.write("one.csv", "unit,cycle,temp\nA,1,5\n");
    scratch.write("nounit.csv", "unit,cycle,temp\n,1,5\n");
    scratch.write("nocycle.csv", "unit,cycle,temp\nA,soon,5\n");
    scratch.write("other.csv", "unit,cycle,setting_1,tempp\nA,1,0,5\n");
    scratch.write("wide.txt", "1 2 3\n");
    scratch.write("noise.json", [0xff_u8, 0xfe, 0x00, 0x7b].as_slice());
    let learn = |file: &'static str| ["learn", "rul", file, "--out", "x.json"];
    let predict = |model: &'static str, file: &'static str| ["predict", "rul", model, file, "--quiet"];
    for (arguments, wanted) in [
        (learn("twice.csv"), "cycle 6 of unit `B` stands twice"),
        (learn("one.csv"), "there are 1 units; expected at least 3"),
        (learn("nounit.csv"), "row 1: there is no unit in `unit`"),
        (learn("nocycle.csv"), "row 1: `cycle` is no cycle"),
        (learn("wide.txt"), "wide.txt:1: 3 columns; expected unit, cycle"),
        (learn("absent.csv"), "there is no such file"),
        (predict("changed.json", "good.csv"), "its digest does not match"),
        (predict("noise.json", "good.csv"), "no model that `learn rul` wrote"),
        (
            predict("m.json", "other.csv"),
            "no column `temp`; its columns are unit, cycle, setting_1, tempp; did you mean",
        ),
    ] {
        let (_, said) = ask(&scratch, &arguments, 2);
        assert!(said.contains(wanted), "{arguments:?}: {said}");
    }
    assert!(!scratch.join("x.json").exists(), "nothing is written when nothing was learnt");
}
