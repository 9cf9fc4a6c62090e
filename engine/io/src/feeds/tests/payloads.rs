//! JSON messages.

use super::{ARRIVAL, Given, START, given, plan, read_json, reader, reasons};
use crate::feeds::chance::Chance;
use crate::feeds::payload::{self, Origin, PayloadMap};
use crate::feeds::reading::{Batch, MOST_READINGS, Message};
use std::time::Instant;
use twinwright_model::Quality::{self, Bad, Good, Substitute, Uncertain};
use twinwright_model::feeds::Payload;
use twinwright_model::live::Reason;

const ARRIVED: i64 = ARRIVAL.0 - START;

fn pointers(pairs: &[(&str, &str)]) -> Payload {
    let mut payload = Payload::default();
    for (part, pointer) in pairs {
        let slot = match *part {
            "list" => &mut payload.list,
            "value" => &mut payload.value,
            "time" => &mut payload.time,
            "quality" => &mut payload.quality,
            "unit" => &mut payload.unit,
            "machine" => &mut payload.machine,
            "sensor" => &mut payload.sensor,
            _ => &mut payload.values,
        };
        *slot = Some((*pointer).to_owned());
    }
    payload
}

fn one(channel: u32, time: i64, value: &str, quality: Quality) -> Vec<Given> {
    vec![(channel, time, value.to_owned(), quality)]
}

