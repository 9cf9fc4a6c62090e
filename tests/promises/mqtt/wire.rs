//! What stands on the wire, byte by byte, and what is refused before anything goes there.

use super::{MILLISECOND, Row, deliver, manifest, outlet, refused};
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_tests::Scratch;
use twinwright_tests::servers::free_port;
use twinwright_tests::servers::mosquitto::{Mosquitto, Subscriber};

const ROWS: [Row; 4] = [
    (0, 0, 0, 21.7),
    (MILLISECOND + 999_999, 1, 1, -0.125),
    (1_000 * MILLISECOND, 0, 0, f32::NAN),
    (2_500_000_001, 0, 1, 80.0),
];

/// What a subscriber hears of [`ROWS`], sorted, with these options.
fn heard(options: &str, format: &str) -> (Vec<String>, [u64; 3]) {
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let subscriber = Subscriber::start(&broker, format);
    let url = format!("mqtt://127.0.0.1:{}?{options}", broker.port());
    let counted = deliver(&url, &manifest("acme/lyon", &["P-101", "P-102"]), &ROWS);
    (subscriber.all(), counted)
}

#[test]
fn a_reading_is_a_message_with_time_and_value_on_its_own_topic() {
    for (qos, acknowledged) in [(0, 0), (1, 4)] {
        let (lines, counted) = heard(&format!("qos={qos}"), "%q %t %p");
        let expected = [
            r#"acme/lyon/P-101/vibration {"timestamp_ms":1767225600000,"value":21.7}"#,
            r#"acme/lyon/P-102/temperature {"timestamp_ms":1767225600001,"value":-0.125}"#,
            r#"acme/lyon/P-101/vibration {"timestamp_ms":1767225601000,"value":null}"#,
            r#"acme/lyon/P-101/temperature {"timestamp_ms":1767225602500,"value":80.0}"#,
        ];
        assert_eq!(lines, expected.map(|line| format!("{qos} {line}")), "qos {qos}");
        assert_eq!(counted, [4, acknowledged, 0], "qos {qos}");
    }
}

#[test]
fn a_batch_is_an_array_of_one_machines_readings_in_order() {
    let (lines, counted) = heard("qos=1&batch=machine&batch_max=2", "%t %p");
    let expected = [
        "acme/lyon/P-101 [{\"sensor\":\"vibration\",\"timestamp_ms\":1767225600000,\"value\":21.7},\
         {\"sensor\":\"vibration\",\"timestamp_ms\":1767225601000,\"value\":null}]",
        "acme/lyon/P-101 [{\"sensor\":\"temperature\",\"timestamp_ms\":1767225602500,\"value\":80.0}]",
        "acme/lyon/P-102 [{\"sensor\":\"temperature\",\"timestamp_ms\":1767225600001,\"value\":-0.125}]",
    ];
    assert_eq!(lines, expected);
    assert_eq!(counted, [4, 4, 0]);
}

#[test]
fn templates_say_all_that_is_known_of_a_reading() {
    let options = "topic={scenario}/{kind}/{path}/{machine}-{sensor}\
        &payload={timestamp_ns};{time};{value};{quality};{machine};{sensor};{unit};{seq};{path};{fault};{}{{x-y}}";
    let (lines, _) = heard(options, "%t %p");
    let expected = "night-shift/pump/acme/lyon/P-101-vibration 1767225601000000000;2026-01-01T00:00:01.000Z;null;bad;\
                    P-101;vibration;mm/s;3;acme/lyon;drift+spike;{}{{x-y}}";
    assert_eq!(lines[2], expected);
    assert!(
        lines[3].contains(";2026-01-01T00:00:02.500000001Z;80.0;good;P-101;temperature;\"degC\";4;"),
        "{}",
        lines[3]
    );
}

