-- What the board shows of how fast a province is applied and how long it can wait, as last known. Null: never known.
ALTER TABLE sync.province_state
    ADD transaction_rate double precision NOT NULL DEFAULT 0, -- applied a second, of late
    ADD change_rate      double precision NOT NULL DEFAULT 0,
    ADD wal       text NOT NULL DEFAULT '',  -- wal_status of the province's slot, as last heard
    ADD log_left  bigint,                    -- bytes until the province's PostgreSQL may give up the slot; -1: no limit
    ADD log_days  double precision,          -- until then, at the rate of late
    ADD leaf_left bigint,                    -- bytes until the leaf server's stream is full
    ADD leaf_days double precision,
    ADD hub_left  bigint,                    -- bytes until the hub drops what is not applied
    ADD hub_days  double precision;

---- create above / drop below ----

ALTER TABLE sync.province_state DROP COLUMN transaction_rate, DROP COLUMN change_rate, DROP COLUMN wal, DROP COLUMN log_left,
    DROP COLUMN log_days, DROP COLUMN leaf_left, DROP COLUMN leaf_days, DROP COLUMN hub_left, DROP COLUMN hub_days;
