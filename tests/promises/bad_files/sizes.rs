//! Files of hostile size: each ends in a clear answer, soon and in bounded memory.
//!
//! Measured: at most 2 s and 200 MiB. The limits here are loose, so that a slow or busy computer passes: 20 s, and an
//! address space of 600,000 KiB, which bounds what is resident wherever pages are counted.

use std::process::{Command, Output};
use std::time::{Duration, Instant};
use twinwright_tests::{Scratch, program, said};

const MACHINE: &str = "schema = \"machine/1\"\nkind = \"big\"\n";
const SENSOR: &str = "[sensors.a]\nvalue = 1\n";
const SCENARIO: &str = "schema = \"scenario/1\"\ntitle = \"t\"\nstart = \"2026-01-01T00:00:00Z\"\nduration = \"2 d\"\n\
                        tick = \"1 min\"\n[[machine]]\nid = \"P-1\"\nkind = \"cmp\"\n";

/// Checks a file in a process that may not take more memory than the limit.
fn check(text: &str) -> Output {
    let scratch = Scratch::new();
    let file = scratch.write("hostile.toml", text);
    let begin = Instant::now();
    let output = Command::new("sh")
        .args(["-c", "ulimit -v 600000; exec \"$0\" check \"$1\""])
        .arg(program())
        .arg(file)
        .output()
        .expect("a shell starts");
    assert!(begin.elapsed() < Duration::from_secs(20), "this took {:?}", begin.elapsed());
    output
}

/// It is refused, and the answer says so in these words.
fn refused(text: &str, words: &str) {
    let output = check(text);
    let said = said(&output);
    let start: String = said.chars().take(400).collect();
    assert_eq!(output.status.code(), Some(2), "exit code, after: {start}");
    assert!(said.contains(words), "`{words}` is not in: {start}");
}

