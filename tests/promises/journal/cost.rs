//! What entries cost (not kept).

use super::*;
use crate::wires::run;
use std::time::Instant;
use twinwright_io::store::journal::readings::ReadingsShelf;
use twinwright_tests::Scratch;

#[test]
fn entries_cost() {
    if std::env::var("TWINWRIGHT_COST").is_err() {
        return;
    }
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let (mut journal, _) = open(&base, &opening('a')).await;
            let mut shelf = ReadingsShelf::open(&place(&base)).await.unwrap();
            let mut luck = super::entries::Luck(1);
            let mut number = 0;
            for (what, alerts) in [("plain", 0), ("20 alert changes", 20)] {
                let mut spent = Duration::ZERO;
                let mut most = Duration::ZERO;
                let mut bytes = 0;
                for _ in 0..200 {
                    number += 1;
                    let mut entry = plain(number);
                    entry.heard.readings = (0..1_000)
                        .map(|at| {
                            let n = number as i64 * 1_000 + at;
                            let value = 20.0 + (luck.next() % 1_000) as f64 * 0.01;
                            let measurement = Measurement {
                                channel: [0, 1, 4, 5][(at % 4) as usize],
                                time: Time(START + n * 1_000_003),
                                value,
                                quality: Quality::Good,
                            };
                            Heard { tick: number as u32, measurement }
                        })
                        .collect();
                    for at in 0..alerts {
                        let uid = format!("line1-live-1/{}", number * 100 + at);
                        entry.alerts.push(change(1, 3, Step::Raised, Alert { uid, ..alert(1, AlertStatus::Active) }));
                        entry.findings.push(FindingChange { uid: format!("f{number}/{at}"), ..finding(None) });
                    }
                    let begun = Instant::now();
                    journal.append(&entry).await.unwrap();
                    let took = begun.elapsed();
                    spent += took;
                    most = most.max(took);
                    let rows = journal.rows_of(&entry.heard);
                    bytes += rows.len();
                    shelf.put(number, rows);
                }
                println!(
                    "{} {what}: {:.2} ms an entry, most {:.1} ms, {bytes} rows",
                    journal.run_id(),
                    spent.as_secs_f64() * 5.0,
                    most.as_secs_f64() * 1e3
                );
            }
            let begun = Instant::now();
            shelf.write().await.unwrap();
            println!("shelf: {:.0} ms for 400,000 rows", begun.elapsed().as_secs_f64() * 1e3);
            println!("bytes of bodies {}", base.ask("SELECT sum(length(body)) / 400 FROM journal"));
        });
    }
}
