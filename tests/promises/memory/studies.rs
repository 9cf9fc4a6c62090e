//! A study leaves one run a variant, with what each measure came to and how it differs.

use super::{settings, written};
use crate::store::Base;
use serde_json::Value;
use std::sync::atomic::AtomicBool;
use twinwright::{memory, run, whatif};
use twinwright_tests::Scratch;

const REST: &str = "[futures]\ncount = 8\n[[variant]]\nname = \"often\"\nset = { \"maintenance.every\" = \"3 d\" }\n";

#[test]
fn a_study_leaves_its_measures_with_intervals_and_differences() {
    let scratch = Scratch::new();
    let path = written(&scratch, "line.toml", REST);
    for base in Base::both(&scratch) {
        let asked = settings(&path, &scratch.join("out"), &base.url());
        let (study, sources) = run::study_with_sources(&asked).unwrap();
        let outcome = whatif::run(&asked, &study, &AtomicBool::new(false)).unwrap();
        let line = memory::remember(&asked, &sources, &outcome).unwrap();
        assert!(line.starts_with("stored as study line-1 in "), "{line}");
        let found = base.ask("SELECT name, study, variant, status, futures FROM runs ORDER BY id");
        assert_eq!(found, "line-1|line-1|base|finished|8\nline-2|line-1|often|finished|8");
        assert_eq!(base.ask("SELECT count(*) FROM checkpoints"), "0");
        let summary: Value = serde_json::from_slice(&std::fs::read(scratch.join("out/summary.json")).unwrap()).unwrap();
        let variant = &summary["variants"][0];
        for measure in ["cost", "availability", "failures"] {
            let columns =
                "m.mean, m.low, m.high, m.difference, m.difference_low, m.difference_high, m.better, m.confidence";
            let asked = base.ask(&format!(
                "SELECT {columns} FROM run_measures m JOIN runs r ON r.id = m.run_id WHERE r.variant = 'often' AND measure = '{measure}'"
            ));
            let found: Vec<f64> = asked.split('|').map(|text| text.parse().unwrap()).collect();
            let (own, difference) = (&variant["measures"][measure], &variant["difference"][measure]);
            let wanted = [
                &own["mean"],
                &own["low"],
                &own["high"],
                &difference["mean"],
                &difference["low"],
                &difference["high"],
                &difference["better"],
                &own["confidence"],
            ];
            for (found, wanted) in found.iter().zip(wanted) {
                let wanted = wanted.as_f64().unwrap();
                assert!((found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0), "{measure}: {found} and {wanted}");
            }
        }
        let baseline = base.ask("SELECT count(difference), count(mean) > 30 FROM run_measures WHERE run_id = 1");
        assert!(baseline.starts_with("0|"), "{baseline}");
    }
}
