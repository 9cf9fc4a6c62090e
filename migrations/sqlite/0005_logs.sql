-- What people and the program did. Each row carries a digest of itself and of the row before.
-- The same meaning as migrations/postgres/0005_logs.sql, whose comments hold here too. Times are microseconds since 1970.

CREATE TABLE audit_log (
    id        INTEGER PRIMARY KEY CHECK (id > 0),
    time      INTEGER NOT NULL,
    who       TEXT NOT NULL CHECK (who <> ''),
    action    TEXT NOT NULL CHECK (action <> ''),
    subject   TEXT NOT NULL,
    before    TEXT,
    after     TEXT,
    reason    TEXT,
    source    TEXT,
    previous  TEXT NOT NULL CHECK (length(previous) = 64),
    digest    TEXT NOT NULL UNIQUE CHECK (length(digest) = 64)
) STRICT;
CREATE INDEX audit_log_by_time ON audit_log (time);

CREATE TABLE system_events (
    id         INTEGER PRIMARY KEY CHECK (id > 0),
    time       INTEGER NOT NULL,
    severity   TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    component  TEXT NOT NULL CHECK (component <> ''),
    event      TEXT NOT NULL CHECK (event <> ''),
    detail     TEXT NOT NULL DEFAULT '{}',
    previous   TEXT NOT NULL CHECK (length(previous) = 64),
    digest     TEXT NOT NULL UNIQUE CHECK (length(digest) = 64)
) STRICT;
CREATE INDEX system_events_by_time ON system_events (time);

CREATE TABLE chain_heads (
    log     TEXT PRIMARY KEY CHECK (log IN ('audit_log', 'system_events')),
    id      INTEGER NOT NULL CHECK (id >= 0),
    digest  TEXT NOT NULL CHECK (length(digest) = 64)
) STRICT;
INSERT INTO chain_heads (log, id, digest) VALUES
    ('audit_log', 0, '0000000000000000000000000000000000000000000000000000000000000000'),
    ('system_events', 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- Rows of these tables never change, and go only when the program drops what is older than it has to be kept.
CREATE TRIGGER audit_log_never_changes BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'audit_log only grows'); END;
CREATE TRIGGER audit_log_only_grows BEFORE DELETE ON audit_log WHEN (SELECT pruning FROM store_state) = 0
BEGIN SELECT RAISE(ABORT, 'audit_log only grows'); END;
CREATE TRIGGER system_events_never_changes BEFORE UPDATE ON system_events BEGIN SELECT RAISE(ABORT, 'system_events only grows'); END;
CREATE TRIGGER system_events_only_grows BEFORE DELETE ON system_events WHEN (SELECT pruning FROM store_state) = 0
BEGIN SELECT RAISE(ABORT, 'system_events only grows'); END;
CREATE TRIGGER alert_transitions_never_changes BEFORE UPDATE ON alert_transitions BEGIN SELECT RAISE(ABORT, 'alert_transitions only grows'); END;
CREATE TRIGGER alert_transitions_only_grows BEFORE DELETE ON alert_transitions WHEN (SELECT pruning FROM store_state) = 0
BEGIN SELECT RAISE(ABORT, 'alert_transitions only grows'); END;
CREATE TRIGGER maintenance_logs_never_changes BEFORE UPDATE ON maintenance_logs BEGIN SELECT RAISE(ABORT, 'maintenance_logs only grows'); END;
CREATE TRIGGER maintenance_logs_only_grows BEFORE DELETE ON maintenance_logs WHEN (SELECT pruning FROM store_state) = 0
BEGIN SELECT RAISE(ABORT, 'maintenance_logs only grows'); END;
