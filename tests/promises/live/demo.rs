//! The demonstration: one command, and within a minute something is shown of which the store knows more.

use twinwright_tests::mirror::Mirror;
use twinwright_tests::{Scratch, said, shown, twinwright};

#[test]
fn the_demonstration_shows_an_alert_with_its_reason_and_leaves_a_store() {
    let scratch = Scratch::new();
    let mut mirror = Mirror::start(scratch.path(), "demo", &["--demo"]);
    mirror.wait_for("the first alert", |mirror| mirror.shown().contains("ALERT"));
    let alert = mirror.shown().lines().find(|line| line.starts_with("ALERT")).map(str::to_owned).expect("a line");
    assert!(alert.starts_with("ALERT high P-103 shaking P-103: vibration "), "{alert}");
    assert!(alert.contains("is above 4.5") && alert.contains("its twin expects"), "{alert}");
    mirror.signal("INT");
    assert!(mirror.ended().success(), "{}", mirror.last_words());
    let url = "sqlite:twinwright-demo.db";
    for (words, holds) in [
        (vec!["history", "machine", "P-103", "--store", url], "vibration"),
        (vec!["alerts", "list", "--store", url], "shaking"),
        (vec!["report", "daily", "--store", url, "--out", "reports"], "report of twinwright-demo-live-1"),
        (vec!["store", "verify", "--store", url], "no faults"),
    ] {
        let output = twinwright(scratch.path(), &words);
        assert!(output.status.success(), "{words:?}: {}{}", shown(&output), said(&output));
        assert!(shown(&output).contains(holds), "{words:?}: {}", shown(&output));
    }
}
