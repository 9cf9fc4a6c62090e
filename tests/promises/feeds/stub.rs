//! A broker of a few lines that says what it is told to, for what a good broker would not do or cannot show.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

/// Listens on a port of its own; each connection is served by `serve` after consent and subscription.
pub(super) fn broker(serve: impl Fn(TcpStream, usize) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback can be bound");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().flatten().enumerate() {
            let Some(stream) = greeted(stream) else { continue };
            serve(stream, number);
        }
    });
    port
}

fn greeted(mut stream: TcpStream) -> Option<TcpStream> {
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    assert_eq!(packet(&mut stream)?.0 >> 4, 1, "it begins with a greeting");
    stream.write_all(&[0x20, 2, 0, 0]).ok()?;
    let (kind, body) = packet(&mut stream)?;
    assert_eq!(kind >> 4, 8, "it subscribes");
    stream.write_all(&[0x90, 3, body[0], body[1], 1]).ok()?;
    Some(stream)
}

/// The next packet: its first byte and its body.
pub(super) fn packet(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut byte = [0; 1];
    stream.read_exact(&mut byte).ok()?;
    let kind = byte[0];
    let (mut length, mut shift) = (0, 0);
    loop {
        stream.read_exact(&mut byte).ok()?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((kind, body))
}

/// Numbers of the messages that are acknowledged from now on; pings are answered.
pub(super) fn acknowledged(mut stream: TcpStream, to: &mpsc::Sender<u16>) {
    while let Some((kind, body)) = packet(&mut stream) {
        match kind >> 4 {
            4 => to.send(u16::from_be_bytes([body[0], body[1]])).unwrap_or(()),
            12 => stream.write_all(&[0xd0, 0]).unwrap_or(()),
            _ => {}
        }
    }
}
