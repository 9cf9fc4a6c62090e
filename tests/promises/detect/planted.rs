//! Faults that `generate` plants and labels are found where the labels say.

use super::{read, scores};
use twinwright_tests::{Scratch, said, twinwright};

const MACHINE: &str = "schema = \"machine/1\"\nkind = \"unit\"\n[drivers]\nload = { walk = { mean = 1.0, sd = 0.1, memory = \"2 min\" } }\n\
    [sensors.temp]\nvalue = \"20 + 30*load\"\nnoise = { sd = 0.5 }\n\
    [sensors.flow]\nvalue = \"5*load\"\nnoise = { sd = 0.05 }\n\
    [sensors.power]\nvalue = \"2 + 12*load\"\nnoise = { sd = 0.2 }\n";

const SCENARIO: &str = "schema = \"scenario/1\"\ntitle = \"planted\"\nseed = 3\nstart = \"2026-01-01T00:00:00Z\"\n\
    duration = \"1 h\"\ntick = \"1 s\"\n[[machine]]\nid = \"U-1\"\nkind = \"unit\"\n";

#[test]
fn a_planted_fault_is_found_while_it_lasts_and_its_sensor_is_named_first() {
    for (fault, sensor) in [
        (
            "offset",
            "[[fault.offset]]\nmachine = \"U-1\"\nsensor = \"temp\"\nby = 12\nstart = \"+40 min\"\nlasts = \"5 min\"\n",
        ),
        (
            "noise",
            "[[fault.noise]]\nmachine = \"U-1\"\nsensor = \"temp\"\nfactor = 25\nstart = \"+40 min\"\nlasts = \"5 min\"\n",
        ),
    ] {
        let folder = Scratch::new();
        folder.write("unit.toml", MACHINE);
        folder.write("planted.toml", format!("{SCENARIO}{sensor}"));
        let generate = [
            "generate",
            "planted.toml",
            "--to",
            "file:seen.csv",
            "--shape",
            "wide",
            "--out",
            "truth",
            "--truth",
            "--quiet",
        ];
        let output = twinwright(folder.path(), &generate);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let labels = std::fs::read_to_string(folder.join("truth/truth/labels.csv")).expect("labels are written");
        let mut lines = labels.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let (heads, label) = (lines.next().unwrap_or_default(), lines.next().expect("one fault"));
        let cell = |name| label[heads.iter().position(|head| *head == name).expect("labels have it")];
        let (start, end) = (cell("start"), cell("end"));
        let lines = scores(folder.path(), "seen.csv", &["--train", "first 20 min"]);
        let cells = |line: &'_ String| {
            let cells: Vec<String> = line.split(',').map(str::to_owned).collect();
            (cells[0].clone(), cells[2] == "1")
        };
        let rows: Vec<(String, bool)> = lines.iter().map(cells).collect();
        let odd = |from: &str, until: &str| {
            let within: Vec<bool> = rows
                .iter()
                .filter(|(time, _)| time.as_str() >= from && time.as_str() < until)
                .map(|(_, odd)| *odd)
                .collect();
            within.iter().filter(|odd| **odd).count() as f64 / within.len().max(1) as f64
        };
        assert!(odd(start, end) > 0.8, "{fault}: {} of the fault's rows", odd(start, end));
        assert!(
            odd("2026-01-01T00:20", start) < 0.05,
            "{fault}: {} of the rows before it",
            odd("2026-01-01T00:20", start)
        );
        let findings = read(folder.path(), "findings.csv");
        let overlapping = findings.lines().skip(1).find(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            cells[0] < end && cells[1] > start
        });
        let sensors = overlapping.and_then(|line| line.rsplit(',').next()).unwrap_or_default();
        assert!(sensors.starts_with("temp "), "{fault}: {findings}");
    }
}
