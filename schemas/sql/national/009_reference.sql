-- Reference data (基础数据): headquarters is its one writer, and every province gets it (sync/publish).
-- A row with province 0 is for all provinces, another one for that province only. A row is never
-- deleted: expired_at says since when it no longer holds. version is that of the transaction that
-- last changed the row.

CREATE SCHEMA ref;

-- The version of the newest change. A transaction that changes reference data begins by raising it,
-- which makes such transactions wait for each other: versions are committed in their order.
CREATE TABLE sync.master (
    sole       boolean     PRIMARY KEY DEFAULT true CONSTRAINT master_is_one_row CHECK (sole),
    -- Rises when versions may be used again: this database was restored. A new one begins with the
    -- clock, above whatever database was here before.
    epoch      bigint      NOT NULL DEFAULT extract(epoch FROM now())::bigint,
    version    bigint      NOT NULL DEFAULT 1,
    changed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO sync.master DEFAULT VALUES;

-- What was published to each province, or was about to be: written before the message is.
CREATE TABLE sync.published (
    province smallint    NOT NULL,
    epoch    bigint      NOT NULL,
    version  bigint      NOT NULL,
    chain    bytea       NOT NULL CONSTRAINT published_chain_is_whole CHECK (length(chain) = 32),
    at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (province, epoch, version, chain)
);

-- Where each province is.
CREATE TABLE sync.receiver (
    province    smallint PRIMARY KEY,
    epoch       bigint   NOT NULL DEFAULT 0, -- of the stream that it was given; 0: none yet
    incarnation bigint   NOT NULL DEFAULT 0, -- of that stream
    base_version bigint  NOT NULL DEFAULT 0, -- what the stream's first message follows
    base_chain  bytea    NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    applied_epoch   bigint NOT NULL DEFAULT 0, -- what the province said last
    applied_version bigint NOT NULL DEFAULT 0,
    heard_at    timestamptz,
    error       text     NOT NULL DEFAULT ''  -- why nothing is published
);

CREATE TABLE ref.product (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province        smallint    NOT NULL DEFAULT 0,
    code            text        NOT NULL,
    name_zh         text        NOT NULL,
    name_en         text        NOT NULL,
    family          text        NOT NULL,
    unit            text        NOT NULL,
    monthly_fee_fen bigint      NOT NULL CONSTRAINT product_fee_is_not_negative CHECK (monthly_fee_fen >= 0),
    status          text        NOT NULL CONSTRAINT product_status_is_known CHECK (status IN ('planned', 'active', 'retired')),
    effective_on    date        NOT NULL,
    expires_on      date,
    version         bigint      NOT NULL,
    changed_at      timestamptz NOT NULL DEFAULT now(),
    expired_at      timestamptz,
    CONSTRAINT product_expires_after_effective CHECK (expires_on >= effective_on)
);
CREATE UNIQUE INDEX product_is_one ON ref.product (province, code) WHERE expired_at IS NULL;

-- Rows of code tables: list says of which one.
CREATE TABLE ref.code (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province   smallint    NOT NULL DEFAULT 0,
    list       text        NOT NULL,
    code       text        NOT NULL,
    name_zh    text        NOT NULL,
    name_en    text        NOT NULL,
    position   integer     NOT NULL DEFAULT 0,
    version    bigint      NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    expired_at timestamptz
);
CREATE UNIQUE INDEX code_is_one ON ref.code (province, list, code) WHERE expired_at IS NULL;

-- What the classes of group customers (A1 … D) mean.
CREATE TABLE ref.class (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province   smallint    NOT NULL DEFAULT 0,
    class      text        NOT NULL CONSTRAINT class_is_known CHECK (class IN ('A1', 'A2', 'B1', 'B2', 'C', 'D')),
    name_zh    text        NOT NULL,
    name_en    text        NOT NULL,
    rule_zh    text        NOT NULL,
    rule_en    text        NOT NULL,
    version    bigint      NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    expired_at timestamptz
);
CREATE UNIQUE INDEX class_is_one ON ref.class (province, class) WHERE expired_at IS NULL;

-- National key accounts (全国重点客户): customers that span provinces by decision of headquarters.
CREATE TABLE ref.key_account (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province    smallint    NOT NULL DEFAULT 0,
    credit_code text        NOT NULL,
    name        text        NOT NULL,
    since       date        NOT NULL,
    version     bigint      NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now(),
    expired_at  timestamptz
);
CREATE UNIQUE INDEX key_account_is_one ON ref.key_account (province, credit_code) WHERE expired_at IS NULL;

-- Which customers go up to headquarters, as data: package selection of the province reads the rule.
CREATE TABLE ref.selection_policy (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province     smallint    NOT NULL DEFAULT 0,
    number       integer     NOT NULL CONSTRAINT selection_policy_number_is_positive CHECK (number > 0),
    rule         jsonb       NOT NULL,
    effective_at timestamptz NOT NULL,
    note         text        NOT NULL DEFAULT '',
    version      bigint      NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT now(),
    expired_at   timestamptz
);
CREATE UNIQUE INDEX selection_policy_is_one ON ref.selection_policy (province, number) WHERE expired_at IS NULL;

CREATE TABLE ref.notice (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    province   smallint    NOT NULL DEFAULT 0,
    title      text        NOT NULL,
    body       text        NOT NULL,
    level      text        NOT NULL CONSTRAINT notice_level_is_known CHECK (level IN ('info', 'warning', 'urgent')),
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL,
    version    bigint      NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    expired_at timestamptz,
    CONSTRAINT notice_ends_after_it_begins CHECK (valid_to >= valid_from)
);

GRANT USAGE ON SCHEMA ref TO jike_app, jike_sync;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA ref TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA ref TO jike_app;
GRANT SELECT ON ALL TABLES IN SCHEMA ref TO jike_sync;
GRANT SELECT, UPDATE (version, changed_at) ON sync.master TO jike_app;
GRANT SELECT, UPDATE (epoch) ON sync.master TO jike_sync;
GRANT SELECT ON sync.published, sync.receiver TO jike_app;
GRANT SELECT, INSERT, DELETE ON sync.published TO jike_sync;
GRANT SELECT, INSERT, UPDATE ON sync.receiver TO jike_sync;

---- create above / drop below ----

DROP SCHEMA ref CASCADE;
DROP TABLE sync.receiver, sync.published, sync.master;