#[test]
fn a_message_is_a_reading_whatever_its_value_is_written_as() {
    let names = (Some("P-101"), Some("vibration"));
    for (body, expected) in [
        (r#"{"timestamp_ms":1767225600250,"value":2.31}"#, one(1, 250_000_000, "2.31", Good)),
        (r#"{"value":-1e-3,"timestamp_ms":1767225600000,"more":{"a":[1,2,{}]}}"#, one(1, 0, "-0.001", Good)),
        (
            r#"{"timestamp_ms":"2026-01-01T00:00:01Z","value":"2.5","quality":"uncertain"}"#,
            one(1, 1_000_000_000, "2.5", Uncertain),
        ),
        (r#"{"timestamp_ms":1767225600,"value":true,"quality":3}"#, one(1, 0, "1", Substitute)),
        (r#"{"timestamp_ms":1767225600,"value":"off"}"#, one(1, 0, "0", Good)),
        (r#"{"timestamp_ms":1767225600,"value":null}"#, one(1, 0, "NaN", Bad)),
        (r#"{"timestamp_ms":1767225600,"value":NaN}"#, one(1, 0, "NaN", Bad)),
        (r#"{"timestamp_ms":1767225600,"value":-Infinity,"quality":"good"}"#, one(1, 0, "NaN", Bad)),
        (r#"{"timestamp_ms":1767225600,"value":1e999}"#, one(1, 0, "NaN", Bad)),
        (r#"{"timestamp_ms":1767225600,"value":"inf"}"#, one(1, 0, "NaN", Bad)),
        (r#"{"timestamp_ms":1767225600,"value":""}"#, one(1, 0, "NaN", Bad)),
        (r#"{"timestamp_ms":1767225600,"quality":"bad"}"#, one(1, 0, "NaN", Bad)),
        (r#"{"timestamp_ms":1767225600,"value":1,"value":2}"#, one(1, 0, "2", Good)),
        (r#"{"timestamp_ms":1767225600,"v\u0061lue":7}"#, one(1, 0, "7", Good)),
        (r#"{"timestamp_ms":1767225600,"value":1,"unit":"in/s"}"#, one(1, 0, "25.4", Good)),
        (r#"{"value":1}"#, one(1, ARRIVED, "1", Good)),
        ("23.5", one(1, ARRIVED, "23.5", Good)),
        (" \"23.5\"\n", one(1, ARRIVED, "23.5", Good)),
        ("null", one(1, ARRIVED, "NaN", Bad)),
        ("NaN", one(1, ARRIVED, "NaN", Bad)),
        ("OFF", one(1, ARRIVED, "0", Good)),
    ] {
        let batch = read_json(&Payload::default(), &plan(|_| {}), names, body.as_bytes());
        assert_eq!((given(&batch.readings), reasons(&batch)), (expected, vec![]), "{body}");
    }
}

#[test]
fn what_is_no_reading_is_put_aside_with_its_reason() {
    let timed = pointers(&[("value", "/value"), ("time", "/t"), ("quality", "/q"), ("unit", "/u")]);
    for (names, body, reason) in [
        (("P-101", "vibration"), &b"{\"value\":1}"[..], Reason::NoTime),
        (("P-101", "vibration"), b"{\"value\":1,\"t\":null}", Reason::NoTime),
        (("P-101", "vibration"), b"{\"value\":1,\"t\":\"yesterday\"}", Reason::WrongTime),
        (("P-101", "vibration"), b"{\"value\":1,\"t\":{}}", Reason::WrongTime),
        (("P-101", "vibration"), b"{\"value\":1,\"t\":-5}", Reason::WrongTime),
        (("P-101", "vibration"), b"{\"t\":1767225600}", Reason::NoValue),
        (("P-101", "vibration"), b"{\"t\":1767225600,\"value\":[1]}", Reason::WrongType),
        (("P-101", "vibration"), b"{\"t\":1767225600,\"value\":\"12,5\"}", Reason::WrongType),
        (("P-101", "vibration"), b"{\"t\":1767225600,\"value\":1,\"q\":\"so so\"}", Reason::WrongQuality),
        (("P-101", "vibration"), b"{\"t\":1767225600,\"value\":1,\"u\":\"degC\"}", Reason::WrongUnit),
        (("P-101", "speed"), b"{\"t\":1767225600,\"value\":1}", Reason::UnknownSensor),
        (("P-999", "vibration"), b"{\"t\":1767225600,\"value\":1}", Reason::UnknownMachine),
        (("..", "vibration"), b"{\"t\":1767225600,\"value\":1}", Reason::WrongName),
        (("P-101", ""), b"{\"t\":1767225600,\"value\":1}", Reason::WrongName),
        (("P-101", "a\0b"), b"{\"t\":1767225600,\"value\":1}", Reason::WrongName),
        (("P-101", "mode"), b"{\"t\":1767225600,\"value\":\"asleep\"}", Reason::WrongType),
        (("P-101", "mode"), b"{\"t\":1767225600,\"value\":6}", Reason::WrongType),
        (("P-101", "vibration"), b"", Reason::NoValue),
        (("P-101", "vibration"), b" \n", Reason::NoValue),
        (("P-101", "vibration"), b"{\"value\":1", Reason::Broken),
        (("P-101", "vibration"), b"{\"value\":1}}", Reason::Broken),
        (("P-101", "vibration"), b"\xff\xfe", Reason::Broken),
        (("P-101", "vibration"), b"<xml/>", Reason::Broken),
        (("P-101", "vibration"), b"hello", Reason::WrongType),
    ] {
        let batch = read_json(&timed, &plan(|_| {}), (Some(names.0), Some(names.1)), body);
        let said = String::from_utf8_lossy(body);
        assert_eq!((given(&batch.readings), reasons(&batch)), (vec![], vec![reason]), "{names:?} {said}");
        assert!(!batch.refusals[0].detail.is_empty() && batch.refusals[0].feed == "http.test", "{said}");
    }
}

#[test]
fn lists_and_panels_are_many_readings_and_one_bad_part_costs_no_other() {
    let at = |channel: u32, value: &str| (channel, 0, value.to_owned(), Good);
    let wrapped =
        pointers(&[("list", "/d/0/all"), ("value", "/v"), ("time", "/t"), ("sensor", "/s"), ("machine", "/m")]);
    let panel = pointers(&[("values", "/values"), ("time", "/at/ms"), ("machine", "/m~1c")]);
    let same = Payload::default();
    for (payload, machine, body, expected, refused) in [
        (
            &same,
            Some("P-101"),
            r#"[{"sensor":"bearing_temp","timestamp_ms":1767225600,"value":1},
                {"sensor":"vibration","timestamp_ms":1767225600,"value":2},7,{"sensor":"none","value":1}]"#,
            vec![at(0, "1"), at(1, "2")],
            vec![Reason::WrongType, Reason::UnknownSensor],
        ),
        (
            &wrapped,
            None,
            r#"{"d":[{"all":[{"s":"flow","v":1},{"s":"flow","v":2,"t":1767225600,"m":"P-102"}]}],"m":"P-102","t":1767225600}"#,
            vec![at(4, "1"), at(4, "2")],
            vec![],
        ),
        (
            &panel,
            None,
            r#"{"values":{"bearing_temp":1,"vibration":{"x":1},"flow":2},"at":{"ms":1767225600000},"m/c":"P-101"}"#,
            vec![at(0, "1")],
            vec![Reason::WrongType, Reason::UnknownSensor],
        ),
        (&panel, None, r#"{"values":[1],"at":{"ms":1767225600000},"m/c":"P-101"}"#, vec![], vec![Reason::WrongType]),
        (&wrapped, None, r#"{"d":[{"all":{}}]}"#, vec![], vec![Reason::WrongType]),
        (&same, Some("P-101"), "[]", vec![], vec![]),
        // What breaks off is not believed at all.
        (
            &same,
            Some("P-101"),
            r#"[{"sensor":"bearing_temp","timestamp_ms":1767225600,"value":1},{"sensor":"#,
            vec![],
            vec![Reason::Broken],
        ),
    ] {
        let batch = read_json(payload, &plan(|_| {}), (machine, None), body.as_bytes());
        assert_eq!((given(&batch.readings), reasons(&batch)), (expected, refused), "{body}");
    }
}

#[test]
fn names_units_and_modes_are_the_sites_own() {
    let plan = plan(|plan| {
        plan.mapping.names = vec![("TT-4711".into(), "P-101.bearing_temp".into()), ("plc/*".into(), "P-102.*".into())];
        plan.mapping.units = vec![("bearing_temp".into(), "degF".into())];
    });
    let read = |names, body: &str| given(&read_json(&Payload::default(), &plan, names, body.as_bytes()).readings);
    let boiling = read((None, Some("TT-4711")), "212");
    assert!(boiling[0].0 == 0 && (boiling[0].2.parse::<f64>().unwrap() - 100.0).abs() < 1e-12, "{boiling:?}");
    assert_eq!(read((Some("plc"), Some("flow")), "5"), one(4, ARRIVED, "5", Good));
    assert_eq!(read((Some("P-101"), Some("bearing_temp")), r#"{"value":300,"unit":"K"}"#), {
        let kelvin: f64 = 300.0 - 273.15;
        one(0, ARRIVED, &kelvin.to_string(), Good)
    });
    for (text, code) in [("running", "0"), ("Idle", "1"), ("failed", "3"), ("SDT", "2"), ("\"nst\"", "4"), ("5", "5")] {
        assert_eq!(read((Some("P-101"), Some("mode")), text), one(2, ARRIVED, code, Good), "{text}");
    }
}

#[test]
fn what_nobody_knows_becomes_a_channel_where_that_is_asked_for() {
    let plan = plan(|plan| plan.register = true);
    let map = PayloadMap::new(&Payload::default()).unwrap();
    let (mut reader, directory) = reader(&plan);
    let mut batch = Batch::default();
    for (machine, body) in
        [("X-1", r#"{"value":1,"unit":"bar"}"#), ("X-1", r#"{"value":2,"unit":"kPa"}"#), ("a/b", "3")]
    {
        let message = Message { origin: "t", arrived: ARRIVAL, body: body.as_bytes() };
        reader.open(&message, &mut batch);
        map.read(
            &Origin { machine: Some(machine), sensor: Some("p"), target: None },
            &message,
            &mut reader,
            &mut batch,
        );
    }
    assert_eq!(given(&batch.readings).iter().map(|g| (g.0, g.2.as_str())).collect::<Vec<_>>(), [(5, "1"), (5, "0.02")]);
    assert_eq!(reasons(&batch), [Reason::WrongName]);
    let newcomers = directory.take_newcomers();
    assert_eq!((newcomers.len(), newcomers[0].unit.as_str()), (1, "bar"));
}

#[test]
fn hostile_messages_are_bounded_in_time_and_in_what_is_kept() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let keys: String = (0..1_000_000).map(|key| format!("\"k{key}\":0,")).collect();
    let panel = format!("{{\"values\":{{{}\"x\":1}}}}", keys);
    let readings = format!("[{}1]", "{\"sensor\":\"vibration\",\"value\":1},".repeat(MOST_READINGS + 1));
    let junk = format!("[{}1]", "1,".repeat(5_000));
    let many = pointers(&[("values", "/values")]);
    let usual = Payload::default();
    for (payload, body, reason) in [
        (&usual, deep, Reason::Broken),
        (&usual, format!("{{{keys}\"value\":\"x\"}}"), Reason::UnknownSensor),
        (&many, panel, Reason::TooLong),
        (&usual, readings, Reason::TooLong),
        (&usual, junk, Reason::WrongType),
        (&usual, format!("{{\"value\":\"{}\"}}", "9".repeat(1 << 20)), Reason::WrongName),
        (&usual, format!("{{\"value\":{}}}", "9".repeat(1 << 20)), Reason::WrongName),
    ] {
        let begun = Instant::now();
        let machine = if reason == Reason::WrongName { "n".repeat(65_536) } else { "P-101".to_owned() };
        let batch = read_json(payload, &plan(|_| {}), (Some(&machine), None), body.as_bytes());
        assert_eq!((batch.readings.len(), batch.refusals.first().map(|r| r.reason)), (0, Some(reason)));
        let kept: usize = batch.refusals.iter().map(|r| r.payload.len() + r.origin.len() + r.detail.len()).sum();
        assert!(batch.refusals.len() <= 32 && kept < 200_000, "{} refusals, {kept} bytes", batch.refusals.len());
        // Far above what a busy machine needs; an endless loop is what this finds.
        assert!(begun.elapsed().as_secs() < 30);
    }
}

#[test]
fn a_body_of_lines_is_told_from_one_document() {
    for (body, lines) in [
        ("{\"a\":1}\n{\"a\":2}\n\n", Some(2)),
        ("1\n2", Some(2)),
        ("{\"a\":1}\nbroken", Some(2)),
        ("{\n\"a\":1}\n", None),
        ("{\"a\":1}\n", None),
        ("[1,\n2]", None),
        ("", None),
    ] {
        assert_eq!(payload::lines(body.as_bytes()).map(Iterator::count), lines, "{body}");
    }
}

#[test]
fn no_message_makes_it_stumble() {
    let maps = [
        (
            Payload::default(),
            r#"[{"sensor":"vibration","timestamp_ms":1767225600250,"value":2.31,"unit":"m/s"},{"value":"x"}]"#,
        ),
        (
            pointers(&[("values", "/v"), ("time", "/t"), ("machine", "/m")]),
            r#"{"v":{"vibration":1,"mode":"idle"},"t":"2026-01-01T00:00:00Z","m":"P-101"}"#,
        ),
        (
            pointers(&[("list", "/l/0"), ("value", "/v"), ("quality", "/q/0")]),
            r#"{"l":[[{"v":1,"q":["good"]},{"v":null}]]}"#,
        ),
    ]
    .map(|(payload, seed)| (PayloadMap::new(&payload).unwrap(), seed));
    let plan = plan(|_| {});
    let (mut reader, _) = reader(&plan);
    let (mut chance, mut taken) = (Chance::new(10), 0);
    for case in 0..200_000 {
        let (map, seed) = &maps[case % maps.len()];
        let body = chance.mangled(seed.as_bytes(), br#"{}[]",:0e8-.NIntf"#);
        let mut batch = Batch::default();
        let message = Message { origin: "t", arrived: ARRIVAL, body: &body };
        reader.open(&message, &mut batch);
        map.read(&Origin { machine: Some("P-101"), sensor: None, target: None }, &message, &mut reader, &mut batch);
        reader.close(&mut batch);
        for reading in &batch.readings {
            assert!(reading.value.is_finite() || (reading.value.is_nan() && reading.quality == Bad), "{reading:?}");
        }
        taken += batch.readings.len();
    }
    assert!(taken > 50_000, "{taken}");
}
