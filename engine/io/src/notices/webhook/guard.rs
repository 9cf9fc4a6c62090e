//! Where a webhook may not lead: into this machine, into the network around it, to where clouds keep their secrets, and to
//! addresses that are nobody's.
//!
//! It judges addresses and never names: a name is judged by every address that it stands for, each time anew.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not connected to; `private` lets the networks around us pass, and nothing else.
pub fn forbidden(address: IpAddr, private: bool) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => of_v4(address, private),
        IpAddr::V6(address) => of_v6(address, private),
    }
}

/// Where clouds tell programs their keys: never what anybody means by a webhook.
const METADATA: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(168, 63, 129, 16),
];

/// Networks around us: address, length of prefix, and what it is.
const AROUND: [([u8; 4], u32, &str); 6] = [
    ([10, 0, 0, 0], 8, "a private network"),
    ([100, 64, 0, 0], 10, "a provider's private network"),
    ([127, 0, 0, 0], 8, "this machine"),
    ([169, 254, 0, 0], 16, "a link-local address"),
    ([172, 16, 0, 0], 12, "a private network"),
    ([192, 168, 0, 0], 16, "a private network"),
];

/// Addresses that no server has.
const NOBODYS: [([u8; 4], u32, &str); 9] = [
    ([0, 0, 0, 0], 8, "no address of a server"),
    ([192, 0, 0, 0], 24, "kept for protocols"),
    ([192, 0, 2, 0], 24, "kept for examples"),
    ([192, 88, 99, 0], 24, "a relay"),
    ([198, 18, 0, 0], 15, "kept for measurements"),
    ([198, 51, 100, 0], 24, "kept for examples"),
    ([203, 0, 113, 0], 24, "kept for examples"),
    ([224, 0, 0, 0], 4, "multicast"),
    ([240, 0, 0, 0], 4, "kept for later"),
];

fn of_v4(address: Ipv4Addr, private: bool) -> Option<&'static str> {
    if METADATA.contains(&address) {
        return Some("a cloud's metadata service");
    }
    let within = |(network, length, _): &&([u8; 4], u32, &str)| {
        (address.to_bits() ^ u32::from_be_bytes(*network)) >> (32 - length) == 0
    };
    let around = AROUND.iter().find(within).filter(|_| !private);
    around.or_else(|| NOBODYS.iter().find(within)).map(|(_, _, what)| *what)
}

fn of_v6(address: Ipv6Addr, private: bool) -> Option<&'static str> {
    let segments = address.segments();
    let embedded = || Ipv4Addr::from_bits(u32::from(segments[6]) << 16 | u32::from(segments[7]));
    match segments {
        // An IPv4 address in the clothes of another: mapped, or through NAT64.
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => of_v4(embedded(), private),
        [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Some("a cloud's metadata service"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("this machine").filter(|_| !private),
        [first, ..] if first & 0xfe00 == 0xfc00 => Some("a private network").filter(|_| !private),
        [first, ..] if first & 0xffc0 == 0xfe80 => Some("a link-local address").filter(|_| !private),
        [first, ..] if first & 0xff00 == 0xff00 => Some("multicast"),
        [0x2002, ..] | [0x2001, 0, ..] => Some("a tunnel"),
        [0x2001, second, ..] if second < 0x200 => Some("kept for protocols"),
        [0x2001, 0xdb8, ..] => Some("kept for examples"),
        [0x3fff, second, ..] if second < 0x1000 => Some("kept for examples"),
        [first, ..] if first & 0xe000 == 0x2000 => None,
        _ => Some("no address of a server"),
    }
}
