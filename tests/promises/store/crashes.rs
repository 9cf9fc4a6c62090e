//! Crashes: servers that are killed and lines that are cut lose nothing and double nothing.

use super::{Base, Postgres, counted, outlet, readings, same, stream, wanted};
use crate::wires::{carry, run};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use twinwright_io::outlets::Tally;
use twinwright_tests::Scratch;
use twinwright_tests::servers::proxy::Proxy;

/// About ten seconds: PostgreSQL starts seven times.
#[test]
fn a_server_that_is_killed_five_times_ends_with_everything_once() {
    let scratch = Scratch::new();
    let server = Arc::new(Mutex::new(Postgres::start(scratch.path())));
    let url = server.lock().unwrap().url() + "&batch=500";
    let parcels = stream(40, 400, super::STEP);
    let tally = Arc::new(Tally::default());
    let killer = {
        let (server, tally, all) = (server.clone(), tally.clone(), readings(&parcels));
        // Kills by progress, not by the clock: in the midst of whatever is being written then.
        std::thread::spawn(move || {
            for part in 1..=5 {
                while tally.acknowledged.load(Ordering::Relaxed) < all * part / 6 {
                    std::thread::sleep(Duration::from_micros(200));
                }
                let mut server = server.lock().unwrap();
                server.kill();
                server.start_again();
            }
        })
    };
    run(carry(outlet(&url).as_mut(), &parcels, &tally, |_| ())).unwrap();
    killer.join().unwrap();
    let server = Arc::into_inner(server).unwrap().into_inner().unwrap();
    same(&Base::Postgres(Box::new(server)).readings(), &wanted(&parcels));
    let [sent, acknowledged, retried] = counted(&tally);
    assert_eq!([sent, acknowledged], [readings(&parcels); 2]);
    assert!(retried > 0, "nothing was under way when the server was killed");
}

#[test]
fn a_line_that_is_cut_thirty_times_ends_with_everything_once() {
    let scratch = Scratch::new();
    let server = Postgres::start(scratch.path());
    server.ask("CREATE ROLE ann LOGIN PASSWORD 'se:cret'; GRANT ALL ON DATABASE plant TO ann; GRANT ALL ON SCHEMA public TO ann");
    let parcels = stream(20, 400, super::STEP);
    // A first run over the direct line, so that cuts fall on readings and not on the schema.
    run(outlet(&server.url()).open()).unwrap();
    server.ask("GRANT ALL ON ALL TABLES IN SCHEMA public TO ann");
    let proxy = Proxy::start(server.port, 100_000, 30);
    let url = format!("postgres://ann:se%3Acret@127.0.0.1:{}/plant?batch=1000", proxy.port());
    let tally = Tally::default();
    run(carry(outlet(&url).as_mut(), &parcels, &tally, |_| ())).unwrap();
    same(&Base::Postgres(Box::new(server)).readings(), &wanted(&parcels));
    let [sent, acknowledged, retried] = counted(&tally);
    assert_eq!([sent, acknowledged], [readings(&parcels); 2]);
    assert!(retried > 0 && proxy.cuts() == 30, "{} cuts, {retried} retried", proxy.cuts());
}
