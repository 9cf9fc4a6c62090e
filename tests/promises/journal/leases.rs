//! One engine at a time mirrors a site.

use super::*;
use crate::wires::run;
use twinwright_io::outlets::trouble::OutletTrouble;
use twinwright_io::store::journal::living;
use twinwright_tests::Scratch;

#[test]
fn a_second_engine_is_refused_until_the_first_is_dead_and_then_the_first_is() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        run(async {
            let (mut first, opened) = open(&base, &opening('a')).await;
            first.append(&plain(1)).await.unwrap();
            first.beat().await.unwrap();
            let before = base.ask("SELECT holder, written FROM mirrors");
            for digest in ['a', 'b'] {
                let trouble = Journal::open(&place(&base), &opening(digest)).await.unwrap_err();
                let said = "another engine mirrors the site `line1` into run `line1-live-1`, last heard of";
                assert!(matches!(&trouble, OutletTrouble::Lasting(why) if why.contains(said)), "{trouble:?}");
            }
            assert_eq!(base.ask("SELECT holder, written FROM mirrors"), before);
            assert_eq!(base.ask("SELECT count(*) FROM runs"), "1");
            // Another site is nobody's business.
            let (other, _) = open(&base, &Opening { site: "line2".to_owned(), ..opening('a') }).await;
            other.close(None, at(9)).await.unwrap();
            base.ask("UPDATE mirrors SET expires_at = beat_at WHERE site = 'line1'");
            let (mut second, again) = open(&base, &opening('a')).await;
            assert_eq!((again.run, again.written), (opened.run, 1));
            // The first was only slow; it must not write any more, not even what is there.
            for entry in [plain(2), plain(1)] {
                let trouble = first.append(&entry).await.unwrap_err();
                assert!(
                    matches!(&trouble, OutletTrouble::Lasting(why) if why.contains("took this site over")),
                    "{trouble:?}"
                );
            }
            assert!(first.beat().await.is_err());
            first.close(Some(at(1)), at(1)).await.unwrap();
            assert_eq!(base.ask("SELECT status FROM runs WHERE name = 'line1-live-1'"), "running");
            second.append(&plain(2)).await.unwrap();
            second.close(Some(at(2)), at(9)).await.unwrap();
            assert_eq!(base.ask("SELECT status FROM runs WHERE name = 'line1-live-1'"), "interrupted");
            let mut link = crate::store::links::link(&base).await;
            assert_eq!(living(&mut link, "line1").await.unwrap(), None);
            link.close().await;
        });
    }
}

#[test]
fn of_engines_that_start_together_one_gets_the_site() {
    let scratch = Scratch::new();
    for base in Base::both(&scratch) {
        // The schema is there before they meet.
        run(async { crate::store::links::link(&base).await.close().await });
        let place = place(&base);
        run(async {
            let tasks: Vec<_> = (0..6)
                .map(|_| {
                    let place = place.clone();
                    tokio::spawn(async move { Journal::open(&place, &opening('a')).await.is_ok() })
                })
                .collect();
            let mut got = 0;
            for task in tasks {
                got += usize::from(task.await.expect("no panic"));
            }
            assert_eq!(got, 1);
        });
        assert_eq!(base.ask("SELECT count(*), count(holder) FROM mirrors"), "1|1");
        assert_eq!(base.ask("SELECT count(*) FROM channels"), "8");
    }
}
