//! What the tables refuse, the same in both dialects and for the same reason: each check, key and reference has a row that
//! breaks it, and each table a row that both take.

mod cases;

use super::{Base, deliver, parcel};
use cases::{AFTERWARDS, CASES, Case, PARTITIONS};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use twinwright_io::outlets::Tally;
use twinwright_tests::Scratch;

/// Why a row was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    Missing,
    Check,
    Twice,
    Reference,
    OnlyGrows,
}

/// A statement that was refused: its line, why, and which constraint PostgreSQL names.
type Refused = BTreeMap<usize, (Reason, String)>;

/// Does each line by itself, whatever becomes of the ones before, and says which were refused.
fn lines(base: &Base, lines: &[String]) -> Refused {
    let mut command = match base {
        Base::Postgres(server) => server.psql_of_lines(),
        Base::Sqlite(path) => {
            let mut command = Command::new("sqlite3");
            command.args(["-batch", "-cmd", ".timeout 10000", "-cmd", "PRAGMA foreign_keys = ON"]).arg(path);
            command
        }
    };
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let text = lines.join(";\n") + ";\n";
    let mut input = child.stdin.take().expect("it was piped");
    let feeding = std::thread::spawn(move || std::io::Write::write_all(&mut input, text.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    feeding.join().expect("no panic").expect("all lines are read");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if matches!(base, Base::Postgres(_)) { of_psql(&said) } else { of_sqlite3(&said) }
}

/// `psql:<stdin>:3: ERROR:  23514: ...`, and further down `CONSTRAINT NAME:  runs_kind_check`.
fn of_psql(said: &str) -> Refused {
    let mut refused = Refused::new();
    let mut last = 0;
    for line in said.lines() {
        if let Some(rest) = line.strip_prefix("psql:<stdin>:") {
            let (number, rest) = rest.split_once(": ").expect("a line number");
            let Some(rest) = rest.strip_prefix("ERROR:  ") else { continue };
            let reason = match &rest[..5] {
                "23502" => Reason::Missing,
                // A row without a time belongs into no partition.
                "23514" if rest.contains("no partition of relation") => Reason::Missing,
                "23514" | "22P02" => Reason::Check,
                "23505" => Reason::Twice,
                "23503" => Reason::Reference,
                "23000" => Reason::OnlyGrows,
                _ => panic!("{line}"),
            };
            last = number.parse().expect("a line number");
            refused.insert(last, (reason, String::new()));
        } else if let Some(name) = line.strip_prefix("CONSTRAINT NAME:  ") {
            refused.entry(last).and_modify(|(_, constraint)| *constraint = name.to_owned());
        }
    }
    refused
}

/// `Runtime error near line 3: CHECK constraint failed: kind <> '' (19)`
fn of_sqlite3(said: &str) -> Refused {
    let read = |line: &str| {
        let rest = line.split_once(" near line ").expect("an error with its line").1;
        let (number, rest) = rest.split_once(": ").expect("a line number");
        let reasons = [
            ("NOT NULL constraint", Reason::Missing),
            ("CHECK constraint", Reason::Check),
            ("UNIQUE constraint", Reason::Twice),
            ("FOREIGN KEY constraint", Reason::Reference),
        ];
        let known = reasons.into_iter().find(|(words, _)| rest.starts_with(words)).map(|(_, reason)| reason);
        let reason = known.or(rest.contains("only grows").then_some(Reason::OnlyGrows));
        (number.parse().expect("a line number"), (reason.unwrap_or_else(|| panic!("{line}")), String::new()))
    };
    // The text of a check may go on for some lines.
    said.lines().filter(|line| line.contains(" near line ")).map(read).collect()
}

/// The good row with something changed, as an insert in a dialect's words.
fn insert(base: &Base, case: &Case, changes: &str) -> String {
    let pairs = |text: &'static str| text.split("; ").filter_map(|pair| pair.split_once(" = "));
    let mut row: Vec<(String, String)> =
        pairs(case.good).map(|(name, value)| (name.trim().to_owned(), value.to_owned())).collect();
    for (name, value) in changes.split("; ").filter_map(|pair| pair.split_once(" = ")) {
        match row.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value.to_owned(),
            None => row.push((name.to_owned(), value.to_owned())),
        }
    }
    let (names, values): (Vec<_>, Vec<_>) = row
        .into_iter()
        .map(|(name, value)| (name, if value == "BYTES" { bytes(base) } else { time(base, value) }))
        .unzip();
    format!("INSERT INTO {} ({}) VALUES ({})", case.table, names.join(", "), values.join(", "))
}

fn bytes(base: &Base) -> String {
    if matches!(base, Base::Postgres(_)) { "'\\x01'::bytea".to_owned() } else { "x'01'".to_owned() }
}

/// `@7`: seconds after midnight of 2026-01-01, of which the first is the instant of the wires' first reading.
fn time(base: &Base, value: String) -> String {
    let Some(second) = value.strip_prefix('@') else { return value };
    match base {
        Base::Postgres(_) => format!("'2026-01-01T00:00:{second:0>2}Z'"),
        Base::Sqlite(_) => {
            (crate::wires::START / 1_000 + second.parse::<i64>().expect("seconds") * 1_000_000).to_string()
        }
    }
}

/// Columns that may not be null, by table, without those that SQLite fills by itself.
fn needed(sqlite: &Base) -> Vec<(String, String)> {
    let text = sqlite.ask(
        "SELECT t.name, c.name FROM pragma_table_list t JOIN pragma_table_info(t.name) c \
         WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '\\_%' ESCAPE '\\' AND (c.\"notnull\" OR c.pk) \
         AND NOT (c.pk AND NOT c.\"notnull\" AND c.type = 'INTEGER')",
    );
    text.lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(table, column)| (table.to_owned(), column.to_owned()))
        .collect()
}

