//! Machines in the past: a state with its own time, what a stretch held, and all machines at a glance.

use super::*;
use twinwright_tests::{Scratch, said, twinwright};

fn ask(bases: &[Base], change: impl Fn(&mut MachineArgs)) -> String {
    of_both(bases, |base| {
        let mut args =
            MachineArgs { source: source(base), machine: Some("P-101".to_owned()), ..MachineArgs::default() };
        change(&mut args);
        What::Machine(args)
    })
}

fn refusal(bases: &[Base], change: impl Fn(&mut MachineArgs)) -> (u8, String) {
    refused_by_both(bases, |base| {
        let mut args =
            MachineArgs { source: source(base), machine: Some("P-101".to_owned()), ..MachineArgs::default() };
        change(&mut args);
        What::Machine(args)
    })
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

#[test]
fn a_state_without_checkpoints_is_that_of_the_snapshot_before_and_says_so() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    bases.iter().for_each(history_of_a_run);
    let at = |time: &str| {
        let without = |key: &str, answer: Value| {
            let Value::Object(mut object) = answer else { panic!("an object") };
            object.remove(key);
            Value::Object(object)
        };
        // The words of why name the store.
        let answers = bases.each_ref().map(|base| {
            let machine = Some("P-101".to_owned());
            let args =
                MachineArgs { source: source(base), machine, at: Some(time.to_owned()), ..MachineArgs::default() };
            json_of(&asked(What::Machine(MachineArgs { format: Form::Json, ..args })).unwrap())
        });
        assert!(
            answers[0]["state_note"].as_str().is_some_and(|note| note.contains("no checkpoints")),
            "{}",
            answers[0]
        );
        let [one, other] = answers.map(|answer| without("state_note", answer));
        assert_eq!(one.to_string(), other.to_string());
        one
    };
    let state = at("+13 h");
    assert_eq!((&state["mode"]["name"], &state["mode"]["since"]), (&json!("failed"), &json!(text(START + 10 * HOUR))));
    assert_eq!(
        (&state["state_of"], &state["state"]["wear"]["bearing"]),
        (&json!(text(START + 12 * HOUR)), &json!(1.0))
    );
    // Alert 1 was open from 9 h to 14 h; nobody had worked yet.
    assert_eq!(state["open_alerts"].as_array().map(Vec::len), Some(1));
    assert_eq!((&state["open_alerts"][0]["alert"], &state["last_work"]), (&json!("pumps-1/1"), &Value::Null));
    let later = at(&text(START + 14 * HOUR));
    assert_eq!((&later["mode"]["name"], &later["last_work"]["what"]), (&json!("running"), &json!("repair")));
    assert_eq!(later["open_alerts"], json!([]));
    // Alerts 3 and 2 are open at the end; one that was suppressed never was.
    let end = at("+48 h");
    assert_eq!(end["open_alerts"].as_array().map(Vec::len), Some(2));
    assert_eq!((&end["at"], &end["last_work"]["cost"]), (&json!(text(START + 48 * HOUR)), &json!(1_500.0)));
    for base in &bases {
        let args = MachineArgs { source: source(base), machine: Some("P-101".to_owned()), ..MachineArgs::default() };
        let page = asked(What::Machine(args)).unwrap();
        for line in [
            "P-101  pump, acme/lyon\n",
            "as of 2026-01-03T00:00:00Z (+2 d) in run pumps-1\n",
            "mode         running (PRD) since 2026-01-02T08:00:00Z, for 16 h\n",
            "the state below is that of the checkpoint at 2026-01-02T00:00:00Z",
            "wear         bearing 0.25, seal 0.5\n",
            "hours        PRD 10, UDT 2\n",
            "so far       energy kwh 120.5, failures 1\n",
            "faults       temp stuck\n",
            "last work    planned, bearing, at 2026-01-02T08:00:00Z, 2 h, cost 1 500\n",
            "open alerts  2\n",
            "vibration  2.25      2.5  good     mm/s\n",
        ] {
            assert!(page.contains(line), "{line}: {page}");
        }
    }
}

#[test]
fn a_stretch_adds_up_to_its_length() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    bases.iter().for_each(history_of_a_run);
    let whole = json_of(&ask(&bases, |args| (args.between, args.format) = (between(Some("+0 h"), None), Form::Json)));
    assert_eq!(whole["e10_hours"], json!({ "PRD": 42.0, "SDT": 2.0, "UDT": 4.0 }));
    let lasted: f64 = whole["modes"].as_array().unwrap().iter().map(|mode| mode["lasted_s"].as_f64().unwrap()).sum();
    assert_eq!(lasted, 48.0 * 3_600.0);
    assert_eq!((whole["alerts"].as_array().map(Vec::len), whole["work"].as_array().map(Vec::len)), (Some(4), Some(3)));
    let some =
        json_of(&ask(&bases, |args| (args.between, args.format) = (between(Some("+12 h"), Some("+31 h")), Form::Json)));
    assert_eq!(some["e10_hours"], json!({ "PRD": 16.0, "SDT": 1.0, "UDT": 2.0 }));
    assert_eq!(some["modes"][0]["from"], text(START + 12 * HOUR));
    assert_eq!((&some["work"][0]["what"], some["work"].as_array().map(Vec::len)), (&json!("repair"), Some(1)));
    let page = ask(&bases, |args| args.between = between(Some("+40 h"), Some("+41 h")));
    assert!(page.contains("PRD 1.00 h\n\nmodes: 1\n") && page.contains("failures and work: none"), "{page}");
    let csv = ask(&bases, |args| (args.between, args.format) = (between(Some("+0 h"), None), Form::Csv));
    assert_eq!(csv.lines().count(), 6);
    let (code, why) = refusal(&bases, |args| args.between = between(Some("+60 h"), None));
    assert!(code == 2 && why.contains("run pumps-1 says nothing of this time"), "{why}");
}

