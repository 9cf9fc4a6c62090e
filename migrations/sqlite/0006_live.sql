-- What a mirror of a real plant needs: its journal, who holds it, what was put aside, what people ask.
-- The same meaning as migrations/postgres/0006_live.sql, whose comments hold here too. Times are microseconds since 1970.

CREATE TABLE mirrors (
    run_id      INTEGER PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    site        TEXT NOT NULL CHECK (site <> ''),
    written     INTEGER NOT NULL DEFAULT 0,
    stored      INTEGER NOT NULL DEFAULT 0 CHECK (stored >= 0),
    reached     INTEGER,
    holder      TEXT,
    beat_at     INTEGER,
    expires_at  INTEGER,
    CHECK (stored <= written),
    CHECK ((holder IS NULL) = (expires_at IS NULL))
) STRICT;

CREATE TABLE channels (
    run_id     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL CHECK (number >= 0),
    machine    TEXT NOT NULL,
    item       TEXT NOT NULL,
    unit       TEXT NOT NULL DEFAULT '',
    sensor_id  INTEGER REFERENCES sensors (id) ON DELETE RESTRICT,
    newcomer   INTEGER NOT NULL DEFAULT 0 CHECK (newcomer IN (0, 1)),
    PRIMARY KEY (run_id, number)
) STRICT;

CREATE TABLE journal (
    run_id        INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number        INTEGER NOT NULL CHECK (number > 0),
    written_at    INTEGER NOT NULL,
    first_time    INTEGER,
    last_time     INTEGER,
    readings      INTEGER NOT NULL CHECK (readings >= 0),
    closed_tick   INTEGER CHECK (closed_tick >= 0),
    last_tick     INTEGER CHECK (last_tick >= 0),
    body          BLOB NOT NULL,
    digest_tick   INTEGER,
    state_digest  TEXT CHECK (length(state_digest) = 32),
    PRIMARY KEY (run_id, number),
    CHECK (first_time <= last_time),
    CHECK ((digest_tick IS NULL) = (state_digest IS NULL))
) STRICT;
CREATE INDEX journal_by_time ON journal (written_at);
CREATE INDEX journal_by_tick ON journal (run_id, last_tick);

ALTER TABLE checkpoints ADD COLUMN entry INTEGER CHECK (entry > 0);

CREATE TABLE quarantine (
    id       INTEGER PRIMARY KEY,
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    arrived  INTEGER NOT NULL,
    feed     TEXT NOT NULL,
    origin   TEXT NOT NULL DEFAULT '',
    reason   TEXT NOT NULL CHECK (reason <> ''),
    detail   TEXT NOT NULL DEFAULT '',
    payload  BLOB NOT NULL
) STRICT;
CREATE INDEX quarantine_by_time ON quarantine (arrived);

CREATE TABLE actions (
    id          INTEGER PRIMARY KEY,
    uid         TEXT NOT NULL UNIQUE CHECK (uid <> ''),
    run_id      INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    alert       TEXT,
    machine     TEXT,
    rule        TEXT,
    ask         TEXT NOT NULL CHECK (ask IN ('acknowledge', 'comment', 'shelve', 'unshelve', 'resolve',
                                             'out_of_service', 'in_service')),
    by_whom     TEXT NOT NULL CHECK (by_whom <> ''),
    reason      TEXT,
    until       INTEGER,
    asked_at    INTEGER NOT NULL,
    state       TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'applied', 'taken')),
    taken_tick  INTEGER CHECK (taken_tick >= 0),
    CHECK ((alert IS NULL) = (machine IS NOT NULL)),
    CHECK ((machine IS NULL) = (rule IS NULL)),
    CHECK ((ask = 'shelve') = (until IS NOT NULL))
) STRICT;
CREATE INDEX actions_waiting ON actions (id) WHERE state IN ('waiting', 'applied');
CREATE INDEX actions_by_time ON actions (asked_at);

CREATE TABLE out_of_service (
    equipment_id  INTEGER NOT NULL REFERENCES equipment (id) ON DELETE RESTRICT,
    rule          TEXT NOT NULL CHECK (rule <> ''),
    since         INTEGER NOT NULL,
    by_whom       TEXT NOT NULL CHECK (by_whom <> ''),
    reason        TEXT,
    PRIMARY KEY (equipment_id, rule)
) STRICT;

ALTER TABLE anomaly_records ADD COLUMN uid TEXT CHECK (uid <> '');
CREATE UNIQUE INDEX anomaly_records_by_uid ON anomaly_records (uid);

ALTER TABLE alerts ADD COLUMN alert_group TEXT;
ALTER TABLE alerts ADD COLUMN first_up INTEGER NOT NULL DEFAULT 0 CHECK (first_up IN (0, 1));
ALTER TABLE alerts ADD COLUMN escalated INTEGER NOT NULL DEFAULT 0 CHECK (escalated >= 0);
ALTER TABLE alert_transitions ADD COLUMN action TEXT;
CREATE INDEX alert_transitions_by_action ON alert_transitions (action) WHERE action IS NOT NULL;

INSERT INTO retention (table_name, keep_days) VALUES ('journal', 90), ('quarantine', 30), ('actions', 730);