/// One statement and what must become of it.
struct Try {
    table: &'static str,
    text: String,
    must_fail: bool,
}

/// All statements for one dialect, in order; the same for both but for how values are written.
fn tries(base: &Base, needed: &[(String, String)]) -> Vec<Try> {
    let mut tries = Vec::new();
    let mut add = |table, text, must_fail| tries.push(Try { table, text, must_fail });
    for case in &CASES {
        if !case.before.is_empty() {
            add(case.table, case.before.to_owned(), false);
        }
        case.wrong.iter().for_each(|changes| add(case.table, insert(base, case, changes), true));
        for (_, column) in needed.iter().filter(|(table, _)| table == case.table) {
            add(case.table, insert(base, case, &format!("{column} = NULL")), true);
        }
        add(case.table, insert(base, case, ""), false);
        add(case.table, insert(base, case, ""), true);
        case.twins.iter().for_each(|changes| add(case.table, insert(base, case, changes), true));
    }
    AFTERWARDS.iter().for_each(|statement| add("", (*statement).to_owned(), true));
    tries
}

/// Tries all of it; which constraints of which table refused something, and why each statement was.
fn try_all(base: &Base, tries: &[Try]) -> (BTreeSet<(String, String)>, Vec<Option<Reason>>) {
    let texts: Vec<String> = tries.iter().map(|one| one.text.clone()).collect();
    let refused = lines(base, &texts);
    let mut hit = BTreeSet::new();
    for (at, one) in tries.iter().enumerate() {
        let why = refused.get(&(at + 1));
        assert_eq!(why.is_some(), one.must_fail, "{}: {why:?}", one.text);
        if let Some((_, constraint)) = why {
            hit.insert((one.table.to_owned(), constraint.clone()));
        }
    }
    (hit, (1..=tries.len()).map(|line| refused.get(&line).map(|(reason, _)| *reason)).collect())
}

/// A store with partitions for the day of the rows.
fn made(base: &Base) {
    deliver(&base.url(), &[parcel(&[(0, 0, 1, 1.0)])], &Tally::default()).unwrap();
    if matches!(base, Base::Postgres(_)) {
        let at = "'2026-01-01T00:00:00Z'";
        base.ask(&format!(
            "SELECT make_partition('sensor_readings_1m', 28, {at}), make_partition('sensor_readings_1h', 364, {at})"
        ));
        base.ask("TRUNCATE sensor_readings_1m, sensor_readings_1h");
    } else {
        base.ask("DELETE FROM sensor_readings_1m; DELETE FROM sensor_readings_1h");
    }
    base.ask("DELETE FROM sensor_readings; DELETE FROM latest_readings; DELETE FROM rollups_due");
    base.ask("DELETE FROM sensors; DELETE FROM equipment");
}

