-- What customers wish for (需求与期望) and what they were answered (province/wish). Never replicated.

CREATE TABLE crm.wish (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint      NOT NULL CONSTRAINT wish_customer_exists REFERENCES crm.customer (id),
    kind        text        NOT NULL CONSTRAINT wish_kind_is_known CHECK (kind IN ('product', 'price', 'service', 'network', 'other')),
    body        text        NOT NULL,
    wanted_on   date, -- null: by no day
    status      text        NOT NULL CONSTRAINT wish_status_is_known CHECK (status IN ('open', 'answered', 'declined')),
    answer      text        NOT NULL,
    author      text        NOT NULL, -- login
    at          timestamptz NOT NULL DEFAULT now(),
    answered_by text        NOT NULL, -- login
    answered_at timestamptz,
    version     integer     NOT NULL DEFAULT 1,
    CONSTRAINT wish_is_answered_with_words CHECK ((status = 'open') = (answer = '')),
    CONSTRAINT wish_is_answered_by_somebody CHECK ((status = 'open') = (answered_by = '') AND (status = 'open') = (answered_at IS NULL))
);
CREATE INDEX wish_customer ON crm.wish (customer_id, id);
CREATE INDEX wish_open ON crm.wish ((coalesce(wanted_on, '9999-12-31'::date)), id) WHERE status = 'open';

GRANT SELECT, INSERT, UPDATE ON crm.wish TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.wish;
