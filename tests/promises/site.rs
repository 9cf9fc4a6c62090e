//! Sites: what a file says is what the plan holds, what it leaves out has the defaults that the README names, and what is shipped
//! is fine and does what it is shipped for.

mod feeds;
mod rules;
mod shipped;

use std::path::Path;
use twinwright::library::Kinds;
use twinwright_core::site::{Clock, SitePlan, Target, compile};
use twinwright_core::{Document, Library};
use twinwright_model::{Diagnostic, Span, Time};
use twinwright_tests::Texts;

const SECOND: i64 = 1_000_000_000;

/// A fan with one of everything that a site can name; `other` has a second limit and no wear.
const FAN: &str = r#"
schema = "machine/1"
kind   = "fan"
[parameters]
size = { normal = [2, 0.1] }
[drivers]
load = { feed = "fans/load", default = 0.8, unit = "1" }
air  = 20
[wear.bearing]
law  = "linear"
life = "900 h"
[sensors.temp]
value  = "air + 5*load*size + 30*bearing"
unit   = "degC"
limits = { high = 60, high_high = 70, deadband = 2, on_delay = "30 s" }
[sensors.vibration]
value = "1 + 2*load"
unit  = "mm/s"
"#;

const OTHER: &str = r#"
schema = "machine/1"
kind   = "other"
[sensors.temp]
value  = "20"
unit   = "degC"
limits = { low = 5, high = 60 }
"#;

const HEAD: &str = "schema = \"site/1\"\n";
const MACHINES: &str = "[[machine]]\nid = \"F-{1..2}\"\nkind = \"fan\"\n[[machine]]\nid = \"O-1\"\nkind = \"other\"\n";
const FEED: &str = "[feed.mqtt.gateway]\nurl = \"mqtt://localhost\"\ntopic = \"plant/{machine}/{sensor}\"\n";

fn library() -> impl Library {
    Texts(vec![("fan".to_owned(), FAN.to_owned()), ("other".to_owned(), OTHER.to_owned())])
}

fn compiled(name: &str, text: &str) -> Result<SitePlan, Vec<Diagnostic>> {
    compile(&Document { name: name.to_owned(), text: text.to_owned() }, &library(), Time(7 * SECOND))
}

fn said(faults: &[Diagnostic]) -> String {
    faults.iter().map(ToString::to_string).collect()
}

/// The plan of a site with two fans and another machine, a feed and what is given.
fn site(top: &str, rest: &str) -> SitePlan {
    let text = format!("{HEAD}{top}\n{MACHINES}{FEED}{rest}");
    compiled("sites/line-1.toml", &text).unwrap_or_else(|faults| panic!("{}", said(&faults)))
}

/// Its faults.
fn refused(top: &str, rest: &str) -> String {
    let text = format!("{HEAD}{top}\n{MACHINES}{FEED}{rest}");
    said(&compiled("line-1.toml", &text).expect_err("this site is refused"))
}

#[test]
fn a_site_that_says_little_has_the_defaults() {
    let site = site("", "");
    assert_eq!((site.name.as_str(), site.plan.title.as_str()), ("line-1", "line-1"));
    assert_eq!((site.plan.tick, site.plan.start, site.plan.futures), (Span(SECOND), Time(7 * SECOND), 1));
    assert_eq!(
        (site.time.clock, site.time.reorder, site.time.ahead),
        (Clock::Wall, Span(2 * SECOND), Span(5 * SECOND))
    );
    assert_eq!((site.time.oldest, site.time.uncertain, site.time.bad), (Span(30 * 86_400 * SECOND), None, None));
    assert!(site.detectors.residual.is_some() && site.detectors.cusum.is_some() && site.detectors.stuck.is_some());
    assert!(
        site.detectors.items.is_empty() && site.rules.is_empty() && site.outlets.is_empty() && site.reports.is_empty()
    );
    assert_eq!((site.alerts.flood, site.alerts.by_limits), (10, true));
    assert_eq!((site.alerts.longest_shelf, site.store), (Span(86_400 * SECOND), None));
}

#[test]
fn channels_are_sensors_fed_drivers_and_the_mode_machine_by_machine() {
    let site = site("", "");
    let names: Vec<String> =
        site.channels.iter().map(|channel| format!("{}.{}", channel.name.machine, channel.name.item)).collect();
    let fan = |id: &str| ["temp", "vibration", "load", "mode"].map(|item| format!("{id}.{item}"));
    let expected =
        [fan("F-1").as_slice(), fan("F-2").as_slice(), &["O-1.temp".to_owned(), "O-1.mode".to_owned()]].concat();
    assert_eq!(names, expected);
    assert_eq!(site.channels[1].target, Target::Sensor { machine: 0, sensor: 1, panel: 0, lane: 1 });
    assert_eq!(
        (site.channels[6].target, site.channels[6].unit.as_str()),
        (Target::Driver { machine: 1, driver: 0 }, "1")
    );
    assert_eq!(site.channels[9].target, Target::Mode { machine: 2 });
    assert_eq!(site.channels[0].unit, "degC");
}

