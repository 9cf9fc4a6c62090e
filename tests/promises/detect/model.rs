//! What was learnt, kept and used again; a file that is not what it was is refused.

use super::{Rows, TRAIN, detect, read, scores, summary, with};
use twinwright_tests::{said, shown};

#[test]
fn a_kept_baseline_judges_as_if_it_had_just_been_learnt() {
    let rows = Rows::of(4, 1_000).csv(",");
    let folder = with("all.csv", &rows);
    let lines: Vec<&str> = rows.lines().collect();
    folder.write("normal.csv", lines[..401].join("\n"));
    folder.write("rest.csv", [&lines[..1], &lines[401..]].concat().join("\n"));
    let wanted = scores(folder.path(), "all.csv", &[&TRAIN[..], &["--save", "m.json"]].concat());
    assert!(scores(folder.path(), "rest.csv", &["--model", "m.json"]) == wanted);
    assert_eq!(summary(folder.path())["learnt"]["rows"], 400);
    assert_eq!(summary(folder.path())["learnt"]["from"], "2026-03-01 00:00:00");
    assert!(scores(folder.path(), "rest.csv", &["--baseline", "normal.csv", "--save", "n.json"]) == wanted);
    let (one, two) = (folder.join("m.json"), folder.join("n.json"));
    let text = |path| std::fs::read_to_string(path).expect("it was kept");
    let without_source = |text: String| {
        text.lines().filter(|line| !line.contains("source") && !line.contains("digest")).collect::<Vec<_>>().join("\n")
    };
    assert!(without_source(text(one)) == without_source(text(two)));
}

#[test]
fn columns_are_matched_by_name_in_any_order_and_what_differs_is_said() {
    let rows = Rows::of(3, 900);
    let folder = with("all.csv", rows.csv(","));
    let wanted = scores(folder.path(), "all.csv", &[&TRAIN[..], &["--save", "m.json"]].concat());
    let turned: String = rows
        .csv(",")
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let extra = if cells[0] == "time" { "extra" } else { "9" };
            format!("{},{extra},{},{},{}\n", cells[3], cells[1], cells[0], cells[2])
        })
        .collect();
    folder.write("turned.csv", turned);
    let found = scores(folder.path(), "turned.csv", &["--model", "m.json"]);
    assert!(found[400..] == wanted[..] || found.len() == 900);
    let notes = summary(folder.path())["notes"].to_string();
    assert!(notes.contains("not among what was learnt: extra"), "{notes}");
    folder.write("fewer.csv", rows.csv(",").replace("s1", "t1"));
    let output = detect(folder.path(), "fewer.csv", &["--model", "m.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("learnt but not in this table, so taken as not read: s1"), "{}", said(&output));
    folder.write("none.csv", "time,x,y\n1,2,3\n2,3,4\n");
    let output = detect(folder.path(), "none.csv", &["--model", "m.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("none of the learnt columns; found x, y; expected s0, s1, s2"), "{}", said(&output));
}

#[test]
fn a_changed_a_foreign_and_a_newer_model_are_refused() {
    let folder = with("a.csv", Rows::of(3, 600).csv(","));
    scores(folder.path(), "a.csv", &[&TRAIN[..], &["--save", "m.json"]].concat());
    let text = std::fs::read_to_string(folder.join("m.json")).expect("it was kept");
    let changed = text.replacen("\"rows\": 400", "\"rows\": 401", 1);
    assert_ne!(changed, text);
    for (name, bytes, expected) in [
        ("changed", changed.into_bytes(), "its digest does not match"),
        ("half", text.as_bytes()[..text.len() / 2].to_vec(), "expected a file that `twinwright detect --save` wrote"),
        ("newer", text.replace("baseline/1", "baseline/2").into_bytes(), "`baseline/2` is of another version"),
        ("foreign", b"{\"a\": 1}".to_vec(), "it holds no baseline"),
        ("list", b"[1, 2]".to_vec(), "it holds no baseline"),
        ("empty", Vec::new(), "model.json:1:0"),
        ("rubbish", vec![0xff, 0, 0x80, 7], "model.json:1:"),
        ("deep", "[".repeat(100_000).into_bytes(), "recursion limit"),
    ] {
        folder.write("model.json", bytes);
        let output = detect(folder.path(), "a.csv", &["--model", "model.json"]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", said(&output));
        assert!(said(&output).contains(expected), "{name}: {}", said(&output));
    }
    let output = detect(folder.path(), "a.csv", &["--model", "nowhere.json"]);
    assert!(output.status.code() == Some(2) && said(&output).contains("there is no such file"), "{}", said(&output));
    assert_eq!(read(folder.path(), "scores.csv").lines().count(), 201, "what an earlier run wrote stays");
}

#[test]
fn wishes_that_contradict_each_other_are_refused_before_anything_is_read() {
    let folder = with("a.csv", Rows::of(2, 500).csv(","));
    for (more, expected) in [
        (&["--save", "m.json"][..], "--save: nothing is learnt beforehand"),
        (&["--calibrate", "next 5 rows"][..], "--calibrate"),
        (&["--baseline", "a.csv", "--calibrate", "next 5 rows"][..], "--calibrate"),
        (&["--train", "first 2 rows", "--baseline", "a.csv"][..], "cannot be used with"),
        (&["--train", "some rows"][..], "expected such as `first 400 rows`"),
        (&["--train", "first 501 rows"][..], "it has 500 rows; --train asks for 501 rows"),
        (&["--train", "until 2020-01-01"][..], "no rows to learn from"),
        (&["--config", "nowhere.toml"][..], "nowhere.toml"),
    ] {
        let output = detect(folder.path(), "a.csv", more);
        assert_eq!(output.status.code(), Some(2), "{more:?}: {}", said(&output));
        assert!(said(&output).contains(expected), "{more:?}: {}", said(&output));
        assert!(!folder.join("out").exists(), "{more:?}");
    }
    folder.write("out", "somebody's file");
    let output = detect(folder.path(), "a.csv", &TRAIN);
    assert_ne!(output.status.code(), Some(0), "{}", shown(&output));
    std::fs::remove_file(folder.join("out")).expect("it is ours");
    std::fs::create_dir(folder.join("out")).expect("a folder");
    folder.write("out/notes.txt", "somebody's");
    let output = detect(folder.path(), "a.csv", &TRAIN);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(folder.join("out/notes.txt").exists());
}

#[test]
fn limits_can_be_set_on_rows_of_their_own() {
    let rows = Rows::of(3, 900).csv(",");
    let folder = with("a.csv", &rows);
    let lines: Vec<&str> = rows.lines().collect();
    folder.write("normal.csv", lines[..301].join("\n"));
    folder.write("more.csv", [&lines[..1], &lines[301..401]].concat().join("\n"));
    folder.write("rest.csv", [&lines[..1], &lines[401..]].concat().join("\n"));
    let within = scores(folder.path(), "a.csv", &["--train", "first 300 rows", "--calibrate", "next 100 rows"]);
    assert_eq!(summary(folder.path())["learnt"]["calibrated"], 100);
    assert_eq!(within.len(), 500);
    assert!(scores(folder.path(), "rest.csv", &["--baseline", "normal.csv", "--calibrate", "more.csv"]) == within);
}