#[test]
fn names_in_a_json_template_are_escaped_and_batches_take_a_template_for_each_reading() {
    let (lines, _) = heard("batch=machine&payload={\"u\":\"{unit}\",\"v\":{value}}", "%p");
    assert_eq!(lines[0], r#"[{"u":"mm/s","v":21.7},{"u":"mm/s","v":null},{"u":"\"degC\"","v":80.0}]"#);
}

#[test]
fn a_retained_message_waits_for_those_who_come_late() {
    let scratch = Scratch::new();
    let broker = Mosquitto::start(scratch.path(), "");
    let url = format!("mqtt://127.0.0.1:{}?retain=yes&qos=1", broker.port());
    deliver(&url, &manifest("", &["P-1"]), &ROWS[..1]);
    Subscriber::start(&broker, "%r %t %p").wait_for("1 P-1/vibration {\"timestamp_ms\":1767225600000,\"value\":21.7}");
}

#[test]
fn users_come_in_with_their_password_and_nobody_else() {
    let scratch = Scratch::new();
    let passwords = scratch.join("passwords");
    let made = std::process::Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(&passwords)
        .args(["ann", "s:e/c@t"])
        .status();
    assert!(made.expect("mosquitto_passwd starts").success());
    let broker = Mosquitto::start(scratch.path(), &format!("password_file {}", passwords.display()));
    let file = scratch.join("password");
    std::fs::write(&file, "s:e/c@t\nno more\n").expect("the folder can be written");
    let port = broker.port();
    let machines = manifest("acme", &["P-1"]);
    for url in [
        format!("mqtt://ann:s%3Ae%2Fc%40t@127.0.0.1:{port}?qos=1"),
        format!("mqtt://ann@127.0.0.1:{port}?qos=1&password_file={}", file.display()),
    ] {
        assert_eq!(deliver(&url, &machines, &ROWS[..1]), [1, 1, 0], "{url}");
    }
    for url in [
        format!("mqtt://ann:wr0ng@127.0.0.1:{port}"),
        format!("mqtt://127.0.0.1:{port}"),
        format!("mqtt://bob@127.0.0.1:{port}"),
    ] {
        let trouble = refused(&url);
        assert!(matches!(trouble, OutletTrouble::Lasting(_)), "{url}: {trouble:?}");
        let said = trouble.to_string();
        assert!(said.contains("the broker refuses") && said.contains(&port.to_string()), "{said}");
        assert!(!said.contains("wr0ng"), "{said}");
    }
}

#[test]
fn a_broker_that_is_not_there_may_come_yet() {
    let trouble = refused(&format!("mqtt://127.0.0.1:{}", free_port()));
    assert!(matches!(&trouble, OutletTrouble::Passing(why) if why.contains("refused")), "{trouble:?}");
    let trouble = refused("mqtt://no-such-host.invalid?timeout=5%20s");
    assert!(matches!(trouble, OutletTrouble::Passing(_)), "{trouble:?}");
}

/// What is said of options that cannot be.
fn said(options: &str, machines: &[&str]) -> String {
    match outlet(&format!("mqtt://ann:s3cret@host{options}"), &manifest("acme", machines)).err() {
        Some(OutletTrouble::Input(why)) => why,
        other => panic!("{options}: {other:?} instead of an input error"),
    }
}

#[test]
fn topics_that_no_broker_takes_are_refused_at_once() {
    for (options, expected) in [
        ("?topic=plant/%2B/{sensor}", "`+` as character 7"),
        ("?topic=plant/+/{sensor}", "character 7"),
        ("?topic=plant/#", "`#` as character 7"),
        ("?topic=$SYS/{sensor}", "`$` as its 1st character"),
        ("?topic=", "empty"),
        ("?topic=a//{sensor}", "level 2 is empty"),
        ("?topic=/a", "level 1 is empty"),
        ("?topic=a%00b", "character 2"),
        ("?topic={path}/{machin}", "did you mean `{machine}`?"),
        ("?topic={path}/{machine-id}", "brace"),
        ("?topic={path}/{sensor}&batch=machine", "`{sensor}` cannot stand"),
    ] {
        let said = said(options, &["P-1"]);
        assert!(said.contains(expected) && said.contains("topic"), "{options}: {said}");
    }
    let long = format!("?topic={}/{{machine}}", "x".repeat(65_530));
    assert!(said(&long, &["P-101"]).contains("65536 bytes"), "{}", said(&long, &["P-101"]).len());
    for machine in ["P/1", "P+1", "P#", "", "$SYS"] {
        let said = said("", &["P-1", machine]);
        assert!(said.contains(&format!("machine `{machine}`")), "{said}");
    }
}

#[test]
fn all_wrong_options_are_said_at_once_and_no_password_ever() {
    let said = said("?qos=2&batch=all&tpoic=x&payload={valu}&keep_alive=1%20ms&ca=x", &["P-1"]);
    for expected in ["qos: `2`", "batch: `all`", "did you mean `topic`?", "`{value}`?", "keep_alive", "`mqtts:`"] {
        assert!(said.contains(expected), "{expected} is not in {said}");
    }
    assert!(!said.contains("s3cret"), "{said}");
    for (url, expected) in [
        ("mqtt://", "host"),
        ("mqtt://host/topic", "nothing goes behind the host"),
        ("mqtt://host:99999", "port"),
        ("mqtt://:s3cret@host", "a password needs a user"),
        ("mqtt://ann@host?password_env=NOBODY_SET_THIS", "NOBODY_SET_THIS"),
        ("mqtts://[::1]", "certificate"),
        ("mqtts://host?ca=/no/such/file", "/no/such/file"),
        ("mqtts://host?cert=x", "go together"),
        ("mqtt://host?batch_max=5", "batch=machine"),
        ("mqtt://host?client_id=", "client_id"),
        ("mqtt://host?payload=", "payload"),
    ] {
        let trouble = outlet(url, &manifest("acme", &["P-1"])).err();
        let trouble = trouble.unwrap_or_else(|| panic!("{url} is taken"));
        assert!(matches!(&trouble, OutletTrouble::Input(why) if why.contains(expected)), "{url}: {trouble:?}");
        assert!(!trouble.to_string().contains("s3cret"), "{trouble}");
    }
}
