//! What `generate` is asked, and what it answers when that cannot be: one clear line, the right exit code, nothing left behind.

use super::{generate, plant};
use twinwright_tests::{decode, said, twinwright};

#[test]
fn a_bare_kind_makes_a_plant_and_a_machine_file_is_a_kind() {
    let scratch = plant("");
    generate(scratch.path(), &["centrifugal-pump", "--machines", "12", "--for", "3 s", "--to", "file:pumps.csv"]);
    let seen = decode::file(&scratch.join("pumps.csv"));
    let machines: std::collections::BTreeSet<&str> = seen.iter().map(|seen| seen.0.as_str()).collect();
    assert_eq!(machines.len(), 12);
    assert!(machines.contains("centrifugal-pump-1") && machines.contains("centrifugal-pump-12"));
    assert_eq!(seen.iter().map(|seen| seen.2).min(), Some(decode::nanos("2026-01-01T00:00:00Z")));
    generate(
        scratch.path(),
        &[
            "fan.toml",
            "--machines",
            "1",
            "--for",
            "3 s",
            "--every",
            "500 ms",
            "--start",
            "2020-02-29T00:00:00Z",
            "--to",
            "file:fan.csv",
        ],
    );
    let fan = decode::file(&scratch.join("fan.csv"));
    assert!(fan.iter().all(|seen| seen.0 == "fan-1"));
    assert_eq!(fan.iter().filter(|seen| seen.1 == "temp").count(), 7);
    generate(scratch.path(), &["fan.toml", "--machines", "1", "--for", "3 s", "--seed", "2", "--to", "file:other.csv"]);
    assert!(std::fs::read(scratch.join("fan.csv")).ok() != std::fs::read(scratch.join("other.csv")).ok());
}

#[test]
fn what_cannot_be_is_one_clear_answer_and_leaves_nothing() {
    let scratch = plant("");
    let wrong: [(&[&str], i32, &str); 31] = [
        (
            &["plant.toml", "--to", "file:a.csv", "--limit", "5", "--limit", "6"],
            2,
            "one number of readings and one rate",
        ),
        (&["plant.toml", "--to", "file:a.csv", "--format", "jsonl"], 2, "--format is of the tables in a folder"),
        (&["plant.toml", "--to", "file:out/readings.csv", "--out", "out"], 2, "in the folder of --out"),
        (&["fan", "--kinds", "nowhere", "--to", "file:a.csv"], 2, "there is no such folder"),
        (&["fan.toml", "--for", "0 s", "--to", "file:a.csv"], 2, "--for: expected a time above 0"),
        (&["fan.toml", "--every", "1 min", "--for", "10 s", "--to", "file:a.csv"], 2, "shorter than one step"),
        (&["plant.toml", "--to", "-?format=parquet"], 2, "standard output takes"),
        (&["plant.toml"], 2, "where to?"),
        (&["plant.toml", "--readings", "--to", "file:a.csv"], 2, "expected --out DIR"),
        (&["plant.toml", "--to", "a.csv"], 2, "this is no address"),
        (&["plant.toml", "--to", "fil:a.csv"], 2, "did you mean `file:`?"),
        (&["plant.toml", "--to", "file:a"], 2, "which format?"),
        (&["plant.toml", "--to", "file:"], 2, "which format?"),
        (&["plant.toml", "--to", "file:a.csv?shap=wide"], 2, "did you mean `shape`?"),
        (&["plant.toml", "--to", "file:a.csv?rotate=soon"], 2, "expected a size such as `100 MB`"),
        (&["plant.toml", "--to", "file:a.parquet.gz"], 2, "packed inside already"),
        (&["plant.toml", "--to", "file:a.csv?shape=wide&seq=yes"], 2, "expected the long shape"),
        (&["plant.toml", "--to", "-", "--shape", "wide"], 2, "several headers"),
        (&["plant.toml", "--to", "file:-?format=parquet"], 2, "standard output takes"),
        (&["plant.toml", "--to", "file:a.csv", "--to", "file:./a.csv"], 2, "named twice"),
        (&["plant.toml", "--to", "file:a.csv", "--machines", "3"], 2, "--machines goes with a kind"),
        (&["plant.toml", "--to", "file:a.csv", "--pace", "fast"], 2, "expected max, real or a factor"),
        (&["plant.toml", "--to", "file:a.csv", "--limit", "lots"], 2, "expected a number of readings"),
        (&["plant.toml", "--to", "file:a.csv", "--start", "today"], 2, "expected an instant"),
        (&["plnt.toml", "--to", "file:a.csv"], 2, "no such file and no such kind"),
        (&["centrifugal-pmp", "--to", "file:a.csv"], 2, "did you mean: centrifugal-pump"),
        (&["plant.toml", "--to", "file:a.csv", "--metrics", "nowhere"], 2, "invalid"),
        (&["plant.toml", "--to", "file:/proc/a.csv"], 3, "cannot create /proc/a.csv"),
        (&["plant.toml", "--to", "file:fan.toml/a.csv"], 3, "fan.toml"),
        (&["plant.toml", "--to", "file:/dev/full?format=csv"], 3, "No space left on device"),
        (&["plant.toml", "--to", "file:..?format=csv"], 3, "cannot create"),
    ];
    let before = listed(scratch.path());
    for (arguments, code, words) in wrong {
        let all: Vec<&str> = ["generate"].iter().chain(arguments).copied().collect();
        let output = twinwright(scratch.path(), &all);
        assert_eq!(output.status.code(), Some(code), "{all:?}: {}", said(&output));
        assert!(said(&output).contains(words), "{all:?}: {}", said(&output));
        assert_eq!(listed(scratch.path()), before, "{all:?} left something behind");
    }
}

