//! Addresses that a webhook must not lead to, in every dress that a URL can give them.
//!
//! The networks are those of IANA's registries of special purposes, written out here a second time.

use super::{open, refused};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use twinwright_io::notices::forbidden;

/// Networks, and whether `private` lets them pass.
const NETWORKS: [(&str, bool); 29] = [
    ("0.0.0.0/8", false),
    ("10.0.0.0/8", true),
    ("100.64.0.0/10", true),
    ("127.0.0.0/8", true),
    ("169.254.0.0/16", true),
    ("172.16.0.0/12", true),
    ("192.0.0.0/24", false),
    ("192.0.2.0/24", false),
    ("192.88.99.0/24", false),
    ("192.168.0.0/16", true),
    ("198.18.0.0/15", false),
    ("198.51.100.0/24", false),
    ("203.0.113.0/24", false),
    ("224.0.0.0/4", false),
    ("240.0.0.0/4", false),
    ("::/128", false),
    ("::1/128", true),
    ("64:ff9b:1::/48", false),
    ("100::/64", false),
    ("2001::/23", false),
    ("2001:db8::/32", false),
    ("2002::/16", false),
    ("3fff::/20", false),
    ("5f00::/16", false),
    ("fc00::/7", true),
    ("fe80::/10", true),
    ("fec0::/10", false),
    ("ff00::/8", false),
    ("::ffff:10.0.0.0/104", true),
];

/// What is always refused, even within a network that may pass.
const NEVER: [&str; 5] = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"];

/// Addresses of servers that anybody may reach.
const OPEN: [&str; 20] = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.216.34",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2001:200::1",
    "2a00:1450:4001:80b::200e",
    "64:ff9b::8.8.8.8",
];

/// The first, some middle and the last address of a network.
fn some_of(network: &str) -> Vec<IpAddr> {
    let (first, length) = network.split_once('/').unwrap();
    let length: u32 = length.parse().unwrap();
    match first.parse().unwrap() {
        IpAddr::V4(first) => {
            let rest = u32::MAX.checked_shr(length).unwrap_or(0);
            [0, rest / 3, rest / 2 + 1, rest]
                .map(|more| IpAddr::V4(Ipv4Addr::from_bits(first.to_bits() | more & rest)))
                .to_vec()
        }
        IpAddr::V6(first) => {
            let rest = u128::MAX.checked_shr(length).unwrap_or(0);
            [0, rest / 3, rest / 2 + 1, rest]
                .map(|more| IpAddr::V6(Ipv6Addr::from_bits(first.to_bits() | more & rest)))
                .to_vec()
        }
    }
}

#[test]
fn every_special_network_is_refused_and_no_other() {
    for (network, may_pass) in NETWORKS {
        for address in some_of(network) {
            assert!(forbidden(address, false).is_some(), "{address} of {network} passes");
            let never = NEVER.iter().any(|never| never.parse() == Ok(address));
            assert_eq!(forbidden(address, true).is_none(), may_pass && !never, "{address} of {network}, private");
        }
    }
    for address in NEVER {
        let address = address.parse().unwrap();
        assert!(forbidden(address, false).is_some() && forbidden(address, true).is_some(), "{address} passes");
    }
    for address in OPEN {
        let address: IpAddr = address.parse().unwrap();
        assert!(forbidden(address, false).is_none() && forbidden(address, true).is_none(), "{address} is refused");
    }
}

/// An IPv4 address as hosts of URLs may be written.
fn dresses(address: Ipv4Addr) -> Vec<String> {
    let [a, b, c, d] = address.octets();
    let whole = address.to_bits();
    let (high, low) = (whole >> 16, whole & 0xffff);
    let wide = |text: &str| {
        text.chars()
            .map(|c| if c == '.' { '。' } else { char::from_u32(u32::from(c) - 48 + 0xff10).unwrap() })
            .collect()
    };
    vec![
        format!("{address}"),
        format!("{address}."),
        format!("{whole}"),
        format!("0x{whole:x}"),
        format!("0X{whole:08X}"),
        format!("0{whole:o}"),
        format!("{a}.{}", whole & 0xff_ffff),
        format!("{a}.{b}.{low}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("0x{a:x}.0x{b:x}.0x{c:x}.0x{d:x}"),
        format!("00{a:o}.{b}.0x{c:x}.{d}"),
        format!("%3{}{}", &format!("{a}")[..1], &format!("{address}")[1..]),
        wide(&format!("{address}")),
        format!("[::ffff:{address}]"),
        format!("[::ffff:{high:x}:{low:x}]"),
        format!("[0:0:0:0:0:ffff:{high:x}:{low:x}]"),
        format!("[64:ff9b::{address}]"),
        format!("[64:ff9b::{high:x}:{low:x}]"),
    ]
}

#[test]
fn no_dress_of_an_address_fools_the_guard() {
    let secret = [("secret", "s")];
    let private: Vec<Ipv4Addr> = [
        "0.0.0.0",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "127.1.2.3",
        "169.254.169.254",
        "169.254.0.1",
        "172.16.0.1",
        "172.31.255.254",
        "192.0.0.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "224.0.0.251",
        "239.255.255.250",
        "255.255.255.255",
        "168.63.129.16",
    ]
    .map(|text| text.parse().unwrap())
    .to_vec();
    let mut cases = 0;
    for host in private.iter().flat_map(|address| dresses(*address)) {
        refused("webhook.ops", &format!("https://{host}/hook"), &secret);
        refused("webhook.ops", &format!("https://good.example.com@{host}:8443/hook"), &secret);
        cases += 2;
    }
    for host in [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "localhost..",
        "a.localhost",
        "a.b.LocalHost.",
        "%6cocalhost",
        "ｌｏｃａｌｈｏｓｔ",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[fc00::1]",
        "[::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2001:0:1::1]",
        "[::1%25eth0]",
    ] {
        refused("webhook.ops", &format!("https://{host}/hook"), &secret);
        cases += 1;
    }
    assert!(cases >= 400, "{cases} cases");
    for host in OPEN.map(|host| if host.contains(':') { format!("[{host}]") } else { host.to_owned() }) {
        assert!(open("webhook.ops", &format!("https://{host}/hook"), &secret).is_ok(), "{host}");
    }
}
