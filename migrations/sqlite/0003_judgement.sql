-- What was thought of the history: findings, alerts and their course, what went out, what is expected to come.
-- The same meaning as migrations/postgres/0003_judgement.sql, whose comments hold here too. Times are microseconds since 1970.

CREATE TABLE anomaly_records (
    id                  INTEGER PRIMARY KEY,
    run_id              INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    equipment_id        INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    sensor_id           INTEGER REFERENCES sensors (id) ON DELETE RESTRICT,
    time                INTEGER NOT NULL,
    ended_at            INTEGER,
    type                TEXT NOT NULL CHECK (type <> ''),
    severity            TEXT NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    algorithm           TEXT NOT NULL CHECK (algorithm <> ''),
    sensor_data         TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(sensor_data) AND json_type(sensor_data) = 'object'),
    calculated_metrics  TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(calculated_metrics) AND json_type(calculated_metrics) = 'object'),
    ml_features         TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(ml_features) AND json_type(ml_features) = 'object'),
    ml_confidence       REAL CHECK (ml_confidence BETWEEN 0 AND 1),
    CHECK (ended_at >= time)
) STRICT;
CREATE INDEX anomaly_records_by_time ON anomaly_records (equipment_id, time);

CREATE TABLE alert_rules (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE CHECK (name <> ''),
    condition   TEXT NOT NULL,
    severity    TEXT NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    message     TEXT NOT NULL DEFAULT '',
    enabled     INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    definition  TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(definition) AND json_type(definition) = 'object'),
    changed_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE alerts (
    id               INTEGER PRIMARY KEY,
    uid              TEXT NOT NULL UNIQUE CHECK (uid <> ''),
    run_id           INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    equipment_id     INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    sensor_id        INTEGER REFERENCES sensors (id) ON DELETE RESTRICT,
    rule             TEXT NOT NULL CHECK (rule <> ''),
    severity         TEXT NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    priority         INTEGER NOT NULL CHECK (priority = CASE severity WHEN 'low' THEN 1 WHEN 'medium' THEN 2
                                                         WHEN 'high' THEN 3 ELSE 4 END),
    status           TEXT NOT NULL CHECK (status IN ('active', 'acknowledged', 'resolved', 'suppressed')),
    message          TEXT NOT NULL DEFAULT '',
    trigger_value    REAL,
    threshold_value  REAL,
    raised_at        INTEGER NOT NULL,
    returned_at      INTEGER,
    acknowledged_at  INTEGER,
    acknowledged_by  TEXT,
    resolved_at      INTEGER,
    resolved_by      TEXT,
    suppressed_by    TEXT CHECK (suppressed_by IN ('shelved', 'design', 'out_of_service')),
    shelved_until    INTEGER,
    shelved_by       TEXT,
    shelve_reason    TEXT,
    CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL)),
    CHECK (status <> 'acknowledged' OR acknowledged_by IS NOT NULL),
    CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    CHECK ((status = 'suppressed') = (suppressed_by IS NOT NULL)),
    CHECK (suppressed_by IS NOT 'shelved'
           OR (shelved_until IS NOT NULL AND shelved_by IS NOT NULL AND shelve_reason IS NOT NULL)),
    CHECK (returned_at >= raised_at AND resolved_at >= raised_at)
) STRICT;
CREATE INDEX alerts_open ON alerts (priority DESC, raised_at DESC) WHERE status IN ('active', 'acknowledged');
CREATE INDEX alerts_open_by_machine ON alerts (equipment_id, priority) WHERE status IN ('active', 'acknowledged');
CREATE INDEX alerts_by_machine ON alerts (equipment_id, raised_at);
CREATE INDEX alerts_by_time ON alerts (raised_at);

CREATE TABLE alert_transitions (
    alert_id   INTEGER NOT NULL REFERENCES alerts (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL CHECK (number > 0),
    time       INTEGER NOT NULL,
    what       TEXT NOT NULL CHECK (what IN ('raised', 'returned', 'acknowledged', 'resolved', 'shelved', 'unshelved',
                                             'suppressed', 'unsuppressed', 'commented', 'escalated', 'raised_again')),
    status     TEXT NOT NULL CHECK (status IN ('active', 'acknowledged', 'resolved', 'suppressed')),
    by_whom    TEXT NOT NULL DEFAULT 'engine' CHECK (by_whom <> ''),
    comment    TEXT,
    value      REAL,
    PRIMARY KEY (alert_id, number)
) STRICT;

CREATE TABLE outbox (
    id               INTEGER PRIMARY KEY,
    uid              TEXT NOT NULL UNIQUE CHECK (uid <> ''),
    topic            TEXT NOT NULL CHECK (topic <> ''),
    alert_id         INTEGER REFERENCES alerts (id) ON DELETE CASCADE,
    payload          TEXT NOT NULL CHECK (json_valid(payload) AND json_type(payload) = 'object'),
    created_at       INTEGER NOT NULL,
    next_attempt_at  INTEGER NOT NULL,
    attempts         INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    state            TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead'))
) STRICT;
CREATE INDEX outbox_waiting ON outbox (topic, id) WHERE state = 'waiting';
CREATE INDEX outbox_by_alert ON outbox (alert_id);

CREATE TABLE notification_logs (
    id         INTEGER PRIMARY KEY,
    outbox_id  INTEGER NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    route      TEXT NOT NULL CHECK (route <> ''),
    attempt    INTEGER NOT NULL CHECK (attempt > 0),
    time       INTEGER NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('sent', 'failed', 'delivered')),
    detail     TEXT
) STRICT;
CREATE INDEX notification_logs_by_outbox ON notification_logs (outbox_id);

CREATE TABLE predictions (
    id            INTEGER PRIMARY KEY,
    run_id        INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    equipment_id  INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    time          INTEGER NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('remaining_life_h', 'failure_probability', 'wear')),
    subject       TEXT NOT NULL DEFAULT '',
    value         REAL NOT NULL,
    low           REAL,
    high          REAL,
    confidence    REAL CHECK (confidence > 0 AND confidence < 1),
    horizon_h     REAL CHECK (horizon_h > 0),
    model         TEXT NOT NULL CHECK (model <> ''),
    assumptions   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(assumptions) AND json_type(assumptions) = 'object'),
    CHECK (low <= high)
) STRICT;
CREATE INDEX predictions_by_time ON predictions (equipment_id, kind, time);
