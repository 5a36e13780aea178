-- The first copy of a province that joins with rows.

-- One row for each province that was ever copied.
CREATE TABLE sync.copy (
    province smallint    PRIMARY KEY,
    epoch    bigint      NOT NULL, -- whose stream is applied after the copy
    state    text        NOT NULL DEFAULT 'running' CONSTRAINT copy_state_is_known
        CHECK (state IN ('running', 'done', 'cancelled')),
    expected bigint      NOT NULL,           -- rows, about
    rows     bigint      NOT NULL DEFAULT 0, -- copied; while it runs copy_range counts
    bytes    bigint      NOT NULL DEFAULT 0, -- of these rows
    begun_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);

-- The ranges of a copy that runs. A range moves in the transaction that writes its rows.
CREATE TABLE sync.copy_range (
    province  smallint NOT NULL,
    relation  text     NOT NULL, -- such as crm.customer
    first_key bigint   NOT NULL,
    last_key  bigint   NOT NULL,
    next_key  bigint   NOT NULL, -- what is below is copied
    done      boolean  NOT NULL DEFAULT false,
    rows      bigint   NOT NULL DEFAULT 0,
    bytes     bigint   NOT NULL DEFAULT 0,
    PRIMARY KEY (province, relation, first_key)
) WITH (fillfactor = 50);

GRANT SELECT ON sync.copy, sync.copy_range TO jike_app, jike_sync;
GRANT INSERT, UPDATE ON sync.copy TO jike_sync;
GRANT INSERT, UPDATE, DELETE ON sync.copy_range TO jike_sync;

---- create above / drop below ----

DROP TABLE sync.copy_range, sync.copy;
