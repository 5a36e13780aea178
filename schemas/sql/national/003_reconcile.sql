-- Reconciliation (对账): runs, the differences they named and the certificates both nodes signed.
-- Written by sync/reconcile only; the portal reads.

CREATE SCHEMA IF NOT EXISTS sync;

-- One run, from the request to its end. It is kept up to date while it runs.
CREATE TABLE sync.reconciliation (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province     smallint    NOT NULL,
    state        text        NOT NULL CONSTRAINT reconciliation_state_is_known
        CHECK (state IN ('running', 'needs_approval', 'done', 'failed')),
    trigger      text        NOT NULL CONSTRAINT reconciliation_trigger_is_known
        CHECK (trigger IN ('schedule', 'retry', 'demand')),
    requested_by text        NOT NULL,
    -- {phase, table, tablesDone, tables, rows, ranges, differences, repaired, note}
    progress     jsonb       NOT NULL DEFAULT '{}',
    result       text        CONSTRAINT reconciliation_result_is_known
        CHECK (result IN ('clean', 'repaired', 'diverged')),
    reason_code  text        NOT NULL DEFAULT '', -- why it failed or waits for a person: the stable key
    reason       text        NOT NULL DEFAULT '', -- and in words
    epoch        bigint,                          -- with point: where in the province's log both sides stood
    point        pg_lsn,
    rows         bigint      NOT NULL DEFAULT 0,  -- rows of the province's side
    differences  bigint      NOT NULL DEFAULT 0,
    repaired     bigint      NOT NULL DEFAULT 0,  -- keys that the province sent anew
    approved_by  text,                            -- who let it go on over the limit
    started      timestamptz NOT NULL DEFAULT now(),
    ended        timestamptz,
    certificate  jsonb,
    CONSTRAINT reconciliation_done_has_certificate CHECK (state <> 'done' OR (certificate IS NOT NULL AND result IS NOT NULL)),
    CONSTRAINT reconciliation_ended_unless_running CHECK ((state = 'running') = (ended IS NULL))
);
-- Only one run of a province at a time, whoever asks.
CREATE UNIQUE INDEX reconciliation_one_running ON sync.reconciliation (province) WHERE state = 'running';
CREATE INDEX reconciliation_newest ON sync.reconciliation (province, id DESC);

-- One differing row. Those of the re-check are what the repair did not settle.
CREATE TABLE sync.difference (
    reconciliation bigint  NOT NULL CONSTRAINT difference_reconciliation_exists REFERENCES sync.reconciliation (id) ON DELETE CASCADE,
    recheck        boolean NOT NULL,
    table_name     text    NOT NULL, -- such as crm.customer
    key            bigint  NOT NULL,
    kind           text    NOT NULL CONSTRAINT difference_kind_is_known CHECK (kind IN ('missing', 'extra', 'different')),
    columns        text[]  NOT NULL, -- of a different row: the columns that differ
    cause          text    NOT NULL CONSTRAINT difference_cause_is_known CHECK (cause IN ('outside-stream', 'known-divergence', 'unknown')),
    PRIMARY KEY (reconciliation, recheck, table_name, key)
);

-- The chain of certificates of each province; the digest of one is "previous" in the next.
CREATE TABLE sync.certificate (
    province       smallint    NOT NULL,
    sequence       bigint      NOT NULL,
    reconciliation bigint      NOT NULL,
    digest         bytea       NOT NULL CONSTRAINT certificate_digest_is_unique UNIQUE,
    previous       bytea,
    result         text        NOT NULL,
    at             timestamptz NOT NULL,
    body           jsonb       NOT NULL,
    PRIMARY KEY (province, sequence)
);

GRANT USAGE ON SCHEMA sync TO jike_app, jike_sync;
GRANT SELECT ON sync.reconciliation, sync.difference, sync.certificate TO jike_app, jike_sync;
GRANT INSERT, UPDATE ON sync.reconciliation TO jike_sync;
GRANT INSERT, DELETE ON sync.difference TO jike_sync;
GRANT INSERT ON sync.certificate TO jike_sync;

---- create above / drop below ----

DROP TABLE sync.certificate;
DROP TABLE sync.difference;
DROP TABLE sync.reconciliation;
