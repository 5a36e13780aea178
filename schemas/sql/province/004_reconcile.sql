-- The province's copies of its reconciliation certificates (对账证书): what it signed it also keeps.

CREATE SCHEMA IF NOT EXISTS sync;

CREATE TABLE sync.certificate (
    sequence bigint      PRIMARY KEY,
    digest   bytea       NOT NULL CONSTRAINT certificate_digest_is_unique UNIQUE,
    previous bytea,      -- digest of the certificate before, null for the first
    result   text        NOT NULL,
    at       timestamptz NOT NULL,
    body     jsonb       NOT NULL
);

GRANT USAGE ON SCHEMA sync TO jike_app, jike_sync;
GRANT SELECT ON sync.certificate TO jike_app, jike_sync;
GRANT INSERT ON sync.certificate TO jike_sync;

---- create above / drop below ----

DROP TABLE sync.certificate;
