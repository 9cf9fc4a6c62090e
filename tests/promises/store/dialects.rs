//! The two dialects have the same tables: columns, defaults, keys, references and indexes, read from the catalogs of both.
//!
//! Each fact is one line in words of its own, so that a difference is read as what one has and the other has not.

use super::Base;
use crate::wires::run;
use std::collections::BTreeSet;
use twinwright_tests::Scratch;

/// What only PostgreSQL has, and why.
const ONLY_POSTGRES: [(&str, &str); 1] = [("history_partitions", "SQLite has no partitions")];
/// References that only SQLite has: PostgreSQL checks them by statement, in triggers, because it would cost COPY too much.
const BY_TRIGGER: [&str; 3] = ["sensor_readings", "sensor_readings_1m", "sensor_readings_1h"];

const POSTGRES_TABLES: &str = "r.relnamespace = 'public'::regnamespace AND r.relkind IN ('r', 'p') AND NOT r.relispartition \
                               AND r.relname NOT LIKE '\\_sqlx%'";
const SQLITE_TABLES: &str = "t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%' \
                             AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\'";

/// A fact a line, from PostgreSQL's catalog.
fn in_postgres(sort: &str) -> String {
    match sort {
        "columns" => format!(
            "SELECT r.relname || '.' || a.attname || ' '
                 || CASE format_type(a.atttypid, a.atttypmod) WHEN 'double precision' THEN 'real' WHEN 'text' THEN 'text'
                    WHEN 'jsonb' THEN 'text' WHEN 'bytea' THEN 'blob' WHEN 'integer' THEN 'integer' WHEN 'bigint' THEN 'integer'
                    WHEN 'smallint' THEN 'integer' WHEN 'timestamp with time zone' THEN 'integer' ELSE 'unknown' END
                 || CASE WHEN a.attnotnull THEN ' needed' ELSE '' END
                 || coalesce(' default ' || regexp_replace(pg_get_expr(d.adbin, d.adrelid), '::\\w+$', ''), '')
             FROM pg_class r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
             LEFT JOIN pg_attrdef d ON d.adrelid = r.oid AND d.adnum = a.attnum WHERE {POSTGRES_TABLES}"
        ),
        "keys" => format!(
            "SELECT r.relname || CASE c.contype WHEN 'p' THEN ' primary ' ELSE ' unique ' END
                 || (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY k (number, place)
                     JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = k.number)
             FROM pg_class r JOIN pg_constraint c ON c.conrelid = r.oid AND c.contype IN ('p', 'u') WHERE {POSTGRES_TABLES}"
        ),
        "references" => format!(
            "SELECT r.relname || '.' || a.attname || ' to ' || o.relname || '.' || b.attname
                 || CASE c.confdeltype WHEN 'r' THEN ' RESTRICT' WHEN 'c' THEN ' CASCADE' ELSE ' other' END
             FROM pg_class r JOIN pg_constraint c ON c.conrelid = r.oid AND c.contype = 'f' JOIN pg_class o ON o.oid = c.confrelid
             JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = ALL (c.conkey)
             JOIN pg_attribute b ON b.attrelid = o.oid AND b.attnum = ALL (c.confkey) WHERE {POSTGRES_TABLES}"
        ),
        "indexes" => format!(
            "SELECT r.relname || ' ' || n.relname || ' '
                 || (SELECT string_agg(a.attname || CASE WHEN x.indoption[k.place - 1] & 1 = 1 THEN ' desc' ELSE '' END, ','
                                       ORDER BY k.place)
                     FROM unnest(x.indkey::smallint[]) WITH ORDINALITY k (number, place)
                     JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = k.number)
                 || CASE WHEN x.indisunique THEN ' unique' ELSE '' END || CASE WHEN x.indpred IS NULL THEN '' ELSE ' partial' END
             FROM pg_class r JOIN pg_index x ON x.indrelid = r.oid JOIN pg_class n ON n.oid = x.indexrelid
             WHERE {POSTGRES_TABLES} AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = n.oid AND c.conrelid = r.oid)"
        ),
        other => panic!("{other}"),
    }
}