/// It is fine, however large.
fn fine(text: &str) {
    let output = check(text);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn a_line_of_a_hundred_megabytes_is_too_long() {
    refused(&format!("{MACHINE}title = \"{}\"\n{SENSOR}", "a".repeat(100_000_000)), "too long");
}

#[test]
fn a_line_as_long_as_a_file_may_be_is_read() {
    fine(&format!("{MACHINE}title = \"{}\"\n{SENSOR}", "a".repeat(2_000_000)));
    refused(&format!("{MACHINE}{SENSOR}{} = 1\n", "a".repeat(2_000_000)), "is not known here");
}

#[test]
fn a_hundred_thousand_tables_are_refused_at_their_places() {
    refused(&format!("{SCENARIO}{}", "[[at]]\n".repeat(100_000)), "and at least");
    refused(
        &format!("{SCENARIO}{}", "[[at]]\nwhen=\"P-1.x>1\"\nset={q=1}\n".repeat(65_000)),
        "there is no `P-1.x` here",
    );
    refused(&format!("{SCENARIO}{}", "[[fault.trip]]\nmachine=\"q\"\n".repeat(70_000)), "there is no machine `q`");
    let sensors: String = (0..84_000).map(|i| format!("[sensors.s{i}]\nvalue=1\n")).collect();
    refused(&format!("{MACHINE}{sensors}"), "too-many");
    let sensors: String = (0..100_000).map(|i| format!("[sensors.s{i}]\nvalue = 1\n")).collect();
    refused(&format!("{MACHINE}{sensors}"), "too long");
}

#[test]
fn a_hundred_thousand_levels_are_too_deep() {
    let deep = 100_000;
    refused(&format!("{MACHINE}x = {}{}\n", "[".repeat(deep), "]".repeat(deep)), "recurs");
    refused(&format!("{MACHINE}x = {}1{}\n", "{a=".repeat(deep), "}".repeat(deep)), "recurs");
    refused(&format!("{MACHINE}{} = 1\n", vec!["a"; deep].join(".")), "too deep");
    let expr = format!("{}1{}", "(".repeat(deep), ")".repeat(deep));
    refused(&format!("{MACHINE}[sensors.a]\nvalue = \"{expr}\"\n"), "too-long");
}

#[test]
fn ranges_that_no_plant_has_are_refused() {
    let range = |id: &str| SCENARIO.replace("P-1", id);
    refused(&range("P-{1..999999999}"), "999999999 machines");
    refused(&range("P-{1..99999999999999999999}"), "not a whole number");
    refused(&range(&"{1..1}".repeat(100_000)), "more than any id");
    refused(&range(&format!("P-{{{}1..500000}}", "0".repeat(100_000))), "more than any id");
    let all = "[[fault.trip]]\nmachine=\"P-{1..99999}\"\nstart=\"+1 d\"\n".repeat(35_000);
    refused(&format!("{}{all}", range("P-{1..99999}")), "too many machines are named");
}

#[test]
fn a_million_machines_in_one_block_are_fine() {
    fine(&SCENARIO.replace("P-1", "P-{1..1000000}"));
}

#[test]
fn tens_of_thousands_of_blocks_share_what_they_have_in_common() {
    let blocks: String = (0..50_000).map(|i| format!("[[machine]]\nid=\"a{i}\"\nkind=\"cmp\"\n")).collect();
    fine(&format!("{SCENARIO}{blocks}"));
}

#[test]
fn a_billion_years_and_a_year_of_nanoseconds_are_refused() {
    refused(&SCENARIO.replace("2 d", "365.25e9 d"), "is too long");
    refused(&SCENARIO.replace("2 d", "365 d").replace("1 min", "1 ns"), "31536000000000000 ticks");
}

#[test]
fn a_million_syntax_errors_end_early() {
    refused(&"=\n".repeat(1_000_000), "500 faults found");
    refused(&"=".repeat(2_000_000), "[syntax]");
    refused(&format!("{MACHINE}x=[{}]\n", "1,".repeat(1_000_000)), "`x` is not known here");
}

#[test]
fn a_machine_that_outgrows_its_tables_is_refused() {
    let terms = |i: usize| (100..200).map(|j| format!("load^{i}.{j}")).collect::<Vec<_>>().join("+");
    let sensors: String = (0..200).map(|i| format!("[sensors.s{i}]\nvalue=\"{}\"\n", terms(i))).collect();
    refused(&format!("{MACHINE}[drivers]\nload=1\n{sensors}"), "this kind is too large");
    let panels: String = (1..=300).map(|i| format!("[sensors.s{i}]\nvalue=1\nevery=\"{i} s\"\n")).collect();
    refused(&format!("{MACHINE}{panels}"), "this kind is too large");
    let drivers: String = (0..2000).map(|i| format!("d{i}={{duty=\"d\"}}\n")).collect();
    let duty = format!("[duty.d]\ncycle=[{}]\n", "{for=\"1 h\"},".repeat(100_000));
    refused(&format!("{MACHINE}{SENSOR}[drivers]\n{drivers}{duty}"), "100000 phases for 2000 drivers");
}

#[test]
fn machines_that_each_draw_their_own_sensors_are_bounded() {
    let kind = "set = { \"sensors.platen_speed.noise\" = { sd = { uniform = [1, 2] } } }\n";
    let plant = |count: u32| format!("{}{kind}", SCENARIO.replace("P-1", &format!("P-{{1..{count}}}")));
    fine(&plant(1_000));
    refused(&plant(20_000), "20000 are too many");
}

#[test]
fn sites_that_would_fill_the_memory_are_refused() {
    let site = |machines: u32, rest: &str| {
        format!(
            "schema = \"site/1\"\n[[machine]]\nid = \"P-{{1..{machines}}}\"\nkind = \"cmp\"\n\
             [feed.mqtt.a]\nurl = \"mqtt://localhost\"\ntopic = \"a/{{machine}}/{{sensor}}\"\n{rest}"
        )
    };
    refused(&site(1_000_000, ""), "at most 1000000");
    let rules = |when: &str| (0..20_000).map(|n| format!("[rule.r{n}]\nwhen = \"{when}\"\n")).collect::<String>();
    refused(&site(5_000, &rules("finding *.stuck")), "concern too many machines");
    refused(&site(5_000, &rules("running > 0.5")), "concern too many machines");
    refused(&site(5_000, &rules("finding nothing.stuck")), "no sensor `nothing`");
    let names: String = (0..40_000).map(|n| format!("\"TT-{n}\" = \"P-9999.x\"\n")).collect();
    refused(&site(5_000, &format!("[feed.mqtt.a.names]\n{names}")), "there is no machine `P-9999`");
    let topics = "\"{machine}/{machine}\", ".repeat(50_000);
    refused(&site(1, &format!("[feed.mqtt.b]\nurl = \"mqtt://localhost\"\ntopic = [{topics}]\n")), "stands twice");
    fine(&site(5_000, ""));
}
