//! What a store holds of a load, checked by its own database: each reading once and as it was made, and roll-ups that equal
//! what psql and sqlite3 compute from the readings.

use super::Base;
use twinwright_tests::load::Load;

/// Ends the test unless all ticks before `end` are there, whole, once, and nothing else.
pub(crate) fn holds(base: &Base, load: Load, end: i64) {
    let micros = match base {
        Base::Postgres(_) => "(extract(epoch FROM time) * 1000000)::bigint",
        Base::Sqlite(_) => "time",
    };
    // A sensor and time is a key, so as many as there must be and none that is wrong are all of them, once.
    assert_eq!(base.ask(&load.census(micros)), format!("{}|0", load.sensors() * end), "readings, and wrong ones");
}

/// Ends the test unless the roll-ups of every hour that is not due are those of its readings.
pub(crate) fn rolled_up(base: &Base) {
    for (table, bucket) in [("sensor_readings_1m", "minute"), ("sensor_readings_1h", "hour")] {
        let wrong = base.ask(&match base {
            Base::Postgres(_) => in_postgres(table, bucket),
            Base::Sqlite(_) => in_sqlite(table, if bucket == "minute" { 60_000_000 } else { 3_600_000_000 }),
        });
        assert_eq!(wrong.lines().next(), None, "{table}: sensor, time, what is there, what should be");
    }
}

/// Of both sides, those that differ: in one only, in what they count, or by more than rounding.
const DIFFERENT: &str = "r.sensor_id IS NULL OR w.sensor_id IS NULL OR r.count <> w.number OR r.min <> w.low OR r.max <> w.high \
                         OR abs(r.mean - w.mean) > 1e-9 OR abs(r.p95 - w.p95) > 1e-9 \
                         OR (r.stddev IS NULL) <> (w.spread IS NULL) OR abs(r.stddev - w.spread) > 1e-9";

fn in_postgres(table: &str, bucket: &str) -> String {
    format!(
        "WITH w AS (SELECT sensor_id, date_trunc('{bucket}', time, 'UTC') AS bucket, count(*) AS number, avg(value) AS mean, \
             min(value) AS low, max(value) AS high, stddev_samp(value) AS spread, \
             percentile_cont(0.95) WITHIN GROUP (ORDER BY value) AS p95 \
             FROM sensor_readings WHERE value IS NOT NULL AND quality <> 1 GROUP BY 1, 2) \
         SELECT coalesce(w.sensor_id, r.sensor_id), coalesce(w.bucket, r.time), r.count, w.number, r.mean, w.mean, r.p95, w.p95 \
         FROM w FULL JOIN {table} r ON r.sensor_id = w.sensor_id AND r.time = w.bucket \
         WHERE ({DIFFERENT}) AND NOT EXISTS (SELECT FROM rollups_due d WHERE d.sensor_id = coalesce(w.sensor_id, r.sensor_id) \
             AND d.hour = date_trunc('hour', coalesce(w.bucket, r.time), 'UTC')) LIMIT 3"
    )
}

/// The 95th percentile by hand: between the two readings around place 0.95 (n - 1), counted from 0 in order of size.
fn in_sqlite(table: &str, width: i64) -> String {
    format!(
        "WITH sized AS (SELECT sensor_id, time - time % {width} AS bucket, value, \
             row_number() OVER (PARTITION BY sensor_id, time - time % {width} ORDER BY value) - 1 AS place, \
             count(*) OVER (PARTITION BY sensor_id, time - time % {width}) AS number, \
             avg(value) OVER (PARTITION BY sensor_id, time - time % {width}) AS mean \
             FROM sensor_readings WHERE value IS NOT NULL AND quality <> 1), \
         w AS (SELECT sensor_id, bucket, number, mean, min(value) AS low, max(value) AS high, \
             sqrt(sum((value - mean) * (value - mean)) / nullif(number - 1, 0)) AS spread, \
             sum(value * max(0.0, 1 - abs(place - 0.95 * (number - 1)))) AS p95 FROM sized GROUP BY sensor_id, bucket) \
         SELECT coalesce(w.sensor_id, r.sensor_id), coalesce(w.bucket, r.time), r.count, w.number, r.mean, w.mean, r.p95, w.p95 \
         FROM w FULL JOIN {table} r ON r.sensor_id = w.sensor_id AND r.time = w.bucket \
         WHERE ({DIFFERENT}) AND NOT EXISTS (SELECT 1 FROM rollups_due d WHERE d.sensor_id = coalesce(w.sensor_id, r.sensor_id) \
             AND d.hour = coalesce(w.bucket, r.time) - coalesce(w.bucket, r.time) % 3600000000) LIMIT 3"
    )
}
