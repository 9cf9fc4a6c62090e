//! Through TLS, with a client's certificate, from an authority made for the test alone.

use super::publisher::numbered;
use super::{Hall, Store, mqtt, names, plan, topics};
use std::path::Path;
use std::process::Command;
use twinwright_model::feeds::{FeedWire, MqttFeed};
use twinwright_tests::Scratch;
use twinwright_tests::servers::mosquitto::Mosquitto;

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let done = done.expect("openssl starts; tests/run installs it");
    assert!(done.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}

/// An authority, and certificates for the loopback and for a client that it signed.
fn certify(folder: &Path) {
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

#[test]
fn a_broker_that_asks_who_comes_is_shown_a_certificate_and_a_strange_one_is_not_trusted() {
    let scratch = Scratch::new();
    certify(scratch.path());
    let file = |name: &str| scratch.join(name).display().to_string();
    let [ca, cert, key] = ["ca.pem", "server.pem", "server.key"].map(file);
    let broker = Mosquitto::start(
        scratch.path(),
        &format!("cafile {ca}\ncertfile {cert}\nkeyfile {key}\nrequire_certificate true\n"),
    );
    let with = |change: fn(&mut MqttFeed)| {
        let mut wire = mqtt(broker.port());
        wire.url = format!("mqtts://localhost:{}", broker.port());
        wire.ca = Some("ca.pem".into());
        wire.cert = Some("client.pem".into());
        wire.key = Some("client.key".into());
        change(&mut wire);
        let plan = plan(FeedWire::Mqtt(wire), topics(&["plant/{machine}/{sensor}"]));
        Hall::open(&plan, &names(&["P-1"], &["s"]), Store::Works, scratch.path())
    };
    for (hall, expected) in [
        (with(|wire| wire.ca = Some("stranger.pem".into())), "certificate"),
        (with(|wire| (wire.cert, wire.key) = (None, None)), ""),
    ] {
        hall.wait("its trouble", |_| hall.running().tally.trouble().is_some_and(|why| why.contains(expected)));
    }
    let hall = with(|_| {});
    hall.wait_connected(0);
    let messages = numbered(0..1);
    hall.wait("a reading", |heard| {
        let topic = String::from_utf8_lossy(&messages[0].0).into_owned();
        let payload = String::from_utf8_lossy(&messages[0].1).into_owned();
        let port = broker.port().to_string();
        let [ca, cert, key] = ["ca.pem", "client.pem", "client.key"].map(file);
        let sent = Command::new("mosquitto_pub")
            .args(["-h", "localhost", "-p", &port, "--cafile", &ca, "--cert", &cert, "--key", &key])
            .args(["-q", "1", "-t", &topic, "-m", &payload])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "mosquitto_pub publishes");
        !heard.readings.is_empty()
    });
}
