-- Where apply stands for each province, what it could not apply, and what the board shows.

CREATE SCHEMA sync;

-- Written in the transaction that writes the rows: rows and position are never apart.
CREATE TABLE sync.position (
    province   smallint    PRIMARY KEY,
    epoch      bigint      NOT NULL DEFAULT 0, -- 0: nothing applied yet
    lsn        pg_lsn      NOT NULL DEFAULT '0/0', -- commit position of the last transaction applied
    chain      bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
        CONSTRAINT position_chain_is_whole CHECK (length(chain) = 32),
    stream     text        NOT NULL DEFAULT '', -- the hub's stream that the sequence belongs to
    sequence   bigint      NOT NULL DEFAULT 0,  -- a hint where to read on, worth nothing for another stream
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- Chunks of a transaction that is too large to wait for its end in memory.
CREATE TABLE sync.staged (
    province smallint NOT NULL,
    lsn      pg_lsn   NOT NULL,
    chunk    integer  NOT NULL,
    message  bytea    NOT NULL,
    PRIMARY KEY (province, lsn, chunk)
);
ALTER TABLE sync.staged ALTER message SET STORAGE EXTERNAL; -- it is compressed already

-- A change that met no row, or a row that cannot be written before its repair arrives.
CREATE TABLE sync.divergence (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province    smallint    NOT NULL,
    relation    text        NOT NULL, -- such as crm.customer
    key         bigint      NOT NULL,
    kind        text        NOT NULL CONSTRAINT divergence_kind_is_known
        CHECK (kind IN ('update', 'delete', 'unknown')), -- unknown: large values were not in the log
    epoch       bigint      NOT NULL,
    lsn         pg_lsn      NOT NULL,
    found_at    timestamptz NOT NULL DEFAULT now(),
    repaired_at timestamptz
);
CREATE UNIQUE INDEX divergence_is_open_once ON sync.divergence (province, relation, key) WHERE repaired_at IS NULL;

-- What the board shows of a province besides its position.
CREATE TABLE sync.province_state (
    province         smallint PRIMARY KEY,
    state            text     NOT NULL DEFAULT 'waiting' CONSTRAINT province_state_is_known
        CHECK (state IN ('waiting', 'running', 'refilling', 'stopped')),
    error            text     NOT NULL DEFAULT '', -- why it is stopped
    heard_at         timestamptz,                  -- last notice from the province
    heartbeat_at     timestamptz,                  -- the province's clock in the last heartbeat applied
    committed_at     timestamptz,                  -- commit time of the last transaction applied
    incarnation      bigint   NOT NULL DEFAULT 0,
    head_lsn         pg_lsn   NOT NULL DEFAULT '0/0', -- end of the province's log at the last notice
    backlog_messages bigint   NOT NULL DEFAULT 0,     -- in the leaf's stream, not taken by the hub
    backlog_bytes    bigint   NOT NULL DEFAULT 0,
    conflicts        bigint   NOT NULL DEFAULT 0      -- inserts that met a row and replaced it
);

-- Makes a province's partitions and rows; does nothing the second time.
CREATE FUNCTION sync.add_province(code smallint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parent record;
BEGIN
    IF code IS NULL OR code <= 0 THEN
        RAISE EXCEPTION 'province code % is not positive', code;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('sync.add_province'));
    FOR parent IN
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'crm' AND c.relkind = 'p' ORDER BY c.relname
    LOOP
        IF to_regclass(format('crm.%I', parent.relname || '_' || code)) IS NULL THEN
            EXECUTE format('CREATE TABLE crm.%I PARTITION OF crm.%I FOR VALUES IN (%s)',
                parent.relname || '_' || code, parent.relname, code);
            EXECUTE format('GRANT SELECT ON crm.%I TO jike_app', parent.relname || '_' || code);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON crm.%I TO jike_sync', parent.relname || '_' || code);
        END IF;
    END LOOP;
    INSERT INTO sync.position (province) VALUES (code) ON CONFLICT DO NOTHING;
    INSERT INTO sync.province_state (province) VALUES (code) ON CONFLICT DO NOTHING;
END
$$;
REVOKE EXECUTE ON FUNCTION sync.add_province(smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sync.add_province(smallint) TO jike_sync;

GRANT USAGE ON SCHEMA sync TO jike_app, jike_sync;
GRANT SELECT ON ALL TABLES IN SCHEMA sync TO jike_app;
REVOKE SELECT ON sync.staged FROM jike_app;
GRANT SELECT, UPDATE ON sync.position TO jike_sync;
GRANT SELECT, INSERT, UPDATE, DELETE ON sync.staged TO jike_sync;
GRANT SELECT, INSERT, UPDATE ON sync.divergence, sync.province_state TO jike_sync;

---- create above / drop below ----

DROP SCHEMA sync CASCADE;
