-- Headquarters' reference data (基础数据), written by sync/apply only and never replicated up, with
-- apply's position in the same transaction; and what the province adds to it in tables of its own.
-- Nothing but the key could refuse a row. stamp_lsn is the version that brought the row.

CREATE SCHEMA ref;

CREATE TABLE ref.product (
    id bigint PRIMARY KEY, province smallint, code text, name_zh text, name_en text, family text, unit text,
    monthly_fee_fen bigint, status text, effective_on date, expires_on date,
    version bigint, changed_at timestamptz, expired_at timestamptz, stamp_epoch bigint, stamp_lsn pg_lsn
);
CREATE TABLE ref.code (
    id bigint PRIMARY KEY, province smallint, list text, code text, name_zh text, name_en text, position integer,
    version bigint, changed_at timestamptz, expired_at timestamptz, stamp_epoch bigint, stamp_lsn pg_lsn
);
CREATE TABLE ref.class (
    id bigint PRIMARY KEY, province smallint, class text, name_zh text, name_en text, rule_zh text, rule_en text,
    version bigint, changed_at timestamptz, expired_at timestamptz, stamp_epoch bigint, stamp_lsn pg_lsn
);
CREATE TABLE ref.key_account (
    id bigint PRIMARY KEY, province smallint, credit_code text, name text, since date,
    version bigint, changed_at timestamptz, expired_at timestamptz, stamp_epoch bigint, stamp_lsn pg_lsn
);
CREATE INDEX key_account_credit_code ON ref.key_account (credit_code) WHERE expired_at IS NULL;
CREATE TABLE ref.selection_policy (
    id bigint PRIMARY KEY, province smallint, number integer, rule jsonb, effective_at timestamptz, note text,
    version bigint, changed_at timestamptz, expired_at timestamptz, stamp_epoch bigint, stamp_lsn pg_lsn
);
CREATE TABLE ref.notice (
    id bigint PRIMARY KEY, province smallint, title text, body text, level text, valid_from timestamptz, valid_to timestamptz,
    version bigint, changed_at timestamptz, expired_at timestamptz, stamp_epoch bigint, stamp_lsn pg_lsn
);
GRANT USAGE ON SCHEMA ref TO jike_app, jike_sync;
GRANT SELECT ON ALL TABLES IN SCHEMA ref TO jike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ref TO jike_sync;

