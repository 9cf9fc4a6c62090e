//! What is shipped for live mode: sites, the demonstration, a broker's settings, a unit of systemd.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use twinwright::library::Kinds;
use twinwright_core::plan;
use twinwright_core::site::{SitePlan, compile};
use twinwright_core::{Batch, Document, Twin};
use twinwright_model::{Diagnostic, Time};
use twinwright_tests::servers::mosquitto::Mosquitto;
use twinwright_tests::{Scratch, project, shown, twinwright};

fn document(path: &str) -> Document {
    let text = std::fs::read_to_string(project().join(path)).expect("it is shipped");
    Document { name: path.to_owned(), text }
}

fn fine<T>(found: Result<T, Vec<Diagnostic>>) -> T {
    found.unwrap_or_else(|faults| panic!("{}", faults.iter().map(ToString::to_string).collect::<String>()))
}

fn kinds() -> Kinds {
    Kinds::beside(Path::new("site.toml"), None)
}

fn demo() -> SitePlan {
    let mut document = document("engine/twinwright/src/live/demo.toml");
    assert!(document.text.contains("{port}"), "the program fills in the port");
    document.text = document.text.replace("{port}", "1883");
    fine(compile(&document, &kinds(), Time(0)))
}

#[test]
fn check_finds_the_shipped_sites_fine() {
    let sites = ["scenarios/live/line-1.toml", "scenarios/live/pumps-in-compose.toml"];
    let output = twinwright(&project(), &["check", sites[0], sites[1]]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(shown(&output), sites.map(|site| format!("{site}: site fine\n")).concat());
}

#[test]
fn a_site_is_neither_run_nor_streamed() {
    for command in ["run", "generate"] {
        let output = twinwright(&project(), &[command, "scenarios/live/line-1.toml"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("this is a site"), "{command}");
    }
}

/// The simulated plant and its mirror have the same machines, and a limit of the site is passed soon and for long enough.
#[test]
fn the_demonstration_has_something_to_show_within_forty_seconds() {
    let site = demo();
    let plant = Arc::new(fine(plan::compile(&document("engine/twinwright/src/live/demo-plant.toml"), &kinds())));
    let ids = |plan: &plan::Plan| plan.machines.iter().map(|machine| machine.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&plant), ids(&site.plan));
    let topic = format!("{}/{{machine}}/{{sensor}}", plant.path.as_deref().unwrap_or_default());
    assert_eq!(site.feeds[0].mapping.topics, [topic], "what a stream sends by itself is heard");
    let machine = plant.machine_index("P-103").expect("it is in the plant");
    let model = plant.model_of(machine);
    let sensor = model.sensors.iter().position(|sensor| sensor.name == "vibration").expect("it is measured");
    let limits = site.detectors.items.iter().find(|item| item.item == "vibration").and_then(|item| item.limits);
    let limits = limits.expect("the site has a limit");
    let high = limits.at[2].expect("an upper one");
    let mut twin = Twin::build(&plant);
    let (mut readings, mut wears, mut beyond) = (Vec::new(), Vec::new(), Vec::new());
    for tick in 0..60i64 {
        twin.tick(&Batch::default());
        readings.clear();
        assert!(twin.glance(0, machine, &mut readings, &mut wears));
        if f64::from(readings[sensor]) > high {
            beyond.push(tick);
        }
    }
    let first = *beyond.first().expect("the limit is passed");
    assert!(first >= 5, "it begins calm");
    assert_eq!(beyond, (first..60).collect::<Vec<_>>(), "and it stays passed");
    let told = first + limits.on_delay / plant.tick.0 + site.time.reorder.0 / plant.tick.0;
    assert!(told < 40, "{told} s");
}

#[test]
fn every_detector_of_the_demonstration_has_something_to_find() {
    let site = demo();
    let names: Vec<&str> = site.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert_eq!(names, ["shaking", "cavitation", "clogged", "transmitter_hangs", "unlike_its_twin", "silent"]);
    let plant = fine(plan::compile(&document("engine/twinwright/src/live/demo-plant.toml"), &kinds()));
    for fault in ["wear", "leak", "stuck", "gap", "shift"] {
        assert!(document("engine/twinwright/src/live/demo-plant.toml").text.contains(&format!("[[fault.{fault}]]")));
    }
    assert!(plant.faults.len() >= 8);
}

#[test]
fn mosquitto_takes_the_shipped_settings() {
    let scratch = Scratch::new();
    let text = document("scenarios/live/mosquitto.conf").text;
    for line in ["persistence true", "max_inflight_messages 1000", "max_queued_messages 0"] {
        assert!(text.lines().any(|known| known.split('#').next().is_some_and(|known| known.trim() == line)), "{line}");
    }
    // The harness says where to listen and who may come.
    let own = ["listener", "allow_anonymous", "persistence_location", "max_inflight", "max_queued", "log_dest"];
    let kept: Vec<&str> = text.lines().filter(|line| !own.iter().any(|key| line.starts_with(key))).collect();
    let broker = Mosquitto::start(scratch.path(), &kept.join("\n"));
    assert!(!broker.said().contains("Error"), "{}", broker.said());
}

#[test]
fn the_unit_restarts_for_ever_and_systemd_can_read_it() {
    let text = document("scenarios/live/twinwright.service").text;
    for line in ["Type=exec", "Restart=always", "ExecReload=/bin/kill -HUP $MAINPID", "StartLimitIntervalSec=0"] {
        assert!(text.lines().any(|known| known == line), "{line}");
    }
    let scratch = Scratch::new();
    let unit = scratch.write("twinwright.service", text.replace("/usr/local/bin/twinwright", "/bin/true"));
    // Where there is no systemd there is nothing to ask.
    if let Ok(output) = Command::new("systemd-analyze").arg("verify").arg(&unit).output() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let about: Vec<&str> = said.lines().filter(|line| line.contains("twinwright.service")).collect();
        assert!(about.is_empty(), "{about:?}");
    }
}
