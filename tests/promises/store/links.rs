//! Values go to a store and come back, the same from both databases.

use super::Base;
use crate::wires::run;
use serde_json::json;
use twinwright_io::outlets::address::Address;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::{Cell, Link, Place, Record};
use twinwright_model::Time;
use twinwright_tests::Scratch;

pub async fn link(base: &Base) -> Link {
    let address = Address::parse(&base.url()).expect("an address");
    Link::open(&Place::of(&address).expect("a place")).await.expect("a store")
}

#[test]
fn every_sort_of_value_comes_back_as_it_went() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        let at = Time::parse("1969-12-31T23:59:59.999999Z").unwrap();
        let text = "'; DROP TABLE equipment; -- \u{202e}\u{1f600} $1 ?";
        run(async {
            let mut link = link(&base).await;
            link.begin().await.unwrap();
            let make = "INSERT INTO equipment (name, kind, installed_at, metadata) VALUES ($1, $2, $3, $4)";
            let about = json!({ "text": text, "numbers": [1, 2.5, null] });
            link.run(make, &[text.into(), "pump".into(), at.into(), about.clone().into()]).await.unwrap();
            let make = "INSERT INTO sensors (equipment_id, name, range_low, accuracy) \
                        SELECT id, $2, $3, $4 FROM equipment WHERE name = $1";
            let none: Option<f64> = None;
            assert_eq!(link.run(make, &[text.into(), "x".into(), (-2.5).into(), none.into()]).await.unwrap(), 1);
            link.commit().await.unwrap();
            let ask = "SELECT e.name, e.installed_at, e.metadata, s.id, s.range_low, s.accuracy, count(*) OVER () \
                       FROM equipment e JOIN sensors s ON s.equipment_id = e.id WHERE e.name = $1 AND e.installed_at <= $2";
            let found: Record = link.first(ask, &[text.into(), at.into()]).await.unwrap().expect("a row");
            assert_eq!((found.text(0), found.time(1), found.json(2)), (text, Some(at), about));
            assert_eq!((found.int(3), found.real(4), found.maybe_real(5), found.int(6)), (1, -2.5, None, 1));
            // What fails takes nothing with it, and the connection goes on.
            link.begin().await.unwrap();
            link.run("UPDATE sensors SET range_low = $1", &[Cell::Null]).await.unwrap();
            assert!(link.run("UPDATE equipment SET status = $1", &["broken".into()]).await.is_err());
            link.roll_back().await.unwrap();
            let low = link.first("SELECT range_low FROM sensors", &[]).await.unwrap().unwrap();
            assert_eq!(low.real(0), -2.5);
            link.close().await;
        });
    }
}

/// What one of them cannot keep neither takes, wherever in a value it is.
#[test]
fn a_text_with_a_zero_byte_is_refused_by_both() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let mut link = link(&base).await;
            let make = "INSERT INTO equipment (name, kind, metadata) VALUES ($1, 'pump', $2)";
            for (name, about) in [("P\0", json!({})), ("P", json!({ "a": ["b", "c\0"] })), ("P", json!({ "a\0": 1 }))] {
                let trouble = link.run(make, &[name.into(), about.into()]).await.unwrap_err();
                assert!(matches!(&trouble, OutletTrouble::Input(why) if why.contains("zero bytes")), "{trouble:?}");
            }
            assert_eq!(link.run(make, &["P".into(), json!({ "a": "\u{1}" }).into()]).await.unwrap(), 1);
            link.close().await;
        });
    }
}

#[test]
fn a_value_may_follow_a_null_in_the_same_statement() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let mut link = link(&base).await;
            link.run("INSERT INTO equipment (name, kind) VALUES ('x', 'x')", &[]).await.unwrap();
            let make = "INSERT INTO sensors (equipment_id, name, range_low) VALUES (coalesce($1, 1), $2, $3)";
            let (none, low): (Option<i64>, Option<f64>) = (None, None);
            link.run(make, &[none.into(), "a".into(), low.into()]).await.unwrap();
            link.run(make, &[1.into(), "b".into(), 2.5.into()]).await.unwrap();
            link.run(make, &[none.into(), "c".into(), low.into()]).await.unwrap();
            link.close().await;
        });
        assert_eq!(base.ask("SELECT count(*), count(range_low) FROM sensors WHERE equipment_id = 1"), "3|1");
    }
}
