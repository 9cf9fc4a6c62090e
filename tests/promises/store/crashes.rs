//! Crashes: servers that are killed and lines that are cut lose nothing and double nothing.

use super::recomputed::{holds, rolled_up};
use super::{Base, Postgres, counted, outlet, readings, same, stream, wanted};
use crate::wires::{carry, freight, run};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use twinwright_io::outlets::address::Address;
use twinwright_io::outlets::carrier::Carrier;
use twinwright_io::outlets::{self, Form, Tally};
use twinwright_tests::Scratch;
use twinwright_tests::load::Load;
use twinwright_tests::servers::proxy::Proxy;

/// How often it is killed; a start after a crash takes it most of a second.
fn kills() -> u64 {
    if std::env::var_os("TWINWRIGHT_FULL").is_some() { 20 } else { 8 }
}

/// A stream without pause, as the program carries it: queue, back-off, tries again. The disk is waited for.
#[test]
fn a_server_that_is_killed_again_and_again_ends_with_everything_once() {
    let scratch = Scratch::new();
    let mut server = Postgres::with(scratch.path(), &[]);
    let load = Load { machines: 20 };
    let address = Address::parse(&(server.url() + "&batch=3000&queue=20000")).unwrap();
    let (terms, outlet) = outlets::open(&address, &Arc::new(load.manifest()), Form::Rows).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let carrier = Carrier::start(runtime.handle(), terms, outlet).unwrap();
    let is_over = AtomicBool::new(false);
    let (ticks, under_way) = std::thread::scope(|scope| {
        let feeding = scope.spawn(|| {
            let mut tick = 0;
            while !is_over.load(Ordering::Relaxed) && !carrier.has_ended() {
                let parcel = Arc::new(load.parcel(tick..tick + 10));
                carrier.push(freight(&parcel), || false);
                tick += 10;
            }
            tick
        });
        let under_way = (0..kills()).filter(|round| kill_amid(&mut server, &carrier, *round)).count();
        is_over.store(true, Ordering::Relaxed);
        (feeding.join().unwrap(), under_way)
    });
    let tally = carrier.tally.clone();
    carrier.finish(runtime.handle(), |_| ()).unwrap();
    let base = Base::Postgres(Box::new(server));
    holds(&base, load, ticks);
    rolled_up(&base);
    let [sent, acknowledged, retried] = counted(&tally);
    assert_eq!([sent, acknowledged], [(load.sensors() * ticks) as u64; 2]);
    assert!(retried > 0 && under_way > 0, "nothing was under way when the server was killed");
}

/// Kills a server once it has got somewhere since the last time, in the midst of whatever is being written then, and starts
/// it again. Whether something was under way.
fn kill_amid(server: &mut Postgres, carrier: &Carrier, round: u64) -> bool {
    let [_, before, _] = counted(&carrier.tally);
    let enough = before + 10_000 + round * 7_919 % 20_000;
    while counted(&carrier.tally)[1] < enough && !carrier.has_ended() {
        std::thread::sleep(Duration::from_micros(200));
    }
    std::thread::sleep(Duration::from_micros(round * 5_333 % 20_000));
    let [sent, acknowledged, _] = counted(&carrier.tally);
    server.kill();
    server.start_again();
    sent > acknowledged
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
