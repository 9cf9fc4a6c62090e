//! Rules and limits of a site: who is judged, by what, for how long.

use super::{SECOND, refused, site};
use twinwright_core::limits::LimitsPlan;
use twinwright_core::maintenance::Source;
use twinwright_core::site::{RulePlan, Suppress, When};
use twinwright_model::{Mode, Severity, Span};

fn rule(text: &str) -> RulePlan {
    site("", &format!("[rule.r]\n{text}\n[rule.s]\nwhen = \"finding *.stuck\"\n")).rules.swap_remove(0)
}

#[test]
fn a_finding_is_judged_on_the_machines_that_can_have_it() {
    for (when, machines, sensor, detector) in [
        ("finding temp.high", vec![0, 1, 2], Some("temp"), Some("high")),
        ("finding temp.low for 1 min", vec![0, 1, 2], Some("temp"), Some("low")),
        ("finding vibration.*", vec![0, 1], Some("vibration"), None),
        ("finding *.stuck", vec![0, 1, 2], None, Some("stuck")),
        ("finding *.*", vec![0, 1, 2], None, None),
        ("finding signal_lost", vec![0, 1, 2], None, Some("signal_lost")),
        ("  finding   temp.residual  ", vec![0, 1, 2], Some("temp"), Some("residual")),
    ] {
        let plan = rule(&format!("when = \"{when}\""));
        assert_eq!(plan.machines, machines, "{when}");
        let expected = When::Finding { sensor: sensor.map(str::to_owned), detector: detector.map(str::to_owned) };
        assert_eq!(plan.when, expected, "{when}");
    }
    assert_eq!(rule("when = \"finding temp.high\"\nmachine = [\"O-1\", \"F-{1..1}\", \"O-1\"]").machines, [0, 2]);
}

#[test]
fn an_expression_is_bound_to_each_kind_that_has_its_names() {
    let plan = rule("when = \"temp > 50 and load + bearing > 0.5 and running for 90 s\"");
    assert_eq!((plan.machines.as_slice(), plan.holds), ([0u32, 1].as_slice(), 90 * SECOND));
    let When::Holds { text, by_machine } = &plan.when else { panic!("an expression") };
    assert_eq!((text.as_str(), by_machine.len()), ("temp > 50 and load + bearing > 0.5 and running", 2));
    let (reads, bound) = &by_machine[0];
    assert_eq!(reads.len(), 4);
    assert!(matches!(reads[0], Source::Reading(0, 0)) && matches!(reads[2], Source::Wear(0)));
    for (values, holds) in [
        ([51.0, 0.3, 0.3, 1.0], 1.0),
        ([50.0, 0.3, 0.3, 1.0], 0.0),
        ([51.0, 0.3, 0.2, 1.0], 0.0),
        ([51.0, 0.3, 0.3, 0.0], 0.0),
    ] {
        assert_eq!(bound.eval(&values), holds, "{values:?}");
    }
    // A name that all kinds have is judged on all of them; a rule may say on which.
    assert_eq!(rule("when = \"temp > 50\"").machines, [0, 1, 2]);
    assert_eq!(rule("when = \"temp > 50\"\nmachine = \"O-1\"").machines, [2]);
    assert!(refused("", "[rule.r]\nwhen = \"load > 1\"\nmachine = \"O-1\"\n").contains("no `load` here"));
    assert!(refused("", "[rule.r]\nwhen = \"F-1.temp > 50\"\n").contains("machine = \"F-1\""));
}

#[test]
fn a_rule_that_says_little_has_the_defaults() {
    let plan = rule("when = \"finding temp.high for 1 min\"");
    assert_eq!((plan.holds, plan.gone, plan.severity), (60 * SECOND, 60 * SECOND, Severity::Medium));
    assert_eq!((plan.group, plan.latch, plan.again, plan.escalate), (None, false, None, None));
    assert_eq!(plan.suppress, [Suppress::Mode(Mode::Maintenance)]);
    assert!(plan.message.contains("{machine}") && plan.message.contains("{detector}"));
    assert!(rule("when = \"temp > 50\"").message.contains("temp > 50"));
}