#[test]
fn a_driver_that_a_block_makes_fed_becomes_a_channel() {
    let text = format!(
        "{HEAD}[[machine]]\nid = \"F-1\"\nkind = \"fan\"\nset = {{ \"drivers.air\" = {{ feed = \"air\" }} }}\n{FEED}"
    );
    let site = compiled("x.toml", &text).unwrap_or_else(|faults| panic!("{}", said(&faults)));
    let items: Vec<&str> = site.channels.iter().map(|channel| channel.name.item.as_str()).collect();
    assert_eq!(items, ["temp", "vibration", "load", "air", "mode"]);
}

#[test]
fn the_name_of_a_site_is_its_files() {
    for (file, name) in [
        ("/etc/twinwright/line-1.toml", "line-1"),
        ("line-1.site.toml", "line-1"),
        (r"sites\Linie 1.toml", "Linie-1"),
        ("line", "line"),
        ("...", "site"),
        ("", "site"),
        ("ü#+/../../x y.toml", "x-y"),
    ] {
        let text = format!("{HEAD}{MACHINES}{FEED}");
        assert_eq!(compiled(file, &text).map(|site| site.name), Ok(name.to_owned()), "{file}");
    }
}

#[test]
fn the_digest_follows_what_ticks_and_nothing_else() {
    let digest = |top: &str, rest: &str| site(top, rest).plan.digest;
    let plain = digest("", "");
    let outlet = "[outlet.mqtt.a]\nurl = \"mqtt://localhost\"\n[report.r]\nperiod = \"daily\"\n";
    let feed = "[feed.http.h]\nlisten = \"127.0.0.1:1\"\n";
    for (top, rest) in [
        ("title = \"t\"\npath = \"a/b\"\nstore = \"sqlite:x.db\"", ""),
        ("reorder = \"5 s\"", outlet),
        ("# note", feed),
    ] {
        assert_eq!(digest(top, rest), plain, "{top} {rest}");
    }
    let mut all = vec![plain];
    for (top, rest) in [
        ("tick = \"2 s\"", ""),
        ("", "[limits.temp]\nhigh = 61\n"),
        ("", "[detect]\nstuck = false\n"),
        ("", "[rule.a]\nwhen = \"finding temp.high\"\n"),
        ("", "[silence]\nbad = \"1 min\"\n"),
        ("", "[[link]]\nfrom = \"F-1\"\nto = \"F-2\"\nkind = \"feeds\"\n"),
    ] {
        all.push(digest(top, rest));
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 7, "each of these is another mirror");
}

#[test]
fn a_recording_moves_time_by_itself() {
    let replay = "[feed.replay.r]\npath = \"week.csv\"\n";
    let clock = |top: &str, feeds: &str| {
        let site = compiled("x.toml", &format!("{HEAD}{top}\n{MACHINES}{feeds}"));
        site.unwrap_or_else(|faults| panic!("{}", said(&faults))).time.clock
    };
    assert_eq!(clock("", replay), Clock::Source);
    assert_eq!(clock("clock = \"wall\"", replay), Clock::Wall);
    assert_eq!(clock("", &format!("{replay}{FEED}")), Clock::Wall);
    assert_eq!(clock("clock = \"source\"", FEED), Clock::Source);
}

#[test]
fn a_site_without_machines_is_one_only_if_it_takes_in_what_it_hears() {
    let text = |unknown: &str| format!("{HEAD}{FEED}unknown = \"{unknown}\"\n");
    assert!(said(&compiled("x.toml", &text("quarantine")).expect_err("no machine")).contains("[[machine]]"));
    let site = compiled("x.toml", &text("register")).unwrap_or_else(|faults| panic!("{}", said(&faults)));
    assert!(site.channels.is_empty() && site.feeds[0].register);
}

#[test]
fn machines_of_shipped_kinds_are_found() {
    let text = format!("{HEAD}[[machine]]\nid = \"C-1\"\nkind = \"screw-compressor\"\n{FEED}");
    let document = Document { name: "x.toml".to_owned(), text };
    let site = compile(&document, &Kinds::beside(Path::new("x.toml"), None), Time(0));
    let site = site.unwrap_or_else(|faults| panic!("{}", said(&faults)));
    let fed = site.channels.iter().filter(|channel| matches!(channel.target, Target::Driver { .. }));
    assert_eq!(fed.map(|channel| channel.name.item.as_str()).collect::<Vec<_>>(), ["extra"]);
}
