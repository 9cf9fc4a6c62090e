//! The five questions that are asked all day: each by an index, and answered alike by both databases.

use super::*;
use twinwright_io::store::queries::rollups::{self, Every};
use twinwright_io::store::queries::{Stretch, alerts, overview, readings};
use twinwright_io::store::{Dialect, Record};
use twinwright_tests::Scratch;

/// Tables that grow without end; of the others a look at all rows is fine.
const BIG: [&str; 6] =
    ["sensor_readings", "sensor_readings_1m", "sensor_readings_1h", "alerts", "alert_transitions", "status_events"];
const SENSORS: i64 = 200;
const ALERTS: i64 = 20_000;

/// A statement, the types of its values as PostgreSQL calls them, and some values as text.
const QUESTIONS: [(&str, &str, &str); 7] = [
    (readings::LAST_VALUES, "bigint, bigint", "7, 1000"),
    (readings::NEWEST_FIRST, "bigint, timestamptz, timestamptz", "7, T+36000, T+39600"),
    (readings::LAST_IN_STRETCH, "bigint, timestamptz, timestamptz, bigint", "7, T+0, T+39600, 100"),
    (readings::IN_ORDER, "bigint, timestamptz, timestamptz", "7, T+36000, T+39600"),
    (rollups::HOURS.in_order, "bigint, timestamptz, timestamptz", "7, T+0, T+86400"),
    (alerts::ACTIVE, "bigint, bigint", "1, 100"),
    (overview::OVERVIEW, "bigint", "1"),
];

/// Many sensors with a day of readings every minute, and many alerts of which few are open. All by SQL, in the same order.
fn fill(base: &Base) {
    write(base, &[("vibration", "mm/s")], &[(0, START, 0.0, 0)]);
    run(async {
        let mut link = Link::open(&place(base)).await.unwrap();
        history_of_many(&mut link).await;
        if let Base::Postgres(server) = base {
            server.ask("ANALYZE");
        }
        link.close().await;
    });
}

async fn history_of_many(link: &mut Link) {
    let insert = |table: &str, columns: &str, count: i64, rest: &str| {
        let numbers = format!("n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count})");
        format!("INSERT INTO {table} ({columns}) WITH RECURSIVE {numbers} {rest}")
    };
    let (minute, start) = match link.dialect() {
        Dialect::Postgres => ("$1 + n.i * interval '1 minute'", Cell::from(time(START))),
        Dialect::Sqlite => ("$1 + n.i * 60000000", Cell::from(time(START))),
    };
    let statements = [
        insert("equipment", "name, kind", 20, "SELECT 'M-' || n.i, 'pump' FROM n"),
        insert("sensors", "equipment_id, name, unit", SENSORS, "SELECT 3 + n.i % 20, 's' || n.i, 'mm/s' FROM n"),
    ];
    for statement in statements {
        link.run(statement, &[]).await.unwrap();
    }
    let every = |table: &str, columns: &str, what: &str, count: i64| {
        insert(
            table,
            columns,
            count,
            &format!("SELECT s.id, {minute}, {what} FROM n CROSS JOIN sensors s WHERE s.id > 2"),
        )
    };
    let both = [
        every("sensor_readings", "sensor_id, time, value", "(s.id * 31 + n.i) % 100 / 4.0", 1_440),
        every("sensor_readings_1h", "sensor_id, time, mean, min, max, p95, count", "1.0, 0.0, 2.0, 1.5, 60", 24)
            .replace("interval '1 minute'", "interval '1 hour'")
            .replace("60000000", "3600000000"),
        every("latest_readings", "sensor_id, time, value, quality", "1.5, 0", 1),
    ];
    if link.dialect() == Dialect::Postgres {
        let make = "SELECT * FROM make_partition('sensor_readings_1h', 364, $1)";
        link.all(make, std::slice::from_ref(&start)).await.unwrap();
    }
    for statement in both {
        link.run(statement, std::slice::from_ref(&start)).await.unwrap();
    }
    let digest = "0123456789abcdef0123456789abcdef";
    let columns = "name, kind, scenario, title, document, seed, futures, machines, start_time, tick_ns, plan_digest, version, \
                   command, began_at";
    let run: [Cell; 14] = [
        "r".into(),
        "scenario".into(),
        "r".into(),
        "r".into(),
        "".into(),
        1.into(),
        1.into(),
        20.into(),
        time(START).into(),
        1.into(),
        digest.into(),
        "0".into(),
        "run".into(),
        time(START).into(),
    ];
    super::insert(link, "runs", columns, &run).await;
    let modes = format!("SELECT 1, 3 + n.i % 20, {minute}, 'running', 'PRD' FROM n");
    link.run(
        insert("status_events", "run_id, equipment_id, time, status, e10", ALERTS, &modes),
        std::slice::from_ref(&start),
    )
    .await
    .unwrap();
    let alerts = format!(
        "SELECT 'r/' || n.i, 1, 3 + n.i % 20, 'rule', CASE n.i % 3 WHEN 0 THEN 'high' ELSE 'medium' END, \
         CASE n.i % 3 WHEN 0 THEN 3 ELSE 2 END, CASE n.i % 100 WHEN 0 THEN 'active' ELSE 'resolved' END, {minute}, \
         CASE n.i % 100 WHEN 0 THEN NULL ELSE {minute} END FROM n"
    );
    let columns = "uid, run_id, equipment_id, rule, severity, priority, status, raised_at, resolved_at";
    link.run(insert("alerts", columns, ALERTS, &alerts), &[start]).await.unwrap();
}

