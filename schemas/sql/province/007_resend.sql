-- Tables whose selected columns grew with a release: their rows are sent again in ranges of keys.

CREATE TABLE sync.resend (
    relation    text        PRIMARY KEY, -- such as crm.customer
    columns     text[]      NOT NULL,    -- that the log does not have of older changes
    selection   integer     NOT NULL,    -- version of the selection that began with it
    horizon     xid8,                    -- transactions before it may have written what the log lacks; null: not looked up yet
    reached     bigint,                  -- key of the last row sent; null: none yet
    sent        bigint      NOT NULL DEFAULT 0, -- rows
    asked_at    timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz -- null: it goes on
);

GRANT SELECT, UPDATE ON sync.resend TO jike_sync;

---- create above / drop below ----

DROP TABLE sync.resend;
