//! The page of `detect` as a person sees it: in a browser, wide and narrow.

use super::{Rows, TRAIN, detect, read, with};
use crate::report::complaints;
use twinwright_tests::said;

#[test]
fn every_plot_of_the_page_can_be_read_wide_and_narrow() {
    let named =
        |rows: &str| {
            rows.replacen("s0", "<script>alert(1)</script> of a sensor with a name that goes on and on and on", 1)
                .replacen("s1", "\u{202e}x", 1)
        };
    let rows = Rows::of(5, 1_000).csv(",");
    let bare: String =
        rows.lines().skip(1).map(|line| line.split_once(',').map_or("", |(_, rest)| rest).to_owned() + "\n").collect();
    let mut pages = Vec::new();
    for (name, table, more) in [
        ("found", rows.clone(), &TRAIN[..]),
        ("without times", bare, &TRAIN[..]),
        ("nothing learnt", rows.clone(), &[]),
        ("hostile names", named(&rows), &TRAIN[..]),
        ("two rows", "time,a\n2026-01-01,1\n2026-01-02,2\n".to_owned(), &[]),
        ("all learnt", Rows::of(2, 400).csv(","), &TRAIN[..]),
    ] {
        let folder = with("a.csv", table);
        let output = detect(folder.path(), "a.csv", more);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", said(&output));
        let html = read(folder.path(), "report.html");
        assert!(!html.contains("<script") && !html.contains("http") && !html.contains('\u{202e}'), "{name}");
        pages.push((name.to_owned(), html));
    }
    let plots = |name: &str| match name {
        "found" | "hostile names" => 8,
        "all learnt" => 0,
        "two rows" => 2,
        _ => 6,
    };
    let complaints = complaints(&pages, plots);
    assert!(complaints.is_empty(), "{} complaints\n  {}", complaints.len(), complaints.join("\n  "));
}

#[test]
fn the_same_table_makes_the_same_page() {
    let folder = with("a.csv", Rows::of(3, 900).csv(","));
    let pages = [0, 1].map(|_| {
        assert_eq!(detect(folder.path(), "a.csv", &TRAIN).status.code(), Some(0));
        read(folder.path(), "report.html") + &read(folder.path(), "summary.json")
    });
    assert!(pages[0] == pages[1]);
    assert!(pages[0].len() < 2_000_000);
}
