//! What a broker sends, cut out of the bytes that came. Nothing is copied, and nothing longer than allowed is ever kept: of such a
//! message the topic, the number and the beginning are told, and the rest is passed over as it comes.
//!
//! The client library ends a connection where a message is too long. The broker keeps that message for us and sends it first
//! whenever we come back, so a single one would stand in the way of all others for ever.

use crate::feeds::tally::KEPT_PAYLOAD;

/// A message that somebody published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Publish<'a> {
    pub(super) topic: &'a [u8],
    /// At QoS 1: what its acknowledgement names.
    pub(super) packet: Option<u16>,
    pub(super) payload: &'a [u8],
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Publish(Publish<'a>),
    /// Longer than allowed; `payload` is its beginning, and so many bytes are still to come.
    TooLong {
        publish: Publish<'a>,
        length: usize,
        to_come: usize,
    },
    /// What each filter was granted.
    Granted(&'a [u8]),
    /// Nothing that matters here.
    Other,
}

/// The next frame and how many bytes it took; None when more must come first.
pub(super) fn next(bytes: &[u8], longest: usize) -> Result<Option<(Frame<'_>, usize)>, String> {
    let Some((length, header)) = length(bytes)? else { return Ok(None) };
    let (kind, total) = (bytes[0] >> 4, header + length);
    if total > longest {
        return too_long(bytes, header, length);
    }
    let Some(body) = bytes.get(header..total) else { return Ok(None) };
    let frame = match kind {
        3 => Frame::Publish(publish(bytes[0], body)?),
        9 => Frame::Granted(body.get(2..).unwrap_or_default()),
        4..=7 | 11 | 13 => Frame::Other,
        _ => return Err(format!("the other side sent packet {kind}, which no broker sends")),
    };
    Ok(Some((frame, total)))
}

/// The remaining length, and how many bytes stand before what it counts.
fn length(bytes: &[u8]) -> Result<Option<(usize, usize)>, String> {
    let mut length = 0;
    for place in 0..4 {
        let Some(byte) = bytes.get(1 + place) else { return Ok(None) };
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok(Some((length, 2 + place)));
        }
    }
    Err("what came is no MQTT: a length without end".to_owned())
}

fn publish(first: u8, body: &[u8]) -> Result<Publish<'_>, String> {
    let broken = || "what came is no MQTT: a message that is shorter than its topic".to_owned();
    let (topic, rest) = body.split_first_chunk::<2>().ok_or_else(broken)?;
    let (topic, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*topic))).ok_or_else(broken)?;
    if first & 0b110 == 0 {
        return Ok(Publish { topic, packet: None, payload: rest });
    }
    let (packet, payload) = rest.split_first_chunk::<2>().ok_or_else(broken)?;
    Ok(Publish { topic, packet: Some(u16::from_be_bytes(*packet)), payload })
}

/// Only messages may be long; of one so much is waited for as is kept of it.
fn too_long(bytes: &[u8], header: usize, length: usize) -> Result<Option<(Frame<'_>, usize)>, String> {
    if bytes[0] >> 4 != 3 {
        return Err("what came is no MQTT: a long packet that is no message".to_owned());
    }
    let Some(topic) = bytes.get(header..header + 2) else { return Ok(None) };
    let head = 2 + usize::from(u16::from_be_bytes([topic[0], topic[1]])) + 2;
    let wanted = length.min(head + KEPT_PAYLOAD);
    let Some(beginning) = bytes.get(header..header + wanted) else { return Ok(None) };
    let publish = publish(bytes[0], beginning)?;
    Ok(Some((Frame::TooLong { publish, length, to_come: length - wanted }, header + wanted)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::chance::Chance;
    use bytes::BytesMut;

    fn written(topic: &str, payload: &[u8], packet: u16) -> Vec<u8> {
        let qos = if packet == 0 { rumqttc::QoS::AtMostOnce } else { rumqttc::QoS::AtLeastOnce };
        let mut publish = rumqttc::Publish::new(topic, qos, payload);
        publish.pkid = packet;
        let mut bytes = BytesMut::new();
        publish.write(&mut bytes).unwrap();
        bytes.to_vec()
    }

    #[test]
    fn messages_come_out_as_another_program_wrote_them_however_they_are_cut() {
        for (topic, payload, packet) in [("a", &b""[..], 0), ("plant/P-1/s", b"23.5", 7), ("t", &[9; 40_000], 65_535)] {
            let bytes = written(topic, payload, packet);
            let expected = Publish { topic: topic.as_bytes(), packet: (packet > 0).then_some(packet), payload };
            assert_eq!(next(&bytes, 1 << 18), Ok(Some((Frame::Publish(expected), bytes.len()))));
            for end in [0, 1, 2, bytes.len() - 1] {
                assert_eq!(next(&bytes[..end], 1 << 18), Ok(None), "{topic} cut at {end}");
            }
        }
        assert_eq!(next(&[0xd0, 0, 1], 100), Ok(Some((Frame::Other, 2))));
        assert_eq!(next(&[0x90, 4, 0, 1, 1, 0x80], 100), Ok(Some((Frame::Granted(&[1, 0x80]), 6))));
    }

    #[test]
    fn of_a_message_that_is_too_long_only_the_beginning_is_waited_for() {
        let bytes = written("long", &[7; 100_000], 5);
        let Ok(Some((Frame::TooLong { publish, length, to_come }, taken))) = next(&bytes[..6_000], 1_000) else {
            panic!("it is told as too long");
        };
        assert_eq!((publish.topic, publish.packet, publish.payload.len()), (&b"long"[..], Some(5), 4_096));
        assert_eq!((length, taken + to_come), (100_008, bytes.len()));
        assert_eq!(next(&bytes[..3_000], 1_000), Ok(None));
        assert!(next(&[0x90, 0xff, 0xff, 0x7f], 1_000).is_err());
    }

    #[test]
    fn no_bytes_make_it_stumble() {
        let good = [written("plant/P-1/s", b"{\"value\":1}", 3), vec![0xd0, 0], vec![0x90, 3, 0, 1, 1]].concat();
        let mut chance = Chance::new(9);
        for _ in 0..200_000 {
            let bytes = chance.mangled(&good, &[0, 1, 2, 0x30, 0x32, 0x7f, 0x80, 0xff]);
            let mut at = 0;
            while let Ok(Some((_, taken))) = next(&bytes[at..], 64) {
                assert!(taken > 0 && at + taken <= bytes.len());
                at += taken;
            }
        }
    }
}