#[test]
fn all_that_a_rule_says_is_in_its_plan() {
    let plan = rule(
        "when = \"finding temp.high\"\nfor = \"2 min\"\ngone = \"0 s\"\nseverity = \"critical\"\ngroup = \"heat\"\nlatch = true\n\
         suppress = [\"idle\", \"start-up 10 min\", \"upstream\", \"rule s\"]\nagain = \"8 h\"\nescalate = \"30 min\"\nmessage = \"{machine} {x y}\"",
    );
    assert_eq!((plan.holds, plan.gone, plan.severity, plan.latch), (120 * SECOND, 0, Severity::Critical, true));
    assert_eq!((plan.group.as_deref(), plan.message.as_str()), (Some("heat"), "{machine} {x y}"));
    assert_eq!((plan.again, plan.escalate), (Some(Span(28_800 * SECOND)), Some(Span(1_800 * SECOND))));
    let hides = [
        Suppress::Mode(Mode::Idle),
        Suppress::StartUp(600 * SECOND),
        Suppress::Upstream,
        Suppress::Rule("s".to_owned()),
    ];
    assert_eq!(plan.suppress, hides);
    assert!(rule("when = \"finding temp.high\"\nsuppress = []").suppress.is_empty());
}

#[test]
fn limits_lie_over_what_machine_files_say() {
    let items = |rest: &str| site("", rest).detectors.items;
    let fan =
        LimitsPlan { at: [None, None, Some(60.0), Some(70.0)], deadband: 2.0, on_delay: 30 * SECOND, off_delay: 0 };
    let other = LimitsPlan { at: [None, Some(5.0), Some(60.0), None], deadband: 0.0, on_delay: 0, off_delay: 0 };
    // Kinds with other limits of that name: one plan a machine, each over its own.
    let all = items("[limits.temp]\nhigh = 55\noff_delay = \"5 s\"\n");
    let raised = |below: LimitsPlan| {
        let mut at = below.at;
        at[2] = Some(55.0);
        LimitsPlan { at, off_delay: 5 * SECOND, ..below }
    };
    let shown: Vec<_> = all.iter().map(|item| (item.machine.as_deref(), item.limits)).collect();
    assert_eq!(
        shown,
        [(Some("F-1"), Some(raised(fan))), (Some("F-2"), Some(raised(fan))), (Some("O-1"), Some(raised(other)))]
    );
    // A machine's own go over those of all.
    let mixed = items("[limits.\"F-2.temp\"]\nhigh_high = 65\nrate = 9\n[limits.temp]\nhigh = 55\nrange = [0, 99]\n");
    let own = mixed.iter().find(|item| item.machine.as_deref() == Some("F-2")).expect("it is there");
    assert_eq!(own.limits.map(|limits| limits.at), Some([None, None, Some(55.0), Some(65.0)]));
    assert_eq!((own.range, own.rate, mixed.len()), (Some((0.0, 99.0)), Some(9.0), 3));
    // Where nothing differs one plan is enough.
    let same = items("[limits.vibration]\nhigh = 4\nstuck = \"1 min\"\n");
    assert_eq!((same.len(), same[0].machine.as_deref(), same[0].stuck), (1, None, Some(Span(60 * SECOND))));
    assert_eq!(same[0].limits.map(|limits| limits.at), Some([None, None, Some(4.0), None]));
}

#[test]
fn detectors_can_be_set_and_switched_off() {
    let detect = |text: &str| site("", &format!("[detect]\n{text}\n")).detectors;
    let usual = site("", "").detectors;
    let off = detect("residual = false\ncusum = false\nstuck = false");
    assert_eq!((off.residual, off.cusum, off.stuck), (None, None, None));
    assert_eq!(detect("residual = true").residual, usual.residual);
    let set = detect("residual = { sd = 5 }\ncusum = { level = 8 }\nstuck = \"1 h\"");
    assert_eq!(set.residual, usual.residual.map(|(_, lasts)| (5.0, lasts)));
    assert_eq!(set.cusum, usual.cusum.map(|(slack, _)| (slack, 8.0)));
    assert_eq!(set.stuck, Some(Span(3_600 * SECOND)));
}
