//! Words that somebody chose to do harm with, through every command that takes them: they are stored as they are, found as
//! they are, and nothing else happens.

use super::Base;
use serde_json::{Value, json};
use twinwright_tests::{Scratch, said, shown, twinwright};

/// Each has something that a language or a tool might take for its own.
const WORDS: [&str; 6] = [
    "'; DROP TABLE equipment; --",
    "\"); DELETE FROM runs; --",
    "100 % of _ and \\ and \\' $1 ?1 {} {0}",
    "\u{202e}txet tfel-ot-thgir\u{202c} \u{1f600}",
    "two\nlines\tand a tab",
    "' OR '1'='1",
];

fn all_words() -> String {
    format!("{} {}", WORDS.join(" "), "x".repeat(10_000))
}

/// A text as TOML and JSON both write it.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text")
}

/// A machine and a scenario with such words wherever a file takes words.
fn folder() -> Scratch {
    let scratch = Scratch::new();
    let [drop_table, delete, odd, backwards, _, or] = WORDS.map(quoted);
    scratch.write(
        "fan.toml",
        format!(
            "schema = \"machine/1\"\nkind = \"fan\"\ntitle = {drop_table}\n\
             [identity]\nmanufacturer = {drop_table}\nmodel = {odd}\nserial = {backwards}\n\
             [drivers]\nload = {{ mean = 0.8, swing = 0.1, period = \"2 h\", unit = {or} }}\n\
             [wear.belt]\nlaw = \"linear\"\nlife = \"5 h\"\nrepair = {{ takes = \"1 h\" }}\n\
             [sensors.temp]\nvalue = \"20 + 50*load*belt\"\nunit = {delete}\nlimits = {{ high = 30, deadband = 1 }}\n"
        ),
    );
    scratch.write(
        "plant.toml",
        format!(
            "schema = \"scenario/1\"\ntitle = {}\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"12 h\"\n\
             tick = \"1 min\"\n[[machine]]\nid = \"F-{{1..2}}\"\nkind = \"fan\"\n",
            quoted(&all_words())
        ),
    );
    scratch
}

/// How many tables there are, and rows in those that words speak of.
fn counts(base: &Base) -> String {
    let tables = match base {
        Base::Postgres(_) => "(SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition)",
        Base::Sqlite(_) => "(SELECT count(*) FROM sqlite_schema WHERE type = 'table')",
    };
    base.ask(&format!(
        "SELECT {tables}, (SELECT count(*) FROM equipment), (SELECT count(*) FROM sensors), (SELECT count(*) FROM runs), \
         (SELECT count(*) FROM alerts), (SELECT count(*) FROM alert_transitions)"
    ))
}

/// A row of texts as a list.
fn texts(base: &Base, columns: &str, from: &str) -> Value {
    let list = if matches!(base, Base::Postgres(_)) { "json_build_array" } else { "json_array" };
    serde_json::from_str(&base.ask(&format!("SELECT {list}({columns}) FROM {from}"))).expect("a list")
}

