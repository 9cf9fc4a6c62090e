//! For each table a row that both databases take, and rows that both refuse, each the good one with something changed.
//!
//! Changes stand as `column = value`, with `; ` between them. `@7` is the seventh second of a day, `BYTES` a byte. That a
//! column may not be null is not listed: it is tried with every one that may not.

/// A table's rows, in the order in which they are tried.
pub(super) struct Case {
    pub(super) table: &'static str,
    /// Must work: makes room for the rows.
    pub(super) before: &'static str,
    pub(super) good: &'static str,
    /// Refused while the good row is not there.
    pub(super) wrong: &'static [&'static str],
    /// Refused beside the good row, which itself is refused a second time.
    pub(super) twins: &'static [&'static str],
}

const PLAIN: Case = Case { table: "", before: "", good: "", wrong: &[], twins: &[] };

/// 32 and 64 digits.
macro_rules! digest {
    (32) => {
        "'0123456789abcdef0123456789abcdef'"
    };
    (64) => {
        "'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'"
    };
    (other 64) => {
        "'1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'"
    };
}

/// Only PostgreSQL has it.
pub(super) const PARTITIONS: Case = Case {
    table: "history_partitions",
    good: "parent = 'sensor_readings'; name = 'x'; starts = @1; ends = @2",
    wrong: &["ends = @1"],
    twins: &["starts = @3; ends = @4"],
    ..PLAIN
};

