//! Numbers, sizes and instants as a page of the store shows them.

use crate::run::progress::grouped;
use twinwright_model::Time;

/// `12 345`.
pub fn number(count: i64) -> String {
    grouped(count as f64)
}

/// `12.3 MB`.
pub fn bytes(bytes: i64) -> String {
    let mut size = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB"] {
        if size < 1000.0 {
            break;
        }
        size /= 1000.0;
        unit = next;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{size:.1} {unit}") }
}

/// `2026-01-01T00:00Z`, to the minute.
pub fn day(time: Option<Time>) -> String {
    time.map_or("-".to_owned(), |time| format!("{}Z", time.to_string().get(..16).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_what_people_say() {
        let said = [0, 999, 1_000, 12_345_678, 2_000_000_000_000_000].map(bytes);
        assert_eq!(said, ["0 B", "999 B", "1.0 kB", "12.3 MB", "2000.0 TB"]);
        assert_eq!(number(1_234_567), "1 234 567");
        assert_eq!(day(Time::parse("2026-01-01T10:20:30Z").ok()), "2026-01-01T10:20Z");
    }
}