#[test]
fn all_machines_at_a_glance() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    bases.iter().for_each(history_of_a_run);
    let rows = json_of(&ask(&bases, |args| (args.machine, args.format) = (None, Form::Json)));
    let row = |name: &str| rows.as_array().unwrap().iter().find(|row| row["machine"] == name).unwrap().clone();
    let pump = row("P-101");
    assert_eq!((&pump["high"], &pump["medium"], &pump["critical"]), (&json!(1), &json!(1), &json!(0)));
    assert_eq!(
        (&pump["last_reading"], &pump["sensor"], &pump["value"]),
        (&json!(text(START + 2 * HOUR)), &json!("temp"), &json!(61.0))
    );
    assert_eq!((&pump["mode"], &pump["status"]), (&json!("running"), &json!("offline")));
    let other = row(HOSTILE[0]);
    assert_eq!((&other["high"], &other["last_reading"]), (&json!(1), &Value::Null));
}

#[test]
fn wrong_questions_are_answered_with_what_is_expected() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    bases.iter().for_each(history_of_a_run);
    let (code, why) = refusal(&bases, |args| args.at = Some("+3 d".to_owned()));
    assert!(
        code == 2 && why.contains("does not come there; expected 2026-01-01T00:00:00Z to 2026-01-03T00:00:00Z"),
        "{why}"
    );
    let (code, why) = refusal(&bases, |args| args.machine = Some("P-1011".to_owned()));
    assert!(code == 2 && why.contains("did you mean `P-101`?"), "{why}");
    let (code, why) = refusal(&bases, |args| args.machine = Some(HOSTILE[0].to_owned()));
    assert!(code == 2 && why.contains("the store has no run of this machine"), "{why}");
    let (code, why) = refusal(&bases, |args| args.format = Form::Csv);
    assert!(code == 2 && why.contains("a state is no table"), "{why}");
}

const FAN: &str = "schema = \"machine/1\"\nkind = \"fan\"\n[drivers]\nload = 0.8\n\
                   [wear.belt]\nlaw = \"linear\"\nlife = \"20 h\"\nrepair = { takes = \"2 h\" }\n\
                   [sensors.temp]\nvalue = \"20 + 5*load*running + 9*belt\"\nunit = \"degC\"\n";
const PLANT: &str = "schema = \"scenario/1\"\ntitle = \"t\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"1 d\"\n\
                     tick = \"1 min\"\n[[machine]]\nid = \"F-{1..2}\"\nkind = \"fan\"\n";

#[test]
fn a_run_knows_its_machines_exactly_at_any_instant() {
    let scratch = Scratch::new();
    scratch.write("fan.toml", FAN);
    scratch.write("plant.toml", PLANT);
    let bases = Base::both(&scratch);
    for base in &bases {
        let output = twinwright(scratch.path(), &["run", "plant.toml", "--store", &base.url(), "--quiet"]);
        assert!(output.status.success(), "{}", said(&output));
    }
    let at = |time: &str, form: Form| {
        of_both(&bases, |base| {
            let args = MachineArgs { source: source(base), machine: Some("F-2".to_owned()), ..MachineArgs::default() };
            What::Machine(MachineArgs { at: Some(time.to_owned()), format: form, ..args })
        })
    };
    // A life of 20 h, of which 5 h 31 min are gone, between two checkpoints.
    let state = json_of(&at("2026-01-01T05:31:00Z", Form::Json));
    let part = (5.0 * 60.0 + 31.0) / 1_200.0;
    let near = |value: &Value, wanted: f64| value.as_f64().is_some_and(|value| (value - wanted).abs() < 1e-5);
    assert!(near(&state["state"]["wear"]["belt"], part), "{state}");
    assert!(near(&state["state"]["true"]["temp"], 24.0 + 9.0 * part), "{state}");
    assert_eq!((&state["mode"]["name"], &state["state_note"]), (&json!("running"), &Value::Null));
    assert_eq!((&state["state_of"], &state["mode"]["since"]), (&state["at"], &json!(text(START))));
    // At 20 h it fails and is repaired for 2 h.
    let failed = json_of(&at("+21 h", Form::Json));
    assert_eq!(
        (&failed["mode"]["name"], &failed["mode"]["since"]),
        (&json!("failed"), &json!(text(START + 20 * HOUR)))
    );
    let page = at("+21 h", Form::Text);
    assert!(page.contains("mode         failed (UDT) since 2026-01-01T20:00:00Z, for 1 h"), "{page}");
    let stretch = of_both(&bases, |base| {
        let args = MachineArgs { source: source(base), machine: Some("F-2".to_owned()), ..MachineArgs::default() };
        What::Machine(MachineArgs { between: between(Some("+0 h"), None), format: Form::Json, ..args })
    });
    assert_eq!(json_of(&stretch)["e10_hours"], json!({ "PRD": 22.0, "UDT": 2.0 }));
}
