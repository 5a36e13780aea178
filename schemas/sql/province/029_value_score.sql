-- What a customer is worth to the carrier (价值评分), as it was rated one time after another. Never replicated.

CREATE TABLE crm.value_score (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint      NOT NULL CONSTRAINT value_score_customer_exists REFERENCES crm.customer (id),
    score       smallint    NOT NULL CONSTRAINT value_score_is_of_a_hundred CHECK (score BETWEEN 0 AND 100),
    reason      text        NOT NULL,
    actor       text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX value_score_customer ON crm.value_score (customer_id, id);

GRANT SELECT, INSERT ON crm.value_score TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.value_score;
