//! A report of a run that was really run: it says what the run itself said.

use super::histories::FAN;
use super::near;
use crate::store::Base;
use serde_json::Value as Json;
use std::path::Path;
use twinwright_tests::{Scratch, said, shown, twinwright};

const PLANT: &str = "schema = \"scenario/1\"\ntitle = \"Three fans\"\nseed = 5\nstart = \"2026-03-01T00:00:00Z\"\n\
    duration = \"55 d\"\ntick = \"10 min\"\n[[machine]]\nid = \"F-{1..3}\"\nkind = \"fan\"\n\
    [maintenance]\npolicy = \"periodic\"\nevery = \"20 d\"\nrestores = [\"bearing\"]\n";

fn json(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

#[test]
fn a_report_of_a_whole_run_says_what_the_run_said() {
    let scratch = Scratch::new();
    let limits = FAN.replace("9*belt\"\n", "9*belt\"\nnoise = { sd = 0.4 }\nlimits = { high = 30, deadband = 0.1 }\n");
    scratch.write("fan.toml", limits);
    scratch.write("plant.toml", PLANT);
    for (number, base) in Base::both(&scratch).into_iter().enumerate() {
        let url = base.url();
        let run = twinwright(scratch.path(), &["run", "plant.toml", "--quiet", "--store", &url]);
        assert_eq!(run.status.code(), Some(0), "{}", said(&run));
        let out = format!("told-{number}");
        let asked = ["report", "plant-1", "--format", "json,html,md,csv", "--out", &out, "--store", &url];
        let told = twinwright(scratch.path(), &asked);
        assert_eq!(told.status.code(), Some(0), "{}", said(&told));
        assert!(
            shown(&told).starts_with("run report of plant-1: 2026-03-01 00:00 to 2026-04-25 00:00 UTC, 3 machines")
        );
        let (told, summary) =
            (json(&scratch.join(&out).join("run.json")), json(&scratch.join("out/plant/summary.json")));
        let (plant, measure) =
            (&told["plant"], |name: &str| summary["measures"][name]["mean"].as_f64().expect("a measure"));
        for state in ["prd", "sby", "eng", "sdt", "udt", "nst"] {
            near(&plant["hours"][state], measure(&format!("e10_{state}_h")));
        }
        near(&plant["availability"], measure("availability"));
        near(&plant["failures"], measure("failures"));
        near(&plant["mtbf_h"]["value"], measure("mtbf_h"));
        near(&plant["energy_kwh"], measure("energy_kwh"));
        near(&plant["oee"], measure("oee"));
        let parts = [
            ("downtime", "cost_downtime"),
            ("unplanned_repairs", "cost_unplanned"),
            ("planned_work", "cost_planned"),
            ("energy", "cost_energy"),
        ];
        for (part, name) in parts {
            near(&plant["cost"][part], measure(name));
        }
        let alerts = &told["alerts"]["figures"];
        let raised = alerts["raised"].as_f64().zip(alerts["suppressed"].as_f64()).map(|(shown, hidden)| shown + hidden);
        near(&Json::from(raised), measure("alerts"));
        // A belt of 200 h at that load fails again and again, and a failure costs three times the planned work.
        assert!(told["recommendations"].as_array().is_some_and(|all| !all.is_empty()), "{told:#}");
    }
}
