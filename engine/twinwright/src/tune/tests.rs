//! The quick count that settings are looked for with, beside the whole site that hears the same.

use super::*;
use twinwright_core::tuning::calls;

struct Nobody;

impl twinwright_core::Library for Nobody {
    fn find(&self, kind: &str) -> Option<Document> {
        let text = "schema = \"machine/1\"\nkind = \"tank\"\ntitle = \"Tank\"\n[drivers.load]\nvalue = 50\n[sensors.level]\nvalue = \"load\"\n\
                    unit = \"%\"\nnoise = { sd = 1 }\nlimits = { low = 49, high = 51, deadband = 0.5, on_delay = \"3 s\", off_delay = \"4 s\" }\n";
        (kind == "tank").then(|| Document { name: "tank.toml".to_owned(), text: text.to_owned() })
    }

    fn known(&self) -> Vec<String> {
        vec!["tank".to_owned()]
    }
}

fn document(name: &str, text: &str) -> Document {
    Document { name: name.to_owned(), text: text.to_owned() }
}

#[test]
fn the_quick_count_of_calls_is_what_the_whole_site_calls_for() {
    let scenario = document(
        "s.toml",
        "schema = \"scenario/1\"\ntitle = \"T\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"30 h\"\ntick = \"1 s\"\n\
         [[machine]]\nid = \"T-{1..2}\"\nkind = \"tank\"\n",
    );
    let plan =
        Arc::new(twinwright_core::plan::compile(&scenario, &Nobody).unwrap_or_else(|faults| panic!("{faults:#?}")));
    for (rules, holds) in [
        // Without delays it flutters.
        (
            "schema = \"site/1\"\n[detect]\nresidual = false\ncusum = false\nstuck = false\n\
             [limits.level]\ndeadband = 0\non_delay = \"0 s\"\noff_delay = \"0 s\"\n",
            0,
        ),
        ("schema = \"site/1\"\n[detect]\nresidual = false\ncusum = false\nstuck = false\n", 0),
        (
            "schema = \"site/1\"\n[detect]\nresidual = false\ncusum = false\nstuck = false\n\
             [rule.low]\nwhen = \"finding level.low for 5 s\"\n[rule.high]\nwhen = \"finding level.high for 5 s\"\n",
            5,
        ),
    ] {
        let site = twinwright_core::site::compile_rules(&document("r.toml", rules), &scenario, &Nobody, plan.start);
        let site = trial::without_floods(site.unwrap_or_else(|faults| panic!("{faults:#?}")));
        let recording = simulate::record(&plan, &site, &mut |_| {}).expect("it is short");
        let course = trial::run(&site, &recording.tape, &mut |_| {});
        let limits = limits::of_site(&site);
        assert_eq!(limits.len(), 1);
        let mut quick: Vec<(u32, i64)> = Vec::new();
        for course in limits[0].courses(&site, &recording) {
            let rule = limits[0].watched[course.level as usize].expect("it is watched");
            assert_eq!((rule.holds, rule.gone), (holds * SECOND, holds * SECOND));
            let unit = course.unit((i64::MIN, i64::MAX), 100.0, rule);
            quick
                .extend(calls(&unit.signal, &limits[0].setting(), rule).into_iter().map(|time| (course.machine, time)));
        }
        let mut whole: Vec<(u32, i64)> = course.calls.iter().map(|call| (call.machine, call.time.0)).collect();
        quick.sort_unstable();
        whole.sort_unstable();
        assert!(whole.len() > 5, "{}", whole.len());
        assert_eq!(quick, whole, "{rules}");
    }
}

#[test]
fn only_what_changes_is_written_and_the_rest_of_the_file_stays() {
    let text = "schema = \"site/1\"  # ours\n\n[limits.level]\nhigh = 90 # agreed\n\n[rule.full]\nwhen = \"finding level.high\"\n";
    let plan = twinwright_core::limits::LimitsPlan {
        at: [None, None, Some(90.0), None],
        deadband: 0.0,
        on_delay: 0,
        off_delay: 0,
    };
    let limits = Limits {
        item: "level".to_owned(),
        machines: vec![0],
        plan,
        keys: vec!["level".to_owned(), "T-1.flow".to_owned()],
        watched: [None; 4],
        rules: Vec::new(),
        step: 0.0,
    };
    let changed = twinwright_core::limits::LimitsPlan { deadband: 0.3, on_delay: 30 * SECOND, ..plan };
    let written = proposal::write("r.toml", text, &[(&limits, changed)]).expect("it is TOML");
    assert!(
        written.starts_with(
            "schema = \"site/1\"  # ours\n\n[limits.level]\nhigh = 90 # agreed\ndeadband = 0.3\non_delay = \"30 s\"\n"
        ),
        "{written}"
    );
    assert!(written.contains("[limits.\"T-1.flow\"]\ndeadband = 0.3\n"), "{written}");
    assert!(written.ends_with("when = \"finding level.high\"\n") || written.contains("[rule.full]"), "{written}");
    let same = proposal::write("r.toml", text, &[]).expect("it is TOML");
    assert_eq!(same, text);
}
