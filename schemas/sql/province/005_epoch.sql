-- When and why the epoch began. begun_lsn is null while one is being begun: the slot may be gone, or
-- made and not yet written down here, so whoever comes next makes it anew.

ALTER TABLE sync.capture
    ADD begun_lsn pg_lsn,                              -- the slot's consistent point: the stream has what is committed from there on
    ADD begun_at  timestamptz,                         -- null: no epoch was ever begun
    ADD reason    text    NOT NULL DEFAULT 'first start',
    ADD existing  boolean NOT NULL DEFAULT false;      -- selected rows were there before begun_lsn: the stream alone is not enough

-- An epoch that runs goes on. Where it began is not known, but its slot is not ahead of now.
UPDATE sync.capture SET begun_lsn = pg_current_wal_lsn(), begun_at = now() WHERE incarnation > 0;

---- create above / drop below ----

ALTER TABLE sync.capture DROP begun_lsn, DROP begun_at, DROP reason, DROP existing;
