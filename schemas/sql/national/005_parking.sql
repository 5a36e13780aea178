-- Transactions that this database refuses, the keys whose state they left unknown, and pausing.

-- A transaction that was not applied. The position went on behind it.
CREATE TABLE sync.parked (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province     smallint    NOT NULL,
    epoch        bigint      NOT NULL,
    lsn          pg_lsn      NOT NULL,
    committed_at timestamptz NOT NULL, -- by the province's clock
    reason       text        NOT NULL, -- what the database or the tuple's form said
    changes      bigint      NOT NULL,
    keys         bigint      NOT NULL, -- that became dirty
    parked_at    timestamptz NOT NULL DEFAULT now(),
    outcome      text        NOT NULL DEFAULT 'open' CONSTRAINT parked_outcome_is_known
        CHECK (outcome IN ('open', 'repaired', 'accepted')), -- accepted: a person took the rows as they are
    ended_at     timestamptz,
    ended_by     text        NOT NULL DEFAULT '',
    CONSTRAINT parked_ended_unless_open CHECK ((outcome = 'open') = (ended_at IS NULL))
);
CREATE INDEX parked_is_open ON sync.parked (province, id) WHERE outcome = 'open';

-- A key whose row here is not what the province has: changes to it are skipped until its current
-- state has come.
CREATE TABLE sync.dirty (
    id        bigint GENERATED ALWAYS AS IDENTITY,
    province  smallint NOT NULL,
    relation  text     NOT NULL, -- such as crm.customer
    key       bigint   NOT NULL,
    parked    bigint   NOT NULL CONSTRAINT dirty_parked_exists REFERENCES sync.parked (id),
    present   boolean  NOT NULL, -- whether the province has a row, after the last change that was skipped
    since_lsn pg_lsn   NOT NULL,
    last_lsn  pg_lsn   NOT NULL,
    skipped   bigint   NOT NULL DEFAULT 0,
    wanted    boolean  NOT NULL DEFAULT false, -- the province is asked for its current state
    refused   text     NOT NULL DEFAULT '',    -- why its current state was refused, too
    PRIMARY KEY (province, relation, key)
);
CREATE INDEX dirty_of_parked ON sync.dirty (parked);
CREATE INDEX dirty_is_wanted ON sync.dirty (province, id) WHERE wanted;

-- Rises when dirty keys are changed by anybody but the applier, which then reads them anew.
ALTER TABLE sync.position ADD dirty_version bigint NOT NULL DEFAULT 0;

ALTER TABLE sync.province_state
    ADD paused_at    timestamptz, -- null: not paused
    ADD paused_by    text   NOT NULL DEFAULT '',
    ADD pause_reason text   NOT NULL DEFAULT '',
    ADD held_lsn     pg_lsn NOT NULL DEFAULT '0/0', -- transaction that waits for a person: it truncates a large table
    ADD approved_lsn pg_lsn NOT NULL DEFAULT '0/0', -- the one that a person let through
    DROP CONSTRAINT province_state_is_known,
    ADD CONSTRAINT province_state_is_known
        CHECK (state IN ('waiting', 'joining', 'running', 'refilling', 'stopped', 'paused'));

GRANT SELECT ON sync.parked, sync.dirty TO jike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON sync.parked, sync.dirty TO jike_sync;

---- create above / drop below ----

UPDATE sync.province_state SET state = 'waiting' WHERE state IN ('joining', 'paused');
ALTER TABLE sync.province_state
    DROP COLUMN paused_at, DROP COLUMN paused_by, DROP COLUMN pause_reason, DROP COLUMN held_lsn, DROP COLUMN approved_lsn,
    DROP CONSTRAINT province_state_is_known,
    ADD CONSTRAINT province_state_is_known CHECK (state IN ('waiting', 'running', 'refilling', 'stopped'));
ALTER TABLE sync.position DROP COLUMN dirty_version;
DROP TABLE sync.dirty;
DROP TABLE sync.parked;