fn listed(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the folder is there").flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_mistake_in_an_outlets_table_is_said_at_its_place() {
    let wrong = [
        ("[outlet.file.a]\nurl = \"file:a.csv\"\nrotate = \"soon\"\n", ":29:10: rotate: ", "a size such as `100 MB`"),
        (
            "[outlet.file.a]\nurl = \"mqtt://host\"\n",
            "no address of an outlet of sort `file`",
            "a URL that begins with `file`",
        ),
        (
            "[outlet.file.a]\nurl = \"file:a.csv\"\nrotat = \"1 h\"\n",
            "`rotat` is not known here",
            "did you mean: rotate",
        ),
        ("[outlet.flie.a]\nurl = \"file:a.csv\"\n", "`flie` is not known here", "did you mean: file"),
        ("[outlet.file.a]\n", "`url` is missing", ""),
    ];
    for (table, words, more) in wrong {
        let scratch = plant(table);
        let output = twinwright(scratch.path(), &["generate", "plant.toml"]);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        assert!(said(&output).contains(words) && said(&output).contains(more), "{table}: {}", said(&output));
        assert!(said(&output).starts_with("plant.toml:"), "{}", said(&output));
    }
}

#[test]
fn a_scenario_that_is_streamed_is_still_a_test() {
    for (limit, code) in [("> 1", 1), ("< 1", 0)] {
        let scratch = plant(&format!("[[expect]]\nthat = \"failures {limit}\"\n"));
        let output = twinwright(scratch.path(), &["generate", "plant.toml", "--to", "file:a.csv", "--quiet"]);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert!(scratch.join("a.csv").is_file());
    }
}

#[test]
fn a_comms_fault_must_name_an_outlet_that_is_there() {
    let scratch = plant("[[fault.gap]]\nmachine = \"F-1\"\nrate = 0.5\nstart = \"+1 min\"\noutlet = \"mqtt.plant\"\n");
    let output = twinwright(scratch.path(), &["generate", "plant.toml", "--to", "file:a.csv"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("`mqtt.plant`") && said(&output).contains("`file:a.csv`"), "{}", said(&output));
}