#[test]
fn words_of_files_are_stored_as_they_are() {
    let scratch = folder();
    let document = std::fs::read_to_string(scratch.join("plant.toml")).unwrap();
    for base in Base::both(&scratch) {
        let output =
            twinwright(scratch.path(), &["run", "plant.toml", "--quiet", "--readings", "--store", &base.url()]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(texts(&base, "title, document", "runs"), json!([all_words(), document]));
        assert_eq!(
            texts(&base, "manufacturer, model, serial_number", "equipment WHERE name = 'F-1'"),
            json!([WORDS[0], WORDS[2], WORDS[3]])
        );
        assert_eq!(
            texts(&base, "s.unit", "sensors s JOIN equipment e ON e.id = s.equipment_id WHERE e.name = 'F-2'"),
            json!([WORDS[1]])
        );
        let before = counts(&base);
        assert!(!before.ends_with("|0"), "the run had no alerts: {before}");
        // The commands tell them as they are, and in what they write nothing gets out of its place.
        let url = base.url();
        for command in [
            vec!["history", "runs", "--format", "json", "--store", &url],
            vec!["history", "machine", "--format", "json", "--store", &url],
            vec!["history", "alerts", "--format", "json", "--store", &url],
            vec!["report", "plant-1", "--quiet", "--format", "html,md,json,csv", "--store", &url],
            vec!["store", "status", "--format", "json", "--store", &url],
            vec!["store", "verify", "--format", "json", "--store", &url],
        ] {
            let output = twinwright(scratch.path(), &command);
            assert_eq!(output.status.code(), Some(0), "{command:?}: {}", said(&output));
            if command[0] != "report" {
                serde_json::from_str::<Value>(&shown(&output)).unwrap_or_else(|error| panic!("{command:?}: {error}"));
            }
        }
        assert_eq!(counts(&base), before);
    }
}

#[test]
fn words_on_the_command_line_are_looked_for_as_they_are() {
    let scratch = folder();
    for base in Base::both(&scratch) {
        let url = base.url();
        let output = twinwright(scratch.path(), &["run", "plant.toml", "--quiet", "--store", &url]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let before = counts(&base);
        for word in WORDS.map(str::to_owned).into_iter().chain([all_words()]) {
            let sensor = format!("{word}.temp");
            let keep = format!("{word}=30d");
            for command in [
                vec!["history", "machine", word.as_str()],
                vec!["history", "machine", "--run", &word],
                vec!["history", "machine", "F-1", "--at", &word],
                vec!["history", "sensor", &sensor],
                vec!["history", "sensor", "F-1.temp", "--run", &word],
                vec!["history", "alerts", "--machine", &word],
                vec!["report", &word],
                vec!["report", "daily", "--run", &word],
                vec!["store", "prune", "--keep", &keep],
            ] {
                let output = twinwright(scratch.path(), &[command.as_slice(), &["--store", &url]].concat());
                // Wrong input: never what the database says to broken SQL.
                assert_eq!(output.status.code(), Some(2), "{command:?}: {}{}", shown(&output), said(&output));
            }
            let rule = twinwright(scratch.path(), &["history", "alerts", "--rule", &word, "--store", &url]);
            assert!(matches!(rule.status.code(), Some(0 | 2)), "{word}: {}", said(&rule));
            let by = ["store", "prune", "--user", &word, "--store", &url];
            let output = twinwright(scratch.path(), &by);
            assert_eq!(output.status.code(), Some(0), "{word}: {}", said(&output));
        }
        let who = texts(&base, "who", "audit_log ORDER BY id LIMIT 1");
        assert!(
            WORDS.iter().any(|word| who[0] == **word) || who[0].as_str().is_some_and(|who| !who.is_empty()),
            "{who}"
        );
        assert_eq!(counts(&base), before);
    }
}

/// A name that a topic, a file or a table is made of later: only letters, digits, `-` and `_`.
#[test]
fn names_of_machines_and_sensors_cannot_be_such_words() {
    let scratch = folder();
    let files = ["plant.toml", "fan.toml"].map(|name| std::fs::read_to_string(scratch.join(name)).unwrap());
    for word in WORDS {
        for (name, text, change) in [
            ("plant.toml", &files[0], ("\"F-{1..2}\"", quoted(word))),
            ("fan.toml", &files[1], ("[sensors.temp]", format!("[sensors.{}]", quoted(word)))),
        ] {
            scratch.write(name, text.replace(change.0, &change.1));
            let output = twinwright(scratch.path(), &["run", "plant.toml", "--quiet", "--store", "sqlite:none.db"]);
            assert_eq!(output.status.code(), Some(2), "{word}: {}", said(&output));
            scratch.write(name, text);
        }
    }
    assert!(!scratch.join("none.db").exists());
}

/// PostgreSQL cannot keep one in a text: what is only told gets the sign for an unknown letter, in both.
#[test]
fn a_zero_byte_in_a_title_is_no_reason_to_lose_a_run() {
    let scratch = folder();
    let text = std::fs::read_to_string(scratch.join("plant.toml")).unwrap();
    let title = quoted(&all_words());
    scratch.write("plant.toml", text.replace(&title, "\"a\\u0000b\""));
    for base in Base::both(&scratch) {
        let output = twinwright(scratch.path(), &["run", "plant.toml", "--quiet", "--store", &base.url()]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(texts(&base, "title", "runs"), json!(["a\u{fffd}b"]));
    }
}

#[test]
fn a_file_and_a_folder_may_be_called_so() {
    let scratch = folder();
    let name = "it's \"odd\" & $HOME; -- DROP TABLE runs";
    std::fs::rename(scratch.join("plant.toml"), scratch.join(format!("{name}.toml"))).unwrap();
    let url = format!("sqlite:{name}.db");
    let output =
        twinwright(scratch.path(), &["run", &format!("{name}.toml"), "--quiet", "--readings", "--store", &url]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let base = Base::Sqlite(scratch.join(format!("{name}.db")));
    assert_eq!(texts(&base, "name, scenario", "runs"), json!([format!("{name}-1"), name]));
    let output = twinwright(scratch.path(), &["report", &format!("{name}-1"), "--quiet", "--store", &url]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let to = format!("file:{}", scratch.join(format!("{name} archive")).display());
    let archive = ["store", "archive", "--before", "2027-01-01T00:00:00Z", "--to", &to, "--store", &url];
    let output = twinwright(scratch.path(), &archive);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let sensor = ["history", "sensor", "F-1.temp", "--last", "3", "--format", "csv", "--store", &url];
    let output = twinwright(scratch.path(), &sensor);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}
