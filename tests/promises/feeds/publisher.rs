//! Who publishes: a raw socket that can say what no client library would.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A connection to a broker.
pub(super) struct Publisher {
    stream: TcpStream,
    packet: u16,
}

/// A remaining length as MQTT writes it.
pub(super) fn length(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let more = length > 127;
        bytes.push((length & 0x7f) as u8 | if more { 0x80 } else { 0 });
        length >>= 7;
        if !more {
            return bytes;
        }
    }
}

/// A message at QoS 1.
pub(super) fn publish(topic: &[u8], packet: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x32];
    bytes.extend(length(2 + topic.len() + 2 + payload.len()));
    bytes.extend((topic.len() as u16).to_be_bytes());
    bytes.extend(topic);
    bytes.extend(packet.to_be_bytes());
    bytes.extend(payload);
    bytes
}

impl Publisher {
    pub(super) fn connect(port: u16, id: &str) -> Publisher {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the broker listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit can be set");
        stream.set_nodelay(true).expect("can be set");
        let mut hello = b"\x00\x04MQTT\x04\x02\x00\x3c".to_vec();
        hello.extend((id.len() as u16).to_be_bytes());
        hello.extend(id.as_bytes());
        let head = [vec![0x10], length(hello.len())].concat();
        stream.write_all(&[head, hello].concat()).expect("the broker reads");
        let mut consent = [0; 4];
        stream.read_exact(&mut consent).expect("the broker answers");
        assert_eq!(consent[3], 0, "the broker consents");
        Publisher { stream, packet: 0 }
    }

    /// Publishes all of them and waits until the broker has them.
    pub(super) fn publish(&mut self, messages: &[(Vec<u8>, Vec<u8>)]) {
        for part in messages.chunks(200) {
            let mut bytes = Vec::new();
            for (topic, payload) in part {
                self.packet = self.packet % 60_000 + 1;
                bytes.extend(publish(topic, self.packet, payload));
            }
            self.stream.write_all(&bytes).expect("the broker reads");
            let mut acknowledged = vec![0; 4 * part.len()];
            self.stream.read_exact(&mut acknowledged).expect("the broker acknowledges");
        }
    }

    /// Publishes one; false where the broker breaks off instead of taking it.
    pub(super) fn try_publish(&mut self, topic: &[u8], payload: &[u8]) -> bool {
        self.packet = self.packet % 60_000 + 1;
        let mut acknowledged = [0; 4];
        self.stream.write_all(&publish(topic, self.packet, payload)).is_ok()
            && self.stream.read_exact(&mut acknowledged).is_ok()
    }
}

/// Readings 0 to `count` of `P-1/s`, a message each: the value is its number.
pub(super) fn numbered(range: std::ops::Range<i64>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let payload = |i: i64| format!("{{\"timestamp_ms\":{},\"value\":{i}}}", super::START_MS + i).into_bytes();
    range.map(|i| (b"plant/P-1/s".to_vec(), payload(i))).collect()
}
