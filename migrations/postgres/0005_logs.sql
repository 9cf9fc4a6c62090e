-- What people and the program did. Each row carries a digest of itself and of the row before.

CREATE TABLE audit_log (
    id        bigint PRIMARY KEY CHECK (id > 0),
    time      timestamptz NOT NULL,
    who       text NOT NULL CHECK (who <> ''),
    action    text NOT NULL CHECK (action <> ''),
    subject   text NOT NULL,
    before    text,
    after     text,
    reason    text,
    source    text,
    previous  text NOT NULL CHECK (length(previous) = 64),
    digest    text NOT NULL UNIQUE CHECK (length(digest) = 64)
);
CREATE INDEX audit_log_by_time ON audit_log (time);
COMMENT ON TABLE audit_log IS 'Every change by a person: who, what, before, after, when, from where; it only grows';
COMMENT ON COLUMN audit_log.before IS 'As JSON, byte for byte what was digested';
COMMENT ON COLUMN audit_log.digest IS 'SHA-256 over the row and the digest of the row before';

CREATE TABLE system_events (
    id         bigint PRIMARY KEY CHECK (id > 0),
    time       timestamptz NOT NULL,
    severity   text NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    component  text NOT NULL CHECK (component <> ''),
    event      text NOT NULL CHECK (event <> ''),
    detail     text NOT NULL DEFAULT '{}',
    previous   text NOT NULL CHECK (length(previous) = 64),
    digest     text NOT NULL UNIQUE CHECK (length(digest) = 64)
);
CREATE INDEX system_events_by_time ON system_events (time);
COMMENT ON TABLE system_events IS 'What the program itself did: starts, migrations, backups, what was dropped; it only grows';

CREATE TABLE chain_heads (
    log     text PRIMARY KEY CHECK (log IN ('audit_log', 'system_events')),
    id      bigint NOT NULL CHECK (id >= 0),
    digest  text NOT NULL CHECK (length(digest) = 64)
);
INSERT INTO chain_heads (log, id, digest) VALUES
    ('audit_log', 0, '0000000000000000000000000000000000000000000000000000000000000000'),
    ('system_events', 0, '0000000000000000000000000000000000000000000000000000000000000000');
COMMENT ON TABLE chain_heads IS 'The last row of each log, so that rows missing at the end are noticed';

-- Rows of these tables never change, and go only when the program drops what is older than it has to be kept.
CREATE FUNCTION only_grows() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' AND (SELECT pruning FROM store_state) = 1 THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% only grows', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON system_events FOR EACH ROW EXECUTE FUNCTION only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON alert_transitions FOR EACH ROW EXECUTE FUNCTION only_grows();
CREATE TRIGGER only_grows BEFORE UPDATE OR DELETE ON maintenance_logs FOR EACH ROW EXECUTE FUNCTION only_grows();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON system_events FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON alert_transitions FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
CREATE TRIGGER never_emptied BEFORE TRUNCATE ON maintenance_logs FOR EACH STATEMENT EXECUTE FUNCTION only_grows();