/// The same facts from SQLite's.
fn in_sqlite(sort: &str) -> String {
    match sort {
        "columns" => format!(
            "SELECT t.name || '.' || c.name || ' ' || lower(c.type) || iif(c.\"notnull\" OR c.pk, ' needed', '')
                 || coalesce(' default ' || c.dflt_value, '')
             FROM pragma_table_list t JOIN pragma_table_info(t.name) c WHERE {SQLITE_TABLES}"
        ),
        "keys" => format!(
            "SELECT t.name || ' primary ' || (SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info(t.name) WHERE pk ORDER BY pk))
             FROM pragma_table_list t WHERE {SQLITE_TABLES}
             UNION ALL
             SELECT t.name || ' unique ' || (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))
             FROM pragma_table_list t JOIN pragma_index_list(t.name) i WHERE {SQLITE_TABLES} AND i.origin = 'u'"
        ),
        "references" => format!(
            "SELECT t.name || '.' || f.\"from\" || ' to ' || f.\"table\" || '.' || f.\"to\" || ' ' || f.on_delete
             FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f WHERE {SQLITE_TABLES}"
        ),
        "indexes" => format!(
            "SELECT t.name || ' ' || i.name || ' '
                 || (SELECT group_concat(name || iif(\"desc\", ' desc', ''))
                     FROM (SELECT * FROM pragma_index_xinfo(i.name) WHERE key ORDER BY seqno))
                 || iif(i.\"unique\", ' unique', '') || iif(i.partial, ' partial', '')
             FROM pragma_table_list t JOIN pragma_index_list(t.name) i WHERE {SQLITE_TABLES} AND i.origin = 'c'"
        ),
        other => panic!("{other}"),
    }
}

fn facts(base: &Base, sort: &str) -> BTreeSet<String> {
    let text = match base {
        Base::Postgres(_) => base.ask(&in_postgres(sort)),
        Base::Sqlite(_) => base.ask(&in_sqlite(sort)),
    };
    let is_shared = |line: &&str| !ONLY_POSTGRES.iter().any(|(table, _)| line.split([' ', '.']).next() == Some(*table));
    text.lines().filter(is_shared).map(str::to_owned).collect()
}

#[test]
fn both_dialects_have_the_same_tables() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    for base in &bases {
        run(async { super::links::link(base).await.close().await });
    }
    for (sort, least) in [("columns", 200), ("keys", 40), ("references", 25), ("indexes", 15)] {
        let [sqlite, postgres] = bases.each_ref().map(|base| facts(base, sort));
        let by_trigger =
            |line: &&String| sort == "references" && BY_TRIGGER.contains(&line.split('.').next().unwrap_or_default());
        let only_sqlite: Vec<_> = sqlite.difference(&postgres).filter(|line| !by_trigger(line)).collect();
        let only_postgres: Vec<_> = postgres.difference(&sqlite).collect();
        assert!(
            only_sqlite.is_empty() && only_postgres.is_empty(),
            "{sort}: only SQLite has {only_sqlite:#?}, only PostgreSQL {only_postgres:#?}"
        );
        assert!(sqlite.len() >= least, "{sort}: only {} found", sqlite.len());
        assert_eq!(sqlite.iter().filter(by_trigger).count(), if sort == "references" { BY_TRIGGER.len() } else { 0 });
    }
}

/// Partial indexes that both have are asked in the same words, so that a query which one can answer by it the other can too.
#[test]
fn what_an_index_leaves_out_is_the_same_in_both() {
    let conditions = ["sqlite", "postgres"].map(|dialect| {
        let mut found = BTreeSet::new();
        let folder = twinwright_tests::project().join("migrations").join(dialect);
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let statements =
                text.split(';').map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "));
            found.extend(
                statements.filter(|statement| statement.contains("CREATE INDEX") && statement.contains(" WHERE ")),
            );
        }
        found
    });
    assert!(conditions[0].len() >= 3);
    assert_eq!(conditions[0], conditions[1]);
}
