-- What runs there were, and the history that they left: modes, states, readings by the minute and by the hour.
-- The same meaning as migrations/postgres/0002_history.sql, whose comments hold here too. Times are microseconds since 1970.

CREATE TABLE equipment_links (
    from_id  INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    to_id    INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    kind     TEXT NOT NULL CHECK (kind IN ('contains', 'feeds', 'controls')),
    PRIMARY KEY (from_id, to_id, kind),
    CHECK (from_id <> to_id)
) STRICT;

CREATE TABLE machine_configurations (
    id          INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind <> ''),
    version     INTEGER NOT NULL CHECK (version > 0),
    digest      TEXT NOT NULL CHECK (length(digest) = 32),
    document    TEXT NOT NULL,
    baselines   TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(baselines) AND json_type(baselines) = 'object'),
    thresholds  TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(thresholds) AND json_type(thresholds) = 'object'),
    created_at  INTEGER NOT NULL,
    UNIQUE (kind, version),
    UNIQUE (kind, digest)
) STRICT;

CREATE TABLE runs (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE CHECK (name <> ''),
    kind          TEXT NOT NULL CHECK (kind IN ('scenario', 'live')),
    scenario      TEXT NOT NULL,
    title         TEXT NOT NULL,
    document      TEXT NOT NULL,
    changes       TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(changes) AND json_type(changes) = 'object'),
    study         TEXT,
    variant       TEXT,
    seed          INTEGER NOT NULL,
    futures       INTEGER NOT NULL CHECK (futures > 0),
    machines      INTEGER NOT NULL CHECK (machines >= 0),
    start_time    INTEGER NOT NULL,
    end_time      INTEGER,
    tick_ns       INTEGER NOT NULL CHECK (tick_ns > 0),
    plan_digest   TEXT NOT NULL CHECK (length(plan_digest) = 32),
    state_digest  TEXT CHECK (length(state_digest) = 32),
    version       TEXT NOT NULL,
    command       TEXT NOT NULL,
    status        TEXT NOT NULL DEFAULT 'running' CHECK (status IN ('running', 'finished', 'interrupted', 'failed')),
    written       INTEGER NOT NULL DEFAULT 0 CHECK (written >= 0),
    began_at      INTEGER NOT NULL,
    ended_at      INTEGER
) STRICT;
CREATE INDEX runs_by_plan ON runs (plan_digest);

CREATE TABLE run_configurations (
    run_id            INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    configuration_id  INTEGER NOT NULL REFERENCES machine_configurations (id) ON DELETE RESTRICT,
    PRIMARY KEY (run_id, configuration_id)
) STRICT;

CREATE TABLE run_measures (
    run_id           INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    measure          TEXT NOT NULL CHECK (measure <> ''),
    unit             TEXT NOT NULL DEFAULT '',
    mean             REAL NOT NULL,
    p05              REAL NOT NULL,
    p50              REAL NOT NULL,
    p95              REAL NOT NULL,
    futures          INTEGER NOT NULL CHECK (futures > 0),
    low              REAL,
    high             REAL,
    confidence       REAL CHECK (confidence > 0 AND confidence < 1),
    difference       REAL,
    difference_low   REAL,
    difference_high  REAL,
    better           REAL CHECK (better BETWEEN 0 AND 1),
    PRIMARY KEY (run_id, measure)
) STRICT;

CREATE TABLE status_events (
    run_id        INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    equipment_id  INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    time          INTEGER NOT NULL,
    status        TEXT NOT NULL CHECK (status IN ('running', 'idle', 'maintenance', 'failed', 'offline', 'calibrating')),
    previous      TEXT CHECK (previous IN ('running', 'idle', 'maintenance', 'failed', 'offline', 'calibrating')),
    duration_s    REAL CHECK (duration_s >= 0),
    e10           TEXT NOT NULL CHECK (e10 IN ('PRD', 'SBY', 'ENG', 'SDT', 'UDT', 'NST')),
    reason        TEXT,
    PRIMARY KEY (run_id, equipment_id, time)
) STRICT;
CREATE INDEX status_events_by_time ON status_events (equipment_id, time);

CREATE TABLE state_snapshots (
    run_id        INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    equipment_id  INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    time          INTEGER NOT NULL,
    state         TEXT NOT NULL CHECK (json_valid(state) AND json_type(state) = 'object'),
    PRIMARY KEY (run_id, equipment_id, time)
) STRICT;
CREATE INDEX state_snapshots_by_time ON state_snapshots (equipment_id, time);

