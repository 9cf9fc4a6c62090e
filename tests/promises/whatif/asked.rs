//! What a study is asked on the command line, and its exit codes.

use super::{MORTAL, folder, repaired};
use std::process::{Command, Stdio};
use std::time::Duration;
use twinwright_tests::{program, said, scenario, shown, twinwright};

const VARIANT: &str =
    "[futures]\ncount = 60\n[[variant]]\nname = \"slow\"\nset = { \"wear.belt.repair.takes\" = \"9 h\" }\n";

#[test]
fn expectations_of_variants_and_differences_make_the_exit_code_and_the_junit_file() {
    let expects = "[[expect]]\nthat = \"availability > 0.5\"\n[[expect]]\nthat = \"downtime_h > 5\"\nvariant = \"slow\"\n\
                   of = \"difference\"\n";
    let plant = |more: &str| scenario(1, "2000 h", "10 min", &format!("{VARIANT}{expects}{more}"));
    let scratch = folder(&repaired("5 h"), &plant(""));
    let output = twinwright(scratch.path(), &["run", "plant.toml", "--junit", "fine.xml"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(shown(&output).contains("2 of 2 expectations hold"), "{}", shown(&output));
    let xml = std::fs::read_to_string(scratch.join("fine.xml")).expect("it is written");
    assert!(xml.contains("tests=\"2\"") && xml.contains("failures=\"0\""), "{xml}");

    let wrong = "[[expect]]\nthat = \"availability > 0.9999\"\nvariant = \"slow\"\n";
    scratch.write("plant.toml", plant(wrong));
    let output = twinwright(scratch.path(), &["run", "plant.toml", "--quiet", "--junit", "wrong.xml"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let line = said(&output);
    for part in ["slow: expected availability > 0.9999 in slow, but availability = 0.", "95 %:"] {
        assert!(line.contains(part), "`{part}` is not in {line}");
    }
    let xml = std::fs::read_to_string(scratch.join("wrong.xml")).expect("it is written");
    assert!(xml.contains("failures=\"1\"") && xml.contains("availability &gt; 0.9999"), "{xml}");
    let summary = std::fs::read_to_string(scratch.join("out/plant/summary.json")).expect("it is written all the same");
    assert!(summary.contains("\"holds\": false"));
}

#[test]
fn a_plain_run_writes_a_junit_file_too() {
    let scratch = folder(MORTAL, &scenario(1, "100 h", "1 h", "[[expect]]\nthat = \"failures > 50\"\n"));
    let output = twinwright(scratch.path(), &["run", "plant.toml", "--quiet", "--junit", "junit.xml"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let xml = std::fs::read_to_string(scratch.join("junit.xml")).expect("it is written");
    assert!(xml.contains("failures=\"1\"") && xml.contains("failures = 0"), "{xml}");
    let output = twinwright(scratch.path(), &["run", "plant.toml", "--quiet", "--junit", "no/such/folder.xml"]);
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
}

#[test]
fn a_value_can_be_set_on_the_command_line() {
    let scratch = folder(&repaired("5 h"), &scenario(1, "2000 h", "10 min", "[futures]\ncount = 40\n"));
    let availability = |more: &[&str]| -> f64 {
        let output = twinwright(scratch.path(), &[&["run", "plant.toml", "--quiet"], more].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let text = std::fs::read_to_string(scratch.join("out/plant/summary.json")).expect("a summary");
        let summary: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        summary["measures"]["availability"]["mean"].as_f64().expect("a number")
    };
    let slow = availability(&["--set", "wear.belt.repair.takes=50 h"]);
    let fast = availability(&["--set", "wear.belt.repair.takes=\"1 h\""]);
    // 100 / 150 and 100 / 101 in the long run.
    assert!((slow - 0.667).abs() < 0.05 && (fast - 0.990).abs() < 0.005, "{slow} {fast}");
    for wrong in ["wear.belt.repair.takes", "=3", "wear.blet.life=\"1 h\""] {
        let output = twinwright(scratch.path(), &["run", "plant.toml", "--quiet", "--set", wrong]);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", said(&output));
    }
}

#[test]
fn it_says_what_is_simulated_and_why() {
    let limited = format!("{MORTAL}[sensors.temp]\nvalue = \"20 + 5*belt\"\nlimits = {{ high = 24 }}\n");
    let plant = |more: &str| scenario(1, "1200 h", "1 h", &format!("[futures]\ncount = 8\n{more}"));
    let explained = |machine: &str, more: &str, options: &[&str]| {
        let scratch = folder(machine, &plant(more));
        let output = twinwright(scratch.path(), &[&["run", "plant.toml", "--explain"], options].concat());
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        let text = shown(&output);
        text.split("\n\n").next().unwrap_or_default().to_owned()
    };
    let has = |text: String, part: &str| assert!(text.contains(part), "`{part}` is not in {text}");
    has(explained(MORTAL, "", &[]), "sensors are not simulated: nothing that is asked reads one");
    has(explained(MORTAL, "", &[]), "from event to event");
    has(explained(MORTAL, "", &["--no-skip"]), "every tick is stepped");
    has(explained(&limited, "", &[]), "alarm limits are watched");
    has(explained(&limited, "[[expect]]\nthat = \"alerts >= 0\"\n", &[]), "`alerts` counts alerts");
    // 200,000 futures of 1,200 ticks are more than limits are watched for unasked.
    let many = plant("").replace("count = 8", "count = 200000");
    let scratch = folder(&limited, &many);
    let output = twinwright(scratch.path(), &["run", "plant.toml", "--explain", "--until", "+1100 h"]);
    has(shown(&output), "are not watched: nothing asks for alerts (--alerts)");
    let summary = std::fs::read_to_string(scratch.join("out/plant/summary.json")).expect("a summary");
    assert!(!summary.contains("\"alerts\""), "what was not watched is not counted");
}

#[test]
fn an_interrupt_leaves_what_is_done_marked_as_partial() {
    let rest = "[futures]\ncount = 1000000\n[[variant]]\nname = \"slow\"\n\
                set = { \"wear.belt.repair.takes\" = \"9 h\" }\n";
    let scratch = folder(&repaired("5 h"), &scenario(1, "20000 h", "10 min", rest));
    for seconds in [1, 4, 16] {
        let child = Command::new(program())
            .args(["run", "plant.toml"])
            .current_dir(scratch.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        std::thread::sleep(Duration::from_secs(seconds));
        let told = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill is there");
        assert!(told.success());
        let output = child.wait_with_output().expect("it ends");
        // A machine under load may not have come to its first futures yet: then it says so.
        if output.status.code() == Some(3) && said(&output).contains("before a single future") {
            continue;
        }
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert!(said(&output).contains("interrupted: what is written is of"), "{}", said(&output));
        assert!(shown(&output).contains("Ended early, after"), "{}", shown(&output));
        let text = std::fs::read_to_string(scratch.join("out/plant/summary.json")).expect("a summary");
        let summary: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(summary["partial"], true);
        assert_eq!(summary["futures_asked"], 1_000_000);
        let done = summary["futures"].as_u64().expect("a number");
        assert!(done > 0 && done < 1_000_000);
        assert_eq!(summary["variants"][0]["measures"]["availability"]["n"], done);
        let page = std::fs::read_to_string(scratch.join("out/plant/report.html")).expect("a report");
        assert!(page.contains("Ended early"));
        return;
    }
    panic!("no future was done within 16 seconds");
}
