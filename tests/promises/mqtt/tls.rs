//! Through TLS: a certificate authority made for the test alone, and certificates that it did and did not sign.

use super::{deliver, manifest, refused};
use std::path::Path;
use std::process::Command;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_tests::Scratch;
use twinwright_tests::servers::mosquitto::Mosquitto;

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let done = done.expect("openssl starts; tests/run installs it");
    assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority, and a certificate for the loopback and one for a client that it signed.
pub(crate) fn certify(folder: &Path) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for name in ["ca", "stranger"] {
        openssl(folder, &format!("req -x509 {key} -keyout {name}.key -out {name}.pem -days 2 -subj /CN={name}"));
    }
    std::fs::write(folder.join("names.txt"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n").expect("can be written");
    for name in ["server", "client"] {
        openssl(folder, &format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"));
        let sign = "-CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names.txt";
        openssl(folder, &format!("x509 -req -in {name}.csr {sign} -out {name}.pem"));
    }
}

fn broker(folder: &Path, more: &str) -> Mosquitto {
    let file = |name: &str| folder.join(name).display().to_string();
    let [ca, cert, key] = ["ca.pem", "server.pem", "server.key"].map(file);
    Mosquitto::start(folder, &format!("cafile {ca}\ncertfile {cert}\nkeyfile {key}\n{more}"))
}

#[test]
fn a_private_authority_is_trusted_when_told_and_no_other_is() {
    let scratch = Scratch::new();
    certify(scratch.path());
    let broker = broker(scratch.path(), "");
    let at = |host: &str, ca: &str| format!("mqtts://{host}:{}?qos=1{ca}", broker.port());
    let trusting = |name: &str| format!("&ca={}", scratch.join(name).display());
    for host in ["localhost", "127.0.0.1"] {
        let counted = deliver(&at(host, &trusting("ca.pem")), &manifest("acme", &["P-1"]), &[(0, 0, 0, 1.5); 250]);
        assert_eq!(counted, [250, 250, 0], "{host}");
    }
    for ca in [trusting("stranger.pem"), String::new()] {
        let trouble = refused(&at("localhost", &ca));
        assert!(matches!(&trouble, OutletTrouble::Lasting(why) if why.contains("certificate")), "{ca}: {trouble:?}");
    }
    let plain = refused(&format!("mqtt://127.0.0.1:{}?timeout=2%20s", broker.port()));
    assert!(matches!(plain, OutletTrouble::Passing(_)), "{plain:?}");
}

#[test]
fn a_broker_that_asks_who_comes_gets_a_certificate() {
    let scratch = Scratch::new();
    certify(scratch.path());
    let broker = broker(scratch.path(), "require_certificate true");
    let file = |name: &str| scratch.join(name).display().to_string();
    let url = format!("mqtts://localhost:{}?qos=1&ca={}", broker.port(), file("ca.pem"));
    let known = format!("{url}&cert={}&key={}", file("client.pem"), file("client.key"));
    assert_eq!(deliver(&known, &manifest("acme", &["P-1"]), &[(0, 0, 0, 1.5)]), [1, 1, 0]);
    let trouble = refused(&url);
    assert!(matches!(&trouble, OutletTrouble::Lasting(why) if why.contains("TLS")), "{trouble:?}");
}