#[test]
fn both_dialects_refuse_the_same_rows_for_the_same_reason() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    bases.iter().for_each(made);
    let needed = needed(&bases[0]);
    assert!(needed.len() > 100, "only {} columns may not be null", needed.len());
    let asked = bases.each_ref().map(|base| tries(base, &needed));
    let done = [0, 1].map(|which| try_all(&bases[which], &asked[which]));
    for (at, (sqlite, postgres)) in done[0].1.iter().zip(&done[1].1).enumerate() {
        assert_eq!(sqlite, postgres, "{}", asked[1][at].text);
    }
    // PostgreSQL knows its constraints by name, so it can say which of them nothing was tried against.
    let only_there = only_in_postgres(&bases[1]);
    let hit: BTreeSet<_> = done[1].0.union(&only_there).cloned().collect();
    let all = bases[1].ask(
        "SELECT r.relname, c.conname, c.contype FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid \
         WHERE NOT r.relispartition AND c.contype IN ('c', 'f', 'p', 'u') AND r.relnamespace = 'public'::regnamespace \
         AND r.relname NOT LIKE '\\_sqlx%'",
    );
    for line in all.lines() {
        let [table, constraint, sort] = line.split('|').collect::<Vec<_>>().try_into().expect("three cells");
        // The key of a partition has a name of its own.
        let is_it = |(there, name): &&(String, String)| {
            there == table && (name == constraint || (sort == "p" && name.ends_with("_pkey")))
        };
        assert!(hit.iter().any(|one| is_it(&one)), "{table}: no row was tried against {constraint}");
    }
    assert!(all.lines().count() > 100, "{all}");
}

/// SQLite has no partitions, and no NaN: it keeps null instead.
fn only_in_postgres(postgres: &Base) -> BTreeSet<(String, String)> {
    let table = PARTITIONS.table;
    let row = |changes: &str, must_fail| Try { table, text: insert(postgres, &PARTITIONS, changes), must_fail };
    let mut tries = vec![row(PARTITIONS.wrong[0], true), row("", false), row("", true), row(PARTITIONS.twins[0], true)];
    tries.extend(["parent", "name", "starts", "ends"].map(|column| row(&format!("{column} = NULL"), true)));
    let text =
        "INSERT INTO sensor_readings (sensor_id, time, value) VALUES (1, '2026-01-01T00:00:09Z', 'NaN')".to_owned();
    tries.push(Try { table: "sensor_readings", text, must_fail: true });
    try_all(postgres, &tries).0
}

#[test]
fn what_only_one_dialect_can_be_asked_is_refused_there() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    deliver(&bases[1].url(), &[parcel(&[(0, 0, 1, 1.0)])], &Tally::default()).unwrap();
    let postgres = &bases[1];
    postgres.refuses("UPDATE sensor_readings SET value = 'NaN'");
    postgres.refuses("TRUNCATE sensors");
    postgres.refuses("TRUNCATE equipment CASCADE");
    for table in ["audit_log", "system_events", "alert_transitions", "maintenance_logs"] {
        let said = postgres.refuses(&format!("TRUNCATE {table}"));
        assert!(said.contains(&format!("{table} only grows")), "{said}");
    }
    for (parent, days) in [("equipment", 7), ("sensor_readings; DROP TABLE runs", 7), ("sensor_readings", 0)] {
        postgres.refuses(&format!("SELECT make_partition('{parent}', {days}, '2026-01-01T00:00:00Z')"));
    }
    postgres.refuses("SELECT drop_partition('equipment')");
    // A file of SQLite has types too.
    deliver(&bases[0].url(), &[parcel(&[(0, 0, 1, 1.0)])], &Tally::default()).unwrap();
    let said = bases[0].refuses("UPDATE sensor_readings SET value = 'much'");
    assert!(said.contains("cannot store TEXT value in REAL column"), "{said}");
}

#[test]
fn a_released_migration_never_changes() {
    for (dialect, digest) in super::schema::RELEASED {
        let path = twinwright_tests::project().join("migrations").join(dialect).join("0001_readings.sql");
        assert_eq!(sha384(&path), digest, "{}", path.display());
    }
}

fn sha384(path: &Path) -> String {
    let output = Command::new("sha384sum").arg(path).output().expect("sha384sum is part of every Debian");
    String::from_utf8_lossy(&output.stdout).split(' ').next().unwrap_or_default().to_owned()
}