pub(super) const CASES: [Case; 40] = [
    Case {
        table: "equipment",
        before: "INSERT INTO equipment (id, name, kind) VALUES (2, 'P-102', 'pump')",
        good: "id = 1; name = 'P-101'; kind = 'pump'; status = 'online'; installed_at = @1; configuration = '{}'; metadata = '{\"a\": 1}'",
        wrong: &[
            "name = ''",
            "name = 'P-102'",
            "kind = ''",
            "status = 'broken'",
            "configuration = '[1]'",
            "configuration = '{'",
            "metadata = '1'",
        ],
        twins: &["id = 3"],
    },
    Case {
        table: "sensors",
        good: "id = 1; equipment_id = 1; name = 'vibration'; unit = 'mm/s'; range_low = 0; range_high = 20; accuracy = 0.1; \
               resolution = 0; sampling_rate = 1; calibration_slope = 1; calibration_offset = 0; status = 'active'",
        wrong: &[
            "equipment_id = 99",
            "name = ''",
            "range_low = 20",
            "accuracy = -0.1",
            "resolution = -1",
            "sampling_rate = 0",
            "calibration_slope = 0",
            "status = 'broken'",
        ],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "sensor_readings",
        good: "sensor_id = 1; time = @1; value = 1.5; quality = 0; raw_value = 1; status_code = 4294967295",
        wrong: &[
            "sensor_id = 99",
            "quality = 4",
            "quality = -1",
            "status_code = 4294967296",
            "status_code = -1",
            "value = NULL",
        ],
        twins: &["value = 2; quality = 2"],
        ..PLAIN
    },
    Case {
        table: "equipment_links",
        good: "from_id = 1; to_id = 2; kind = 'feeds'",
        wrong: &["from_id = 99", "to_id = 99", "to_id = 1", "kind = 'eats'"],
        ..PLAIN
    },
    Case {
        table: "machine_configurations",
        good: concat!(
            "id = 1; kind = 'pump'; version = 1; digest = ",
            digest!(32),
            "; document = ''; created_at = @1; \
               baselines = '{}'; thresholds = '{}'"
        ),
        wrong: &["kind = ''", "version = 0", "digest = 'short'", "baselines = '[]'", "thresholds = 'null'"],
        twins: &["id = 2; version = 2", "id = 2; digest = 'ffffffffffffffffffffffffffffffff'"],
        ..PLAIN
    },
    Case {
        table: "runs",
        good: concat!(
            "id = 1; name = 'pumps-1'; kind = 'scenario'; scenario = 'pumps'; title = ''; document = ''; changes = '{}'; \
               seed = -1; futures = 1; machines = 0; start_time = @1; end_time = @2; tick_ns = 1; plan_digest = ",
            digest!(32),
            "; state_digest = ",
            digest!(32),
            "; version = '1'; command = ''; status = 'running'; written = 0; began_at = @1; ended_at = @2"
        ),
        wrong: &[
            "name = ''",
            "kind = 'dream'",
            "changes = '[]'",
            "futures = 0",
            "machines = -1",
            "tick_ns = 0",
            "plan_digest = ''",
            "state_digest = ''",
            "status = 'asleep'",
            "written = -1",
        ],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "run_configurations",
        good: "run_id = 1; configuration_id = 1",
        wrong: &["run_id = 99", "configuration_id = 99"],
        ..PLAIN
    },
    Case {
        table: "run_measures",
        good: "run_id = 1; measure = 'availability'; unit = ''; mean = 0.9; p05 = 0; p50 = 0.5; p95 = 1; futures = 1; \
               confidence = 0.95; better = 1",
        wrong: &["run_id = 99", "measure = ''", "futures = 0", "confidence = 1", "confidence = 0", "better = 1.5"],
        ..PLAIN
    },
    Case {
        table: "status_events",
        good: "run_id = 1; equipment_id = 1; time = @1; status = 'running'; previous = 'idle'; duration_s = 0; e10 = 'PRD'",
        wrong: &[
            "run_id = 99",
            "equipment_id = 99",
            "status = 'broken'",
            "previous = 'broken'",
            "duration_s = -1",
            "e10 = 'XYZ'",
        ],
        ..PLAIN
    },
    Case {
        table: "state_snapshots",
        good: "run_id = 1; equipment_id = 1; time = @1; state = '{\"mode\": \"running\"}'",
        wrong: &["run_id = 99", "equipment_id = 99", "state = '\"running\"'"],
        ..PLAIN
    },
    Case {
        table: "checkpoints",
        good: concat!(
            "run_id = 1; tick = 0; time = @1; state_digest = ",
            digest!(32),
            "; plan_digest = ",
            digest!(32),
            "; engine = '1'; snapshot = BYTES; taken_at = @2; entry = 1"
        ),
        wrong: &["run_id = 99", "tick = -1", "entry = 0", "state_digest = 'short'", "plan_digest = 'short'"],
        ..PLAIN
    },
    Case {
        table: "inputs",
        good: "run_id = 1; tick = 0; number = 0; machine = 'P-101'; driver = 'load'; value = 1",
        wrong: &["run_id = 99", "tick = -1", "number = -1", "machine = ''", "driver = ''"],
        ..PLAIN
    },
    Case {
        table: "store_state",
        before: "DELETE FROM store_state",
        good: "id = 1; pruning = 0",
        wrong: &["id = 2", "pruning = 2"],
        ..PLAIN
    },
    Case {
        table: "retention",
        good: "table_name = 'x'; keep_days = 0.5; archive = 'file:/srv'",
        wrong: &["table_name = ''", "keep_days = 0"],
        ..PLAIN
    },
    Case {
        table: "archives",
        good: "id = 1; table_name = 'alerts'; from_time = @1; to_time = @2; url = 'file:/a'; row_count = 0; bytes = 0; digest = ''; \
               created_at = @1",
        wrong: &["table_name = ''", "to_time = @1", "url = ''", "row_count = -1", "bytes = -1"],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "latest_readings",
        before: "DELETE FROM latest_readings",
        good: "sensor_id = 1; time = @1; value = 1; quality = 3",
        wrong: &["sensor_id = 99", "quality = 4"],
        ..PLAIN
    },
    Case {
        table: "rollups_due",
        before: "DELETE FROM rollups_due",
        good: "sensor_id = 1; hour = @1; writer = 7",
        wrong: &["sensor_id = 99"],
        ..PLAIN
    },
    Case {
        table: "rollups_state",
        before: "DELETE FROM rollups_state",
        good: "id = 1; repairs = 0",
        wrong: &["id = 2", "repairs = -1"],
        ..PLAIN
    },
    Case {
        table: "sensor_readings_1m",
        good: "sensor_id = 1; time = @1; mean = 1; min = 1; max = 1; stddev = 0; p95 = 1; count = 1",
        wrong: &["sensor_id = 99", "min = 2", "stddev = -1", "count = 0"],
        ..PLAIN
    },
    Case {
        table: "sensor_readings_1h",
        good: "sensor_id = 1; time = @1; mean = 1; min = 1; max = 1; stddev = 0; p95 = 1; count = 1",
        wrong: &["sensor_id = 99", "min = 2", "stddev = -1", "count = 0"],
        ..PLAIN
    },
    Case {
        table: "anomaly_records",
        good: "id = 1; run_id = 1; equipment_id = 1; sensor_id = 1; time = @1; ended_at = @1; type = 'drift'; severity = 'low'; \
               algorithm = 'cusum'; sensor_data = '{}'; calculated_metrics = '{}'; ml_features = '{}'; ml_confidence = 1; uid = 'a'",
        wrong: &[
            "uid = ''",
            "run_id = 99",
            "equipment_id = 99",
            "sensor_id = 99",
            "ended_at = @0",
            "type = ''",
            "severity = 'mild'",
            "algorithm = ''",
            "sensor_data = '[]'",
            "calculated_metrics = '[]'",
            "ml_features = '[]'",
            "ml_confidence = 1.5",
        ],
        ..PLAIN
    },
    Case {
        table: "alert_rules",
        good: "id = 1; name = 'hot'; condition = 'x > 1'; severity = 'low'; message = ''; enabled = 1; definition = '{}'; changed_at = @1",
        wrong: &["name = ''", "severity = 'mild'", "enabled = 2", "definition = '[]'"],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "alerts",
        good: "id = 1; uid = 'pumps-1/1'; run_id = 1; equipment_id = 1; sensor_id = 1; rule = 'hot'; severity = 'critical'; \
               priority = 4; status = 'active'; message = ''; raised_at = @5; returned_at = @6",
        wrong: &[
            "uid = ''",
            "run_id = 99",
            "equipment_id = 99",
            "sensor_id = 99",
            "rule = ''",
            "first_up = 2",
            "escalated = -1",
            "severity = 'mild'",
            "priority = 3",
            "severity = 'low'",
            "status = 'asleep'",
            "suppressed_by = 'nobody'; status = 'suppressed'",
            "acknowledged_at = @6",
            "acknowledged_by = 'ann'",
            "status = 'acknowledged'",
            "status = 'resolved'",
            "resolved_at = @6",
            "status = 'suppressed'",
            "suppressed_by = 'design'",
            "status = 'suppressed'; suppressed_by = 'shelved'; shelved_until = @7; shelved_by = 'ann'",
            "status = 'suppressed'; suppressed_by = 'shelved'; shelved_by = 'ann'; shelve_reason = 'known'",
            "returned_at = @4",
            "status = 'resolved'; resolved_at = @4; returned_at = NULL",
        ],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "alert_transitions",
        good: "alert_id = 1; number = 1; time = @1; what = 'raised'; status = 'active'; by_whom = 'engine'; value = 1",
        wrong: &["alert_id = 99", "number = 0", "what = 'forgotten'", "status = 'asleep'", "by_whom = ''"],
        ..PLAIN
    },
    Case {
        table: "mirrors",
        good: "run_id = 1; site = 'line1'; written = 2; stored = 1; holder = 'x'; beat_at = @1; expires_at = @2",
        wrong: &["run_id = 99", "site = ''", "stored = -1", "stored = 3", "holder = NULL", "expires_at = NULL"],
        ..PLAIN
    },
    Case {
        table: "channels",
        good: "run_id = 1; number = 0; machine = 'P-101'; item = 'x'; unit = ''; sensor_id = 1; newcomer = 1",
        wrong: &["run_id = 99", "number = -1", "sensor_id = 99", "newcomer = 2"],
        ..PLAIN
    },
    Case {
        table: "journal",
        good: concat!(
            "run_id = 1; number = 1; written_at = @1; first_time = @1; last_time = @1; readings = 0; closed_tick = 0; \
             last_tick = 0; body = BYTES; digest_tick = 0; state_digest = ",
            digest!(32)
        ),
        wrong: &[
            "run_id = 99",
            "number = 0",
            "first_time = @2",
            "readings = -1",
            "closed_tick = -1",
            "last_tick = -1",
            "digest_tick = NULL",
            "state_digest = NULL",
            "state_digest = 'short'",
        ],
        ..PLAIN
    },
    Case {
        table: "quarantine",
        good: "id = 1; run_id = 1; arrived = @1; feed = 'mqtt.a'; origin = ''; reason = 'broken'; detail = ''; payload = BYTES",
        wrong: &["run_id = 99", "reason = ''"],
        ..PLAIN
    },
    Case {
        table: "actions",
        good: "id = 1; uid = 'a'; run_id = 1; machine = 'P-101'; rule = 'hot'; ask = 'shelve'; by_whom = 'ann'; until = @2; \
               asked_at = @1; state = 'taken'; taken_tick = 0",
        wrong: &[
            "uid = ''",
            "run_id = 99",
            "alert = 'a'",
            "machine = NULL; rule = NULL",
            "rule = NULL",
            "ask = 'forget'",
            "ask = 'resolve'",
            "until = NULL",
            "by_whom = ''",
            "state = 'lost'",
            "taken_tick = -1",
        ],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "out_of_service",
        good: "equipment_id = 1; rule = 'hot'; since = @1; by_whom = 'ann'",
        wrong: &["equipment_id = 99", "rule = ''", "by_whom = ''"],
        ..PLAIN
    },
    Case {
        table: "outbox",
        good: "id = 1; uid = 'a'; topic = 'alerts'; alert_id = 1; payload = '{}'; created_at = @1; next_attempt_at = @1; attempts = 0; \
               state = 'waiting'",
        wrong: &["uid = ''", "topic = ''", "alert_id = 99", "payload = '[]'", "attempts = -1", "state = 'lost'"],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "notification_logs",
        good: "id = 1; outbox_id = 1; route = 'mail'; attempt = 1; time = @1; status = 'sent'",
        wrong: &["outbox_id = 99", "route = ''", "attempt = 0", "status = 'lost'"],
        ..PLAIN
    },
    Case {
        table: "predictions",
        good: "id = 1; run_id = 1; equipment_id = 1; time = @1; kind = 'wear'; subject = ''; value = 1; low = 1; high = 1; \
               confidence = 0.9; horizon_h = 1; model = 'gamma'; assumptions = '{}'",
        wrong: &[
            "run_id = 99",
            "equipment_id = 99",
            "kind = 'weather'",
            "low = 2",
            "confidence = 1",
            "horizon_h = 0",
            "model = ''",
            "assumptions = '[]'",
        ],
        ..PLAIN
    },
    Case {
        table: "maintenance_tasks",
        good: "id = 1; uid = 'a'; equipment_id = 1; subject = ''; kind = 'preventive'; title = 'Swap'; reason = ''; status = 'done'; \
               severity = 'low'; source = 'engine'; figures = '{}'; created_at = @1; started_at = @1; finished_at = @2; \
               expected_hours = 0; expected_cost = 0",
        wrong: &[
            "uid = ''",
            "equipment_id = 99",
            "kind = 'magic'",
            "title = ''",
            "status = 'asleep'",
            "severity = 'mild'",
            "source = 'rumour'",
            "figures = '[]'",
            "expected_hours = -1",
            "expected_cost = -1",
            "finished_at = NULL",
            "started_at = @3",
        ],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "maintenance_logs",
        good: "id = 1; run_id = 1; equipment_id = 1; task_id = 1; time = @1; what = 'repair'; subject = ''; hours = 0; cost = -1; \
               by_whom = 'engine'; note = ''",
        wrong: &["run_id = 99", "equipment_id = 99", "task_id = 99", "what = 'magic'", "hours = -1", "by_whom = ''"],
        ..PLAIN
    },
    Case {
        table: "maintenance_reports",
        good: "id = 1; period = 'daily'; run_id = 1; from_time = @1; to_time = @2; created_at = @1; content = ''; \
               metrics_summary = '{}'; recommendations = '[]'",
        wrong: &[
            "period = 'hourly'",
            "run_id = 99",
            "to_time = @1",
            "metrics_summary = '[]'",
            "recommendations = '{}'",
        ],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "performance_metrics",
        good: "run_id = 1; equipment_id = 1; time = @1; span_s = 1; uptime = 1; anomalies = 0",
        wrong: &["run_id = 99", "equipment_id = 99", "span_s = 0", "uptime = 1.5", "anomalies = -1"],
        ..PLAIN
    },
    Case {
        table: "audit_log",
        good: concat!(
            "id = 1; time = @1; who = 'ann'; action = 'prune'; subject = ''; previous = ",
            digest!(64),
            "; digest = ",
            digest!(64)
        ),
        wrong: &["id = 0", "who = ''", "action = ''", "previous = 'short'", "digest = 'short'"],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "system_events",
        good: concat!(
            "id = 1; time = @1; severity = 'info'; component = 'store'; event = 'start'; detail = '{}'; previous = ",
            digest!(64),
            "; digest = ",
            digest!(other 64)
        ),
        wrong: &[
            "id = 0",
            "severity = 'mild'",
            "component = ''",
            "event = ''",
            "previous = 'short'",
            "digest = 'short'",
        ],
        twins: &["id = 2"],
        ..PLAIN
    },
    Case {
        table: "chain_heads",
        before: "DELETE FROM chain_heads WHERE log = 'audit_log'",
        good: concat!("log = 'audit_log'; id = 0; digest = ", digest!(64)),
        wrong: &["log = 'diary'", "id = -1", "digest = 'short'"],
        ..PLAIN
    },
];

/// Refused once all good rows are there: rows that others need, and rows that may only be added to.
pub(super) const AFTERWARDS: [&str; 21] = [
    "DELETE FROM equipment WHERE id = 1",
    "DELETE FROM equipment WHERE id = 2",
    "DELETE FROM sensors WHERE id = 1",
    "UPDATE sensors SET id = 99 WHERE id = 1",
    "UPDATE sensor_readings SET sensor_id = 99",
    "UPDATE sensor_readings SET quality = 4",
    "UPDATE sensor_readings SET value = NULL, quality = 0",
    "DELETE FROM machine_configurations",
    "DELETE FROM maintenance_tasks",
    "UPDATE alerts SET status = 'resolved'",
    "UPDATE audit_log SET reason = 'none'",
    "UPDATE audit_log SET id = 7",
    "DELETE FROM audit_log",
    "UPDATE system_events SET detail = ''",
    "DELETE FROM system_events",
    "UPDATE alert_transitions SET comment = 'x'",
    "DELETE FROM alert_transitions",
    "DELETE FROM alerts",
    "UPDATE maintenance_logs SET note = 'x'",
    "DELETE FROM maintenance_logs",
    "DELETE FROM runs",
];
