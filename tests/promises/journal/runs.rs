//! A site goes on with its run, and a changed file begins the next from where the one before stood.

use super::*;
use crate::wires::run;
use twinwright_model::journal::Newcomer;
use twinwright_tests::Scratch;

#[test]
fn a_changed_file_ends_the_run_and_hands_over_state_modes_and_newcomers() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let (mut journal, first) = open(&base, &opening('a')).await;
            let mut entry = full(1);
            let name = ChannelName { machine: "P-9".to_owned(), item: "flow".to_owned() };
            entry.heard.newcomers = vec![Newcomer { name, unit: "l/s".to_owned() }];
            journal.append(&entry).await.unwrap();
            journal.append(&plain(2)).await.unwrap();
            journal.close(Some(at(2)), at(50)).await.unwrap();
            // The same file goes on.
            let (journal, again) = open(&base, &opening('a')).await;
            assert_eq!((again.run, again.written, again.newcomers.len()), (first.run, 2, 1));
            assert_eq!(base.ask("SELECT status, end_time FROM runs"), "running|");
            drop(journal);
            base.ask("UPDATE mirrors SET expires_at = beat_at WHERE holder IS NOT NULL");
            // A changed one does not, even though it says another start.
            let mut changed = opening('b');
            changed.heading.start = at(7_000);
            let (mut journal, next) = open(&base, &changed).await;
            assert_eq!((next.name.as_str(), next.written, next.start), ("line1-live-2", 0, at(0)));
            assert_eq!((next.of, next.of_written, next.newcomers.len()), (first.run, 2, 1));
            let before = next.before.clone().expect("the run before");
            assert_eq!((before.row.name.as_str(), before.newcomers.len()), ("line1-live-1", 1));
            assert_eq!(next.state.as_ref().map(|state| (state.tick, state.entry)), Some((1, 1)));
            assert_eq!(base.ask("SELECT name, status, plan_digest FROM runs ORDER BY id").lines().count(), 2);
            assert_eq!(base.ask("SELECT status FROM runs ORDER BY id"), "finished\nrunning");
            let modes = "SELECT run_id, equipment_id, status, previous FROM status_events ORDER BY run_id";
            assert_eq!(base.ask(modes), "1|1|running|\n2|1|running|");
            // Killed before its first entry: it is handed over once more. After it: its own.
            base.ask("UPDATE mirrors SET expires_at = beat_at WHERE holder IS NOT NULL");
            drop(journal);
            let (again, told) = open(&base, &changed).await;
            assert_eq!((told.name.as_str(), told.of), ("line1-live-2", first.run));
            journal = again;
            let mut entry = plain(1);
            entry.checkpoint = Some(Checkpoint { tick: 2, digest: 9, bytes: vec![4] });
            // An alert of the run before goes on where it is.
            let gone = Alert { returned: Some(at(9)), ..alert(1, AlertStatus::Active) };
            entry.alerts = vec![change(3, 9, Step::Returned, gone)];
            journal.append(&entry).await.unwrap();
            assert_eq!(base.ask("SELECT run_id, uid FROM alerts"), "1|line1-live-1/1");
            assert_eq!(base.ask("SELECT max(number) FROM alert_transitions"), "3");
            journal.close(Some(at(2)), at(60)).await.unwrap();
            let (_, own) = open(&base, &changed).await;
            assert_eq!((own.of, own.before.is_none()), (own.run, true));
            assert_eq!(own.state.map(|state| state.bytes), Some(vec![4]));
            // A newcomer of the run before still has its number after those of the file.
            let ask = "SELECT run_id, number, machine, item FROM channels WHERE newcomer = 1 ORDER BY run_id";
            assert_eq!(base.ask(ask), "1|8|P-9|flow\n2|8|P-9|flow");
        });
    }
}

#[test]
fn a_newcomer_that_the_new_file_knows_is_none_any_more() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let (mut journal, _) = open(&base, &opening('a')).await;
            let mut entry = plain(1);
            let named = |machine: &str, item: &str| ChannelName { machine: machine.to_owned(), item: item.to_owned() };
            entry.heard.newcomers = [("P-1", "flow"), ("P-1", "noise")]
                .map(|(machine, item)| Newcomer { name: named(machine, item), unit: "l/s".to_owned() })
                .to_vec();
            journal.append(&entry).await.unwrap();
            journal.close(None, at(2)).await.unwrap();
            let mut changed = opening('b');
            changed.plant.machines[0].sensors.push(SensorFace {
                name: "flow".to_owned(),
                unit: "l/s".to_owned(),
                slope: 1.0,
                ..SensorFace::default()
            });
            changed.channels.push(ChannelFace { name: named("P-1", "flow"), unit: "l/s".to_owned(), is_sensor: true });
            let (journal, opened) = open(&base, &changed).await;
            assert_eq!(opened.newcomers.iter().map(|one| one.name.item.as_str()).collect::<Vec<_>>(), ["noise"]);
            let rows =
                |channel| journal.rows_of(&Hearing { readings: vec![heard(1, channel, 1, 1.0)], ..Hearing::default() });
            // Both keep the sensor that they had.
            let ids = base.ask("SELECT id FROM sensors WHERE name IN ('flow', 'noise') ORDER BY name");
            assert_eq!(format!("{}\n{}", rows(8)[0].sensor, rows(9)[0].sensor), ids);
            assert!(rows(2).is_empty() && rows(3).is_empty(), "drivers and modes are no readings");
        });
    }
}
