//! Line protocol.

use super::{ARRIVAL, given, plan, reader, reasons};
use crate::feeds::chance::Chance;
use crate::feeds::lineprotocol::{self, Precision};
use crate::feeds::reading::{Batch, MOST_READINGS, Message};
use twinwright_model::Quality::{Bad, Good, Uncertain};
use twinwright_model::live::Reason;

fn read(precision: &str, body: &[u8]) -> Batch {
    let plan = plan(|plan| plan.mapping.names = vec![("host9/usage".into(), "P-102.flow".into())]);
    let (mut reader, _) = reader(&plan);
    let mut batch = Batch::default();
    let message = Message { origin: "/write", arrived: ARRIVAL, body };
    reader.open(&message, &mut batch);
    lineprotocol::read(Precision::of(precision).unwrap(), &message, &mut reader, &mut batch);
    reader.close(&mut batch);
    batch
}

#[test]
fn lines_are_readings_in_every_shape_that_sources_use() {
    for (precision, line, expected) in [
        ("", "readings,machine=P-101,sensor=vibration value=2.31 1767225600000000001", vec![(1, 1, "2.31", Good)]),
        (
            "ms",
            "readings,machine=P-101,sensor=vibration value=22.0,quality=\"uncertain\" 1767225600001",
            vec![(1, 1_000_000, "22", Uncertain)],
        ),
        ("", "readings,machine=P-101,sensor=vibration quality=\"bad\" 1767225600000000000", vec![(1, 0, "NaN", Bad)]),
        (
            "s",
            "pump,machine=P-101 bearing_temp=40,vibration=3i,mode=\"idle\" 1767225600",
            vec![(0, 0, "40", Good), (1, 0, "3", Good), (2, 0, "1", Good)],
        ),
        ("s", "bearing_temp,site=lyon,tool=P-102 value=41 1767225600", vec![(3, 0, "41", Good)]),
        ("s", "cpu,host=host9 usage=7u 1767225600", vec![(4, 0, "7", Good)]),
        ("s", "pump,machine=P-101,unit=in/s vibration=1 1767225600", vec![(1, 0, "25.4", Good)]),
        ("h", "pump,machine=P-101 vibration=t 490896", vec![(1, 0, "1", Good)]),
        ("", "pump,machine=P-101 vibration=1", vec![(1, 5_000_000_000, "1", Good)]),
        ("s", "# a remark\n\n  pump,machine=P-101 vibration=1 1767225600\r\n", vec![(1, 0, "1", Good)]),
    ] {
        let batch = read(precision, line.as_bytes());
        let expected: Vec<_> = expected.into_iter().map(|(c, t, v, q)| (c, t, v.to_owned(), q)).collect();
        assert_eq!((given(&batch.readings), reasons(&batch)), (expected, vec![]), "{line}");
    }
}

#[test]
fn escapes_are_taken_as_the_protocol_has_them() {
    let body = br#"my\,pump\ 1,machine=P\ 101\,\=,note=a\b value="x \"y\" \\ z",other=1 1"#;
    let batch = read("", body);
    assert_eq!(reasons(&batch), [Reason::UnknownMachine, Reason::UnknownMachine]);
    assert!(batch.refusals[0].detail.contains("`P 101,=`"), "{}", batch.refusals[0].detail);
}

#[test]
fn a_broken_line_costs_no_neighbour_and_says_where_it_is() {
    let good = "pump,machine=P-101 vibration=1 1767225600000000000\n";
    for (line, reason) in [
        ("pump", Reason::Broken),
        ("pump,machine=P-101", Reason::Broken),
        ("pump,machine= vibration=1", Reason::Broken),
        (",machine=P-101 vibration=1", Reason::Broken),
        ("pump,machine=P-101 vibration=", Reason::Broken),
        ("pump,machine=P-101 vibration=one", Reason::Broken),
        ("pump,machine=P-101 vibration=\"1", Reason::Broken),
        ("pump,machine=P-101 vibration=1 now", Reason::WrongTime),
        ("pump,machine=P-101 vibration=1 -1", Reason::WrongTime),
        ("pump,machine=P-101 vibration=1 9223372036854775808", Reason::WrongTime),
        ("pump,machine=P-101 vibration=1 1 1", Reason::Broken),
        ("pump,machine=P-101 vibration=\"text\" 1767225600000000000", Reason::WrongType),
        ("pump vibration=1 1767225600000000000", Reason::UnknownMachine),
    ] {
        let batch = read("", format!("{good}{line}\n{good}").as_bytes());
        assert_eq!((batch.readings.len(), reasons(&batch)), (2, vec![reason]), "{line}");
        let refusal = &batch.refusals[0];
        assert!(refusal.payload == line.as_bytes(), "{line}");
        assert!(
            reason == Reason::WrongType || reason == Reason::UnknownMachine || refusal.detail.starts_with("line 2: ")
        );
    }
}

#[test]
fn a_long_body_ends_where_a_message_ends() {
    let line = "pump,machine=P-101 vibration=1 1767225600000000000\n";
    let batch = read("", line.repeat(MOST_READINGS + 100).as_bytes());
    assert_eq!((batch.readings.len(), reasons(&batch)), (MOST_READINGS, vec![Reason::TooLong]));
    let batch = read("", "x\n".repeat(100_000).as_bytes());
    assert_eq!(batch.refusals.len(), 32);
    assert!(batch.refusals[31].detail.ends_with("99968 more parts of this message are refused"));
}

#[test]
fn no_line_makes_it_stumble() {
    let seeds = [
        r#"my\,pump,machine=P-101,note=a\ b value="x \"y\" \\ z",vibration=1i,mode="idle" 1767225600000000000"#,
        "pump,machine=P-101,sensor=vibration value=2.5,quality=\"bad\" 1767225600000000000\npump,machine=P-102 flow=t",
    ];
    let (mut chance, mut taken) = (Chance::new(11), 0);
    let plan = plan(|_| {});
    let (mut reader, _) = reader(&plan);
    for case in 0..200_000 {
        let body = chance.mangled(seeds[case % 2].as_bytes(), br#", ="\ntf0i19.-#"#);
        let mut batch = Batch::default();
        let message = Message { origin: "/write", arrived: ARRIVAL, body: &body };
        reader.open(&message, &mut batch);
        lineprotocol::read(Precision::NANOSECONDS, &message, &mut reader, &mut batch);
        taken += batch.readings.len();
        assert!(batch.readings.iter().all(|reading| reading.time.0 >= 0));
    }
    assert!(taken > 50_000, "{taken}");
}
