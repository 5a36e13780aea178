-- Exchanges with partners: nonces, stored replies, and a line for every exchange. A bad request
-- leaves every table outside this schema as it was.

CREATE SCHEMA journal;

-- Nonces of valid signatures; a nonce is refused until its signature is too old anyway.
CREATE TABLE journal.nonce (
    key_id     text        NOT NULL,
    nonce      text        NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (key_id, nonce)
);
CREATE INDEX nonce_expiry ON journal.nonce (expires_at);

-- Transaction ids with the answer that they got: the same content is answered with the same bytes.
CREATE TABLE journal.answer (
    origin   text        NOT NULL, -- OrigDomain
    trans_id text        NOT NULL, -- TransIDO
    content  bytea       NOT NULL, -- SHA-256 of routing and message
    at       timestamptz NOT NULL DEFAULT now(),
    code     text,                 -- null only inside the transaction that claims the id
    charset  text,
    reply    bytea,
    PRIMARY KEY (origin, trans_id)
);
CREATE INDEX answer_at ON journal.answer (at);

CREATE SEQUENCE journal.exchange_id;

-- One line per exchange, partitioned by month (UTC).
CREATE TABLE journal.exchange (
    id            bigint      NOT NULL DEFAULT nextval('journal.exchange_id'),
    at            timestamptz NOT NULL,
    direction     text        NOT NULL CONSTRAINT exchange_direction_is_known CHECK (direction IN ('in', 'out')),
    key_id        text        NOT NULL, -- empty: nobody was identified
    origin        text        NOT NULL,
    bip           text        NOT NULL,
    activity      text        NOT NULL,
    trans_id      text        NOT NULL, -- TransIDO
    answer_id     text        NOT NULL, -- TransIDH
    business_key  text        NOT NULL, -- such as the customer's number
    remote        text        NOT NULL, -- address of the caller
    carriage      text        NOT NULL,
    charset       text        NOT NULL,
    request_bytes bigint      NOT NULL,
    http_status   smallint    NOT NULL,
    code          text        NOT NULL, -- RspCode
    layer         text        NOT NULL, -- which refused it; empty: none did
    fault         text        NOT NULL, -- what RspDesc said
    repeated      boolean     NOT NULL, -- answered from the stored reply
    duration_us   bigint      NOT NULL,
    request       text        NOT NULL, -- message with personal data masked; empty if it could not be read
    reply         text        NOT NULL, -- content of the reply with personal data masked
    PRIMARY KEY (at, id)
) PARTITION BY RANGE (at);
CREATE INDEX exchange_by_id ON journal.exchange (id);
CREATE INDEX exchange_trans_id ON journal.exchange (trans_id);
CREATE INDEX exchange_business_key ON journal.exchange (business_key, at) WHERE business_key <> '';

-- Makes the partitions of this month and of the given number of months to come.
CREATE FUNCTION journal.prepare(months integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first timestamptz := date_trunc('month', now(), 'UTC');
    bound timestamptz;
    made  integer := 0;
    part  text;
BEGIN
    IF months < 0 OR months > 120 THEN
        RAISE EXCEPTION 'prepare: % months', months;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('journal.exchange'));
    FOR i IN 0..months LOOP
        bound := ((first AT TIME ZONE 'UTC') + make_interval(months => i)) AT TIME ZONE 'UTC';
        part := 'exchange_' || to_char(bound AT TIME ZONE 'UTC', 'YYYYMM');
        IF to_regclass('journal.' || part) IS NULL THEN
            EXECUTE format('CREATE TABLE journal.%I PARTITION OF journal.exchange FOR VALUES FROM (%L) TO (%L)',
                part, bound, ((bound AT TIME ZONE 'UTC') + interval '1 month') AT TIME ZONE 'UTC');
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$;

-- Drops the partitions that ended more than the given number of months ago, the answers of that
-- age, and the nonces that have expired. Returns the number of partitions dropped.
CREATE FUNCTION journal.expire(months integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    oldest  timestamp := date_trunc('month', now() AT TIME ZONE 'UTC') - make_interval(months => months);
    dropped integer := 0;
    part    record;
BEGIN
    IF months < 1 THEN
        RAISE EXCEPTION 'expire: % months', months;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('journal.exchange'));
    FOR part IN
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'journal.exchange'::regclass AND c.relname < 'exchange_' || to_char(oldest, 'YYYYMM')
    LOOP
        EXECUTE format('DROP TABLE journal.%I', part.relname);
        dropped := dropped + 1;
    END LOOP;
    DELETE FROM journal.answer WHERE at < oldest AT TIME ZONE 'UTC';
    DELETE FROM journal.nonce WHERE expires_at < now();
    RETURN dropped;
END $$;

SELECT journal.prepare(3);

REVOKE ALL ON FUNCTION journal.prepare(integer), journal.expire(integer) FROM PUBLIC;
GRANT USAGE ON SCHEMA journal TO jike_app;
GRANT EXECUTE ON FUNCTION journal.prepare(integer), journal.expire(integer) TO jike_app;
GRANT SELECT, INSERT ON journal.nonce, journal.exchange TO jike_app;
GRANT SELECT, INSERT, UPDATE ON journal.answer TO jike_app;
GRANT USAGE ON SEQUENCE journal.exchange_id TO jike_app;

---- create above / drop below ----

DROP SCHEMA journal CASCADE;
