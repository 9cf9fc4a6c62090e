//! What a table is taken for, and what is said of what it is not.

use super::{Asked, Instant, Recording};
use std::path::PathBuf;

fn file(name: &str, text: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("twinwright-recording-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// Columns, and each instant as one text; the file is gone afterwards.
fn read(
    name: &str,
    text: &str,
    asked: &Asked,
    wanted: Option<&[String]>,
) -> Result<(String, Vec<String>, String), String> {
    let path = file(name, text);
    let result = (|| {
        let mut recording = Recording::open(&path, asked, wanted).map_err(|why| why.to_string())?;
        let (mut instant, mut all) = (Instant::default(), Vec::new());
        while recording.next(&mut instant).map_err(|why| why.to_string())? {
            let values: Vec<String> = instant.values.iter().map(f64::to_string).collect();
            all.push(format!("{} {}", instant.stamp, values.join(" ")));
        }
        Ok((recording.columns().join(" "), all, recording.account().notes().join("\n")))
    })();
    std::fs::remove_file(path).unwrap();
    result
}

#[test]
fn a_wide_table_a_long_one_and_one_of_many_machines_become_instants() {
    let all = Asked::default();
    let only = Asked { machine: Some("P-2".to_owned()), ..Asked::default() };
    for (name, text, asked, columns, instants) in [
        ("a.csv", "time,a,b\n1,2,3\n2,,5\n", &all, "a b", "1 2 3|2 NaN 5"),
        ("b.csv", "a,when,b\n1,2026-01-01 00:00:00,2\n", &all, "a b", "2026-01-01 00:00:00 1 2"),
        ("c.csv", "ts,sensor,value\n1,a,5\n1,b,6\n2,b,7\n2,b,8\n", &all, "a b", "1 5 6|2 NaN 7|2 NaN 8"),
        ("d.csv", "time,machine,x\n1,P-1,5\n1,P-2,6\n3,P-2,7\n", &all, "P-1.x P-2.x", "1 5 6|3 NaN 7"),
        ("e.csv", "time,machine,x\n1,P-1,5\n1,P-2,6\n3,P-2,7\n", &only, "x", "1 6|3 7"),
        ("f.csv", "time,machine,x\n1,P-1,5\n2,P-1,6\n", &all, "x", "1 5|2 6"),
        (
            "g.csv",
            "time,device,tag,value\n1,P-1,x,5\n1,P-2,x,6\n1,P-1,y,7\n",
            &all,
            "P-1.x P-1.y P-2.x P-2.y",
            "1 5 7 6 NaN",
        ),
        ("h.csv", "4,5\n6,7\n", &all, "c1 c2", "1 4 5|2 6 7"),
        ("p.csv", "2.5025000e-01,1.0e-02\n2.6025000e-01,1.5e-02\n", &all, "c1 c2", "1 0.25025 0.01|2 0.26025 0.015"),
        ("i.csv", "x,x,\n1,2,3\n", &all, "x x#2 c3", "1 1 2 3"),
        ("j.jsonl", "{\"time\":1.5,\"a\":1}\n{\"time\":2,\"a\":true,\"b\":3}\n", &all, "a b", "1.5 1 NaN|2 NaN 3"),
    ] {
        let (found, rows, _) = read(name, text, asked, None).unwrap();
        assert_eq!((found.as_str(), rows.join("|").as_str()), (columns, instants), "{name}");
    }
}

#[test]
fn wanted_columns_come_in_their_order_and_what_differs_is_noted() {
    let wanted = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let all = Asked::default();
    let (_, rows, notes) = read("k.csv", "time,b,c,a\n1,2,9,3\n", &all, Some(&wanted(&["a", "b", "z"]))).unwrap();
    assert_eq!(rows, ["1 3 2 NaN"]);
    assert!(notes.contains("learnt: c") && notes.contains("not read: z"), "{notes}");
    let two = "time,machine,x\n1,P-1,5\n1,P-2,6\n";
    assert_eq!(read("l.csv", two, &all, Some(&wanted(&["P-2.x"]))).unwrap().1, ["1 6"]);
    assert!(read("m.csv", two, &all, Some(&wanted(&["x"]))).unwrap_err().contains("choose it with --machine"));
    assert!(read("n.csv", two, &all, Some(&wanted(&["y"]))).unwrap_err().contains("expected"));
}

#[test]
fn a_column_of_the_name_time_that_holds_none_is_a_sensor() {
    let (columns, rows, _) =
        read("o.csv", "date,a,stamp\nx,1,2026-01-01T00:00:00Z\ny,2,2026-01-01T00:00:01Z\n", &Asked::default(), None)
            .unwrap();
    assert_eq!(columns, "a");
    assert_eq!(rows, ["2026-01-01T00:00:00Z 1", "2026-01-01T00:00:01Z 2"]);
}
