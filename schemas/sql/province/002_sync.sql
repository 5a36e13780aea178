-- Where capture stands. It is written before the position is confirmed to the log, so that from it
-- and the log together an outgoing stream can be made again with an unbroken chain.

CREATE SCHEMA sync;

CREATE TABLE sync.capture (
    sole         boolean     PRIMARY KEY DEFAULT true CONSTRAINT capture_is_one_row CHECK (sole),
    epoch        bigint      NOT NULL DEFAULT 1, -- rises when log positions may be used again
    incarnation  bigint      NOT NULL DEFAULT 0, -- of the leaf's stream; 0: none was made yet
    selection    integer     NOT NULL DEFAULT 1, -- version of row filter and column list
    -- The last confirmed transaction. It is decoded again after a reconnect and must give the same
    -- chain: one that does not says that the log is another one (a restore, a fail-over).
    confirmed_lsn   pg_lsn NOT NULL DEFAULT '0/0',
    confirmed_chain bytea  NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    -- The transaction before it, which the stream that is made anew begins after.
    previous_lsn    pg_lsn NOT NULL DEFAULT '0/0',
    previous_chain  bytea  NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT capture_chains_are_whole CHECK (length(confirmed_chain) = 32 AND length(previous_chain) = 32)
);
INSERT INTO sync.capture DEFAULT VALUES;

GRANT USAGE ON SCHEMA sync TO jike_sync;
GRANT SELECT, UPDATE ON sync.capture TO jike_sync;

---- create above / drop below ----

DROP SCHEMA sync CASCADE;
