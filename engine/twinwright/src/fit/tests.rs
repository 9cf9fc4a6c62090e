//! The file that a fit writes, whatever the columns are called and whatever stands in them.

use super::arguments::FitArgs;
use super::fit;
use crate::Trouble;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

/// A file of this test alone, gone when it is dropped.
struct Table(PathBuf);

impl Table {
    fn new(text: &str) -> Table {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("twinwright-fit-{}-{}.csv", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Table(path)
    }

    fn fit(&self, drivers: &[&str]) -> Result<String, Trouble> {
        let drivers = drivers.iter().map(ToString::to_string).collect();
        let args = FitArgs {
            data: self.0.clone(),
            kind: "unit".to_owned(),
            drivers,
            sensors: Vec::new(),
            time: None,
            machine: None,
            out: None,
            quiet: false,
        };
        fit(&args).map(|answer| answer.table)
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn a_line_is_found_whatever_its_columns_are_called() {
    let mut text = "time,Load (%),running,Δp / bar\n".to_owned();
    for row in 0..300 {
        // Whole numbers that a person can follow: 4 + 2 * load, never off.
        let load = (row * 37) % 11;
        text.push_str(&format!("2026-01-01T00:{:02}:{:02}Z,{load},1,{}\n", row / 60, row % 60, 4 + 2 * load));
    }
    let file = Table::new(&text).fit(&["Load (%)"]).unwrap();
    assert!(file.contains("value      = \"4 + 2*load____\""), "{file}");
    assert!(file.contains("[sensors.running_2]") && file.contains("[sensors.x__p___bar]"), "{file}");
    assert!(file.contains("resolution = 2"), "{file}");
}

#[test]
fn wrong_columns_and_hostile_cells_are_answered() {
    let table = Table::new("time,a,b\n2026-01-01T00:00:00Z,1,x\n2026-01-01T00:00:01Z,2,y\n");
    assert!(matches!(table.fit(&["c"]), Err(Trouble::Input(why)) if why.contains("there is no column `c`")));
    assert!(matches!(table.fit(&["b"]), Err(Trouble::Input(why)) if why.contains("does not hold numbers")));
    assert!(table.fit(&[]).unwrap().contains("too few to learn from"));
    assert!(matches!(table.fit(&["a"]), Err(Trouble::Input(why)) if why.contains("no column to take as sensors")));
    let mut text = "time,a,b\n".to_owned();
    for (row, cell) in ["1e308", "-inf", "NaN", "", "oops", "0x10", "1e-320", "7"].iter().cycle().take(400).enumerate()
    {
        text.push_str(&format!("{row},{cell},{}\n", row % 5));
    }
    let file = Table::new(&text).fit(&["b"]).unwrap();
    assert!(file.contains("[sensors.a]"), "{file}");
    for broken in ["", "time,a\n", "\u{0}\u{0}\n\u{0}", "time,a\n\"1,2\n"] {
        let _ = Table::new(broken).fit(&[]);
    }
}