CREATE TABLE checkpoints (
    run_id        INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    tick          INTEGER NOT NULL CHECK (tick >= 0),
    time          INTEGER NOT NULL,
    state_digest  TEXT NOT NULL CHECK (length(state_digest) = 32),
    plan_digest   TEXT NOT NULL CHECK (length(plan_digest) = 32),
    engine        TEXT NOT NULL,
    snapshot      BLOB NOT NULL,
    taken_at      INTEGER NOT NULL,
    PRIMARY KEY (run_id, tick)
) STRICT;
CREATE INDEX checkpoints_by_time ON checkpoints (run_id, time);

CREATE TABLE inputs (
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    tick     INTEGER NOT NULL CHECK (tick >= 0),
    number   INTEGER NOT NULL CHECK (number >= 0),
    machine  TEXT NOT NULL CHECK (machine <> ''),
    driver   TEXT NOT NULL CHECK (driver <> ''),
    value    REAL NOT NULL,
    PRIMARY KEY (run_id, tick, number)
) STRICT;

CREATE TABLE store_state (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    pruning  INTEGER NOT NULL DEFAULT 0 CHECK (pruning IN (0, 1))
) STRICT;
INSERT INTO store_state (id) VALUES (1);

CREATE TABLE retention (
    table_name  TEXT PRIMARY KEY CHECK (table_name <> ''),
    keep_days   REAL CHECK (keep_days > 0),
    archive     TEXT
) STRICT;
INSERT INTO retention (table_name, keep_days) VALUES
    ('sensor_readings', 90), ('sensor_readings_1m', 365), ('sensor_readings_1h', 1826),
    ('status_events', 1826), ('state_snapshots', 90), ('checkpoints', 90), ('inputs', 90), ('performance_metrics', 1826),
    ('anomaly_records', 365), ('alerts', 365), ('predictions', 365), ('notification_logs', 365), ('outbox', 90),
    ('maintenance_reports', 1826), ('audit_log', 730), ('system_events', 730);

CREATE TABLE archives (
    id             INTEGER PRIMARY KEY,
    table_name     TEXT NOT NULL CHECK (table_name <> ''),
    from_time      INTEGER NOT NULL,
    to_time        INTEGER NOT NULL,
    url            TEXT NOT NULL UNIQUE CHECK (url <> ''),
    row_count      INTEGER NOT NULL CHECK (row_count >= 0),
    bytes          INTEGER NOT NULL CHECK (bytes >= 0),
    digest         TEXT NOT NULL,
    footer_digest  TEXT,
    created_at     INTEGER NOT NULL,
    CHECK (from_time < to_time)
) STRICT;
CREATE INDEX archives_by_time ON archives (table_name, from_time);

CREATE TABLE latest_readings (
    sensor_id  INTEGER PRIMARY KEY REFERENCES sensors (id) ON DELETE RESTRICT,
    time       INTEGER NOT NULL,
    value      REAL,
    quality    INTEGER NOT NULL CHECK (quality BETWEEN 0 AND 3)
) STRICT;

CREATE TABLE rollups_due (
    sensor_id  INTEGER NOT NULL REFERENCES sensors (id) ON DELETE RESTRICT,
    hour       INTEGER NOT NULL,
    writer     INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sensor_id, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollups_state (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    repairs  INTEGER NOT NULL DEFAULT 0 CHECK (repairs >= 0)
) STRICT;
INSERT INTO rollups_state (id) VALUES (1);

CREATE TABLE sensor_readings_1m (
    sensor_id  INTEGER NOT NULL REFERENCES sensors (id) ON DELETE RESTRICT,
    time       INTEGER NOT NULL,
    mean       REAL NOT NULL,
    min        REAL NOT NULL,
    max        REAL NOT NULL,
    stddev     REAL CHECK (stddev >= 0),
    p95        REAL NOT NULL,
    count      INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (sensor_id, time),
    CHECK (min <= max)
) STRICT, WITHOUT ROWID;

CREATE TABLE sensor_readings_1h (
    sensor_id  INTEGER NOT NULL REFERENCES sensors (id) ON DELETE RESTRICT,
    time       INTEGER NOT NULL,
    mean       REAL NOT NULL,
    min        REAL NOT NULL,
    max        REAL NOT NULL,
    stddev     REAL CHECK (stddev >= 0),
    p95        REAL NOT NULL,
    count      INTEGER NOT NULL CHECK (count > 0),
    PRIMARY KEY (sensor_id, time),
    CHECK (min <= max)
) STRICT, WITHOUT ROWID;

-- Hours of the readings that are there already. A division rounds towards zero: of what lies before 1970 it is the hour after.
INSERT INTO rollups_due (sensor_id, hour)
    SELECT DISTINCT sensor_id, (time - (time % 3600000000 + 3600000000) % 3600000000) FROM sensor_readings;