-- Apply's own tables, as headquarters has them for what goes up. The position's lsn is the version.
CREATE TABLE sync.position (
    province   smallint    PRIMARY KEY,
    epoch      bigint      NOT NULL DEFAULT 0, -- 0: nothing applied yet
    lsn        pg_lsn      NOT NULL DEFAULT '0/0',
    chain      bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
        CONSTRAINT position_chain_is_whole CHECK (length(chain) = 32),
    stream     text        NOT NULL DEFAULT '',
    sequence   bigint      NOT NULL DEFAULT 0,
    applied_at timestamptz NOT NULL DEFAULT now(),
    dirty_version bigint   NOT NULL DEFAULT 0
);
CREATE TABLE sync.staged (
    province smallint NOT NULL,
    lsn      pg_lsn   NOT NULL,
    chunk    integer  NOT NULL,
    message  bytea    NOT NULL,
    PRIMARY KEY (province, lsn, chunk)
);
ALTER TABLE sync.staged ALTER message SET STORAGE EXTERNAL; -- it is compressed already
-- Stays empty: what comes down are whole rows, none of which can meet no row.
CREATE TABLE sync.divergence (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province    smallint    NOT NULL,
    relation    text        NOT NULL,
    key         bigint      NOT NULL,
    kind        text        NOT NULL,
    epoch       bigint      NOT NULL,
    lsn         pg_lsn      NOT NULL,
    found_at    timestamptz NOT NULL DEFAULT now(),
    repaired_at timestamptz
);
CREATE UNIQUE INDEX divergence_is_open_once ON sync.divergence (province, relation, key) WHERE repaired_at IS NULL;
CREATE TABLE sync.province_state (
    province         smallint PRIMARY KEY,
    state            text     NOT NULL DEFAULT 'waiting',
    error            text     NOT NULL DEFAULT '',
    heard_at         timestamptz,                  -- last notice from headquarters
    heartbeat_at     timestamptz,
    committed_at     timestamptz,                  -- when headquarters made the last change that is here
    incarnation      bigint   NOT NULL DEFAULT 0,
    head_lsn         pg_lsn   NOT NULL DEFAULT '0/0', -- headquarters' version at the last notice
    backlog_messages bigint   NOT NULL DEFAULT 0,
    backlog_bytes    bigint   NOT NULL DEFAULT 0,
    conflicts        bigint   NOT NULL DEFAULT 0,
    paused_at    timestamptz, -- null: not paused
    paused_by    text   NOT NULL DEFAULT '',
    pause_reason text   NOT NULL DEFAULT '',
    held_lsn     pg_lsn NOT NULL DEFAULT '0/0',
    approved_lsn pg_lsn NOT NULL DEFAULT '0/0',
    transaction_rate double precision NOT NULL DEFAULT 0, -- versions applied a second, of late
    change_rate      double precision NOT NULL DEFAULT 0,
    wal       text NOT NULL DEFAULT '', -- stays empty, and what is about it null: the versions are in no log
    log_left  bigint,
    log_days  double precision,
    leaf_left bigint,
    leaf_days double precision,
    hub_left  bigint, -- bytes until the leaf server drops what is not applied
    hub_days  double precision
);
-- Versions that were refused here, and the keys whose rows are not what headquarters has.
CREATE TABLE sync.parked (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province     smallint    NOT NULL,
    epoch        bigint      NOT NULL,
    lsn          pg_lsn      NOT NULL,
    committed_at timestamptz NOT NULL,
    reason       text        NOT NULL,
    changes      bigint      NOT NULL,
    keys         bigint      NOT NULL,
    parked_at    timestamptz NOT NULL DEFAULT now(),
    outcome      text        NOT NULL DEFAULT 'open' CONSTRAINT parked_outcome_is_known CHECK (outcome IN ('open', 'repaired', 'accepted')),
    ended_at     timestamptz,
    ended_by     text        NOT NULL DEFAULT '',
    CONSTRAINT parked_ended_unless_open CHECK ((outcome = 'open') = (ended_at IS NULL))
);
CREATE TABLE sync.dirty (
    id        bigint GENERATED ALWAYS AS IDENTITY,
    province  smallint NOT NULL,
    relation  text     NOT NULL,
    key       bigint   NOT NULL,
    parked    bigint   NOT NULL CONSTRAINT dirty_parked_exists REFERENCES sync.parked (id),
    present   boolean  NOT NULL,
    since_lsn pg_lsn   NOT NULL,
    last_lsn  pg_lsn   NOT NULL,
    skipped   bigint   NOT NULL DEFAULT 0,
    wanted    boolean  NOT NULL DEFAULT false,
    refused   text     NOT NULL DEFAULT '',
    PRIMARY KEY (province, relation, key)
);
CREATE INDEX dirty_of_parked ON sync.dirty (parked);
CREATE FUNCTION sync.add_province(code smallint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO sync.position (province) VALUES (code) ON CONFLICT DO NOTHING;
    INSERT INTO sync.province_state (province) VALUES (code) ON CONFLICT DO NOTHING;
$$;
REVOKE EXECUTE ON FUNCTION sync.add_province(smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sync.add_province(smallint) TO jike_sync;
GRANT SELECT ON sync.position, sync.province_state TO jike_app, jike_sync;
GRANT UPDATE ON sync.position TO jike_sync;
GRANT SELECT, INSERT, UPDATE, DELETE ON sync.staged, sync.parked, sync.dirty TO jike_sync;
GRANT SELECT, INSERT, UPDATE ON sync.divergence, sync.province_state TO jike_sync;

-- The province's own words on a product of the catalogue, by the product's code: they outlive every
-- update, also one that takes the product out of the catalogue and brings it back.
CREATE TABLE crm.product_extension (
    code       text        PRIMARY KEY,
    local_name text        NOT NULL DEFAULT '',
    available  boolean     NOT NULL DEFAULT true, -- sold in this province
    note       text        NOT NULL DEFAULT '',
    version    integer     NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now()
);
-- The catalogue as the province sells it. A row for this province goes before one for all.
CREATE VIEW crm.product AS
SELECT DISTINCT ON (p.code) p.id, p.province, p.code, p.name_zh, p.name_en, p.family, p.unit, p.monthly_fee_fen, p.status,
    p.effective_on, p.expires_on, coalesce(nullif(e.local_name, ''), p.name_zh) AS name,
    coalesce(e.local_name, '') AS local_name, coalesce(e.available, true) AS available, coalesce(e.note, '') AS note,
    coalesce(e.version, 0) AS extension_version
FROM ref.product p LEFT JOIN crm.product_extension e ON e.code = p.code
WHERE p.expired_at IS NULL ORDER BY p.code, p.province DESC;
GRANT SELECT, INSERT, UPDATE ON crm.product_extension TO jike_app;
GRANT SELECT ON crm.product TO jike_app;

-- A customer spans provinces if the province says so (the claim) or headquarters' list of key
-- accounts names its credit code. Both are kept, so that neither overwrites the other;
-- cross_province, which is what others read and what goes up, is either.
ALTER TABLE crm.customer ADD cross_province_claim boolean NOT NULL DEFAULT false,
    ADD key_account_id bigint; -- ref.key_account; no foreign key, which could refuse a row of the list
UPDATE crm.customer SET cross_province_claim = true WHERE cross_province;
ALTER TABLE crm.customer ADD CONSTRAINT customer_cross_province_is_either
    CHECK (cross_province = (cross_province_claim OR key_account_id IS NOT NULL));
CREATE INDEX customer_key_account ON crm.customer (key_account_id) WHERE key_account_id IS NOT NULL;

---- create above / drop below ----

ALTER TABLE crm.customer DROP cross_province_claim, DROP key_account_id;
DROP VIEW crm.product;
DROP TABLE crm.product_extension;
DROP FUNCTION sync.add_province(smallint);
DROP TABLE sync.dirty, sync.parked, sync.province_state, sync.divergence, sync.staged, sync.position;
DROP SCHEMA ref;
