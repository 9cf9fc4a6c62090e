//! Alerts of a run: the open ones by severity and time, those of a stretch, and their course.

use super::*;
use twinwright_tests::Scratch;

fn rows(bases: &[Base], change: impl Fn(&mut AlertsArgs)) -> Vec<Value> {
    let answer = of_both(bases, |base| {
        let mut args = AlertsArgs { source: source(base), format: Form::Json, ..AlertsArgs::default() };
        change(&mut args);
        What::Alerts(args)
    });
    serde_json::from_str(&answer).expect("a list")
}

fn numbers(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["alert"].as_str().expect("a name").trim_start_matches("pumps-1/")).collect()
}

#[test]
fn open_alerts_come_by_severity_and_time_with_the_names_of_their_machines() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    bases.iter().for_each(history_of_a_run);
    let open = rows(&bases, |args| args.open = true);
    assert_eq!(numbers(&open), ["4", "3", "2"]);
    assert_eq!(open[0]["machine"], HOSTILE[0]);
    assert_eq!((&open[2]["value"], &open[2]["threshold"]), (&json!(5.5), &json!(4.5)));
    let mine = rows(&bases, |args| (args.open, args.machine) = (true, Some("P-101".to_owned())));
    assert_eq!(numbers(&mine), ["3", "2"]);
    assert_eq!(numbers(&rows(&bases, |args| args.rule = Some("temp high_high".to_owned()))), ["3", "4"]);
    // All that were raised, whatever became of them: the first instant belongs to a stretch, the last does not.
    assert_eq!(numbers(&rows(&bases, |_| ())), ["1", "2", "3", "4", "5"]);
    let stretch = between(Some("+20 h"), Some("+22 h"));
    assert_eq!(numbers(&rows(&bases, |args| args.between = stretch.clone())), ["2", "3"]);
    let course = rows(&bases, |args| (args.transitions, args.between) = (true, between(None, Some("+10 h"))));
    let steps: Vec<&str> =
        course[0]["transitions"].as_array().unwrap().iter().map(|s| s["what"].as_str().unwrap()).collect();
    assert_eq!((numbers(&course), steps), (vec!["1"], vec!["raised", "returned"]));
    let page = of_both(&bases, |base| {
        What::Alerts(AlertsArgs { source: source(base), transitions: true, ..AlertsArgs::default() })
    });
    assert!(page.contains("\n    2026-01-01T14:00:00Z  returned, now resolved (by engine)\n"), "{page}");
    let csv = of_both(&bases, |base| {
        let args = AlertsArgs { source: source(base), transitions: true, ..AlertsArgs::default() };
        What::Alerts(AlertsArgs { format: Form::Csv, ..args })
    });
    assert_eq!(csv.lines().count(), 7);
}

#[test]
fn an_unknown_rule_run_or_machine_is_answered_with_the_nearest() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    bases.iter().for_each(history_of_a_run);
    let refusal = |change: &dyn Fn(&mut AlertsArgs)| {
        refused_by_both(&bases, |base| {
            let mut args = AlertsArgs { source: source(base), ..AlertsArgs::default() };
            change(&mut args);
            What::Alerts(args)
        })
    };
    let (code, why) = refusal(&|args| args.rule = Some("vibration hihg".to_owned()));
    assert!(code == 2 && why.contains("did you mean `vibration high`?"), "{why}");
    let (code, why) = refusal(&|args| args.source.run = Some("pumps-l".to_owned()));
    assert!(code == 2 && why.contains("did you mean `pumps-1`?"), "{why}");
    let (code, why) = refusal(&|args| args.machine = Some("p101".to_owned()));
    assert!(code == 2 && why.contains("did you mean `P-101`?"), "{why}");
    let empty = of_both(&bases, |base| {
        let args = AlertsArgs { source: source(base), between: between(Some("+47 h"), None), ..AlertsArgs::default() };
        What::Alerts(args)
    });
    assert_eq!(empty, "run pumps-1 has no alerts like this; `twinwright history runs` lists the runs for --run\n");
}

#[test]
fn runs_are_listed_the_latest_first_and_none_is_said() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    let ask = |form: Form| of_both(&bases, |base| What::Runs(RunsArgs { store: Some(base.url()), format: form }));
    bases.iter().for_each(|base| write(base, &[("vibration", "mm/s")], &[]));
    assert!(ask(Form::Text).contains("the store remembers no run yet"));
    bases.iter().for_each(history_of_a_run);
    let runs: Value = serde_json::from_str(&ask(Form::Json)).expect("a list");
    assert_eq!(
        (&runs[0]["run"], &runs[0]["end"], &runs[0]["seed"]),
        (&json!("pumps-1"), &json!(text(START + 48 * HOUR)), &json!(7))
    );
}
