//! Names and texts as somebody might send them: none stops a mirror, and none is taken for another.

use super::*;
use crate::wires::run;
use twinwright_model::journal::Newcomer;
use twinwright_tests::Scratch;

fn newcomer(machine: &str, item: &str, unit: &str) -> Newcomer {
    Newcomer { name: ChannelName { machine: machine.to_owned(), item: item.to_owned() }, unit: unit.to_owned() }
}

#[test]
fn whatever_things_are_called_entries_go_on_and_every_name_is_another() {
    let scratch = Scratch::new();
    let mut luck = super::entries::Luck(3);
    let mut long = || -> String { (0..10_000).map(|_| char::from(b'a' + (luck.next() % 26) as u8)).collect() };
    let names = [
        "'; DROP TABLE journal; --".to_owned(),
        "zero\0byte".to_owned(),
        "\u{202e}\u{1b}[2J\n\"$1\"".to_owned(),
        long(),
        long(),
        "ü".repeat(10_000),
        " ".to_owned(),
    ];
    for base in Base::both(&scratch) {
        run(async {
            let (mut journal, _) = open(&base, &opening('a')).await;
            let mut entry = full(1);
            entry.heard.newcomers = names.iter().map(|name| newcomer(name, name, name)).collect();
            entry.heard.newcomers.extend(names.iter().map(|name| newcomer("P-1", name, "")));
            let first = entry.heard.newcomers.len() as u32;
            entry.heard.readings.extend((8..8 + first).map(|channel| heard(1, channel, 1, f64::from(channel))));
            for (number, name) in names.iter().enumerate() {
                entry.refusals.push(Refusal {
                    detail: name.clone(),
                    feed: name.clone(),
                    origin: name.clone(),
                    payload: name.clone().into_bytes(),
                    ..entry.refusals[0].clone()
                });
                let alert = Alert {
                    uid: format!("{name}/{number}"),
                    machine: 2 + number as u32,
                    sensor: Some(name.clone()),
                    rule: name.clone(),
                    group: Some(name.clone()),
                    message: name.clone(),
                    acknowledged: Some((at(1), name.clone())),
                    ..alert(2, AlertStatus::Acknowledged)
                };
                let comment = Some(name.clone());
                entry.alerts.push(AlertChange { by: name.clone(), comment, ..change(1, 3, Step::Commented, alert) });
                let (uid, detector) = (format!("{name}/x"), name.clone());
                entry.findings.push(FindingChange { uid, detector, sensor: Some(name.clone()), ..finding(None) });
                entry.portraits.push((2 + number as u32, json!({ name.as_str(): name }).to_string()));
            }
            journal.append(&entry).await.unwrap();
            journal.append(&plain(2)).await.unwrap();
            let count = |table: &str| base.ask(&format!("SELECT count(*) FROM {table}"));
            assert_eq!(count("equipment"), "9");
            assert_eq!(count("sensors"), "18");
            assert_eq!(count("channels"), "22");
            assert_eq!(count("alerts"), "8");
            assert_eq!(count("anomaly_records"), "8");
            assert_eq!(count("quarantine"), "8");
            assert_eq!(journal.rows_of(&entry.heard).len(), 16);
            base.ask("UPDATE mirrors SET expires_at = beat_at");
            // All but the zero byte are told again as they came.
            let (_, again) = open(&base, &opening('a')).await;
            let told: Vec<String> = again.newcomers.iter().map(|one| one.name.item.clone()).collect();
            let wanted: Vec<String> =
                entry.heard.newcomers.iter().map(|one| one.name.item.replace('\0', "\u{fffd}")).collect();
            assert_eq!(told, wanted);
        });
    }
}

#[test]
fn a_newcomer_in_another_unit_than_the_store_knows_gets_a_sensor_of_its_own() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let (first, _) = open(&base, &opening('a')).await;
            first.close(None, at(1)).await.unwrap();
            base.ask("INSERT INTO sensors (equipment_id, name, unit) VALUES (1, 'flow', 'm3/h')");
            let (mut journal, _) = open(&base, &opening('a')).await;
            let mut entry = plain(1);
            entry.heard.newcomers = vec![newcomer("P-1", "flow", "l/s"), newcomer("P-2", "flow", "")];
            journal.append(&entry).await.unwrap();
            let ask = "SELECT e.name, s.name, s.unit FROM sensors s JOIN equipment e ON e.id = s.equipment_id \
                       WHERE s.name LIKE 'flow%' ORDER BY s.id";
            assert_eq!(base.ask(ask), "P-1|flow|m3/h\nP-1|flow (l/s)|l/s\nP-2|flow|");
        });
    }
}

/// What an alert says of itself may not fit the table; the table's rules are kept, and the mirror goes on.
#[test]
fn an_alert_that_contradicts_itself_is_written_as_the_table_takes_it() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let (mut journal, _) = open(&base, &opening('a')).await;
            let mut entry = plain(1);
            let odd = |number: u32, status, hidden| Alert { hidden, rule: String::new(), ..alert(number, status) };
            entry.alerts = vec![
                change(1, 3, Step::Resolved, odd(1, AlertStatus::Resolved, Some(Hidden::Shelved))),
                change(1, 3, Step::Suppressed, odd(2, AlertStatus::Suppressed, None)),
                change(1, 3, Step::Shelved, odd(3, AlertStatus::Suppressed, Some(Hidden::Shelved))),
                change(1, 3, Step::Acknowledged, odd(4, AlertStatus::Acknowledged, Some(Hidden::Design))),
                change(1, 3, Step::Returned, Alert { returned: Some(at(-9)), ..odd(5, AlertStatus::Active, None) }),
                change(
                    1,
                    3,
                    Step::Raised,
                    Alert { value: Some(f64::NAN), limit: Some(f64::INFINITY), ..odd(6, AlertStatus::Active, None) },
                ),
            ];
            for one in &mut entry.alerts {
                one.by = String::new();
            }
            journal.append(&entry).await.unwrap();
            assert_eq!(
                base.ask("SELECT status, suppressed_by, acknowledged_by, resolved_by, rule FROM alerts ORDER BY uid"),
                "resolved|||engine|-\nsuppressed|design|||-\nsuppressed|design|||-\nacknowledged||engine||-\nactive||||-\nactive||||-"
            );
        });
    }
}
