-- Work that is wanted and was done, how machines performed, and what people were told of it.
-- The same meaning as migrations/postgres/0004_work.sql, whose comments hold here too. Times are microseconds since 1970.

CREATE TABLE maintenance_tasks (
    id              INTEGER PRIMARY KEY,
    uid             TEXT NOT NULL UNIQUE CHECK (uid <> ''),
    equipment_id    INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    subject         TEXT NOT NULL DEFAULT '',
    kind            TEXT NOT NULL CHECK (kind IN ('preventive', 'corrective', 'inspection', 'calibration')),
    title           TEXT NOT NULL CHECK (title <> ''),
    reason          TEXT NOT NULL DEFAULT '',
    status          TEXT NOT NULL DEFAULT 'proposed'
                    CHECK (status IN ('proposed', 'planned', 'in_progress', 'done', 'cancelled')),
    severity        TEXT NOT NULL DEFAULT 'medium' CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    source          TEXT NOT NULL CHECK (source IN ('engine', 'report', 'person')),
    figures         TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(figures) AND json_type(figures) = 'object'),
    created_at      INTEGER NOT NULL,
    due_at          INTEGER,
    started_at      INTEGER,
    finished_at     INTEGER,
    assigned_to     TEXT,
    expected_hours  REAL CHECK (expected_hours >= 0),
    expected_cost   REAL CHECK (expected_cost >= 0),
    CHECK (status <> 'done' OR finished_at IS NOT NULL),
    CHECK (finished_at >= started_at)
) STRICT;
CREATE INDEX maintenance_tasks_open ON maintenance_tasks (equipment_id, due_at) WHERE status IN ('proposed', 'planned', 'in_progress');

CREATE TABLE maintenance_logs (
    id            INTEGER PRIMARY KEY,
    run_id        INTEGER REFERENCES runs (id) ON DELETE CASCADE,
    equipment_id  INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    task_id       INTEGER REFERENCES maintenance_tasks (id) ON DELETE RESTRICT,
    time          INTEGER NOT NULL,
    what          TEXT NOT NULL CHECK (what IN ('failure', 'repair', 'planned', 'inspection', 'calibration', 'note')),
    subject       TEXT NOT NULL DEFAULT '',
    hours         REAL CHECK (hours >= 0),
    cost          REAL,
    by_whom       TEXT NOT NULL DEFAULT 'engine' CHECK (by_whom <> ''),
    note          TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX maintenance_logs_by_time ON maintenance_logs (equipment_id, time);

CREATE TABLE maintenance_reports (
    id               INTEGER PRIMARY KEY,
    period           TEXT NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'run')),
    run_id           INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    from_time        INTEGER NOT NULL,
    to_time          INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    content          TEXT NOT NULL,
    metrics_summary  TEXT NOT NULL CHECK (json_valid(metrics_summary) AND json_type(metrics_summary) = 'object'),
    recommendations  TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(recommendations) AND json_type(recommendations) = 'array'),
    UNIQUE (run_id, period, from_time),
    CHECK (from_time < to_time)
) STRICT;

CREATE TABLE performance_metrics (
    run_id        INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    equipment_id  INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    time          INTEGER NOT NULL,
    span_s        REAL NOT NULL CHECK (span_s > 0),
    load          REAL,
    temperature   REAL,
    vibration     REAL,
    uptime        REAL CHECK (uptime BETWEEN 0 AND 1),
    anomalies     INTEGER NOT NULL DEFAULT 0 CHECK (anomalies >= 0),
    efficiency    REAL,
    PRIMARY KEY (run_id, equipment_id, time)
) STRICT;
CREATE INDEX performance_metrics_by_time ON performance_metrics (equipment_id, time);