/// The steps of a plan, one a line.
fn plan(base: &Base, (statement, types, values): (&str, &str, &str), generic: bool) -> String {
    let literal = |value: &str| match (value.trim().strip_prefix("T+"), base) {
        (None, _) => value.trim().to_owned(),
        (Some(seconds), Base::Postgres(_)) => format!("'{}'", text(START + seconds.parse::<i64>().unwrap() * SECOND)),
        (Some(seconds), Base::Sqlite(_)) => (START + seconds.parse::<i64>().unwrap() * SECOND).to_string(),
    };
    let values: Vec<String> = values.split(',').map(literal).collect();
    match base {
        Base::Postgres(server) => server.ask(&format!(
            "SET plan_cache_mode = {}; PREPARE asked ({types}) AS {statement}; EXPLAIN (COSTS OFF) EXECUTE asked ({})",
            if generic { "force_generic_plan" } else { "force_custom_plan" },
            values.join(", ")
        )),
        Base::Sqlite(_) => {
            let mut statement = statement.to_owned();
            for (place, value) in values.iter().enumerate().rev() {
                statement = statement.replace(&format!("${}", place + 1), value);
            }
            base.ask(&format!("EXPLAIN QUERY PLAN {statement}"))
        }
    }
}

#[test]
fn no_question_of_every_day_reads_a_big_table_from_end_to_end() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    bases.iter().for_each(fill);
    for question in QUESTIONS {
        for (base, generic) in [(&bases[0], false), (&bases[1], false), (&bases[1], true)] {
            let plan = plan(base, question, generic);
            for line in plan.lines() {
                let scanned = match base {
                    Base::Postgres(_) => line.split("Seq Scan on ").nth(1),
                    // By an index it is `SCAN a USING INDEX`: in its order, as far as it is wanted.
                    Base::Sqlite(_) if line.contains("USING") => None,
                    Base::Sqlite(_) => line.split("SCAN ").nth(1).map(|rest| if rest == "a" { "alerts" } else { rest }),
                };
                let table = scanned.and_then(|rest| rest.split_whitespace().next()).unwrap_or("");
                let big = BIG.iter().any(|big| table == *big || table.starts_with(&format!("{big}_2")));
                assert!(!big, "{}\n{plan}", question.0);
            }
            // Open alerts are found by the index of the open ones, not by going through all.
            let open = question.0 == alerts::ACTIVE || question.0 == overview::OVERVIEW;
            assert!(!open || plan.contains("alerts_open"), "{plan}");
        }
    }
}

#[test]
fn both_databases_answer_the_questions_of_every_day_alike() {
    let scratch = Scratch::new();
    let bases = Base::both(&scratch);
    bases.iter().for_each(fill);
    let answers = bases.each_ref().map(|base| {
        run(async {
            let mut link = Link::open(&place(base)).await.unwrap();
            let hour = Stretch { from: time(START + 10 * HOUR), to: time(START + 11 * HOUR) };
            let day = Stretch { from: time(START), to: time(START + 24 * HOUR) };
            let last = readings::last_values(&mut link, 7, 1_000).await.unwrap();
            let newest = readings::newest_first(&mut link, 7, hour).await.unwrap();
            let hours = rollups::in_order(&mut link, 7, Every::Hour, day).await.unwrap();
            let open = alerts::active(&mut link, 1, 1_000).await.unwrap();
            let all = overview::overview(&mut link, 1).await.unwrap();
            // Against a plain look at the same rows.
            let told: Record = link
                .first("SELECT count(*) FROM alerts WHERE status = 'active' AND priority = 3", &[])
                .await
                .unwrap()
                .unwrap();
            assert_eq!(open.iter().filter(|alert| alert.severity == "high").count() as i64, told.int(0));
            link.close().await;
            (last, newest, hours, open, all)
        })
    });
    assert_eq!(answers[0], answers[1]);
    let (last, newest, hours, open, all) = &answers[0];
    assert_eq!((last.len(), newest.len(), hours.len(), open.len(), all.len()), (1_000, 60, 24, 200, 22));
    assert!(
        last.is_sorted_by(|one, next| one.time > next.time) && last[0].time == time(START + 24 * HOUR - 60 * SECOND)
    );
    assert!(newest.iter().all(|reading| reading.value == Some(((7 * 31 + minute(reading.time)) % 100) as f64 / 4.0)));
    let key = |alert: &alerts::AlertRow| (alert.severity == "medium", std::cmp::Reverse(alert.raised));
    assert!(open.is_sorted_by_key(key));
    let open_here: i64 = all.iter().map(|machine| machine.open.iter().sum::<i64>()).sum();
    assert_eq!(open_here, 200);
    assert_eq!(all.iter().filter(|machine| machine.last.is_some()).count(), 21);
}

fn minute(time: Time) -> i64 {
    (time.0 / 1_000 - START) / (60 * SECOND)
}
