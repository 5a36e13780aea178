-- Merges of two customers that turned out to be one. The merged one stays as a pointer to the
-- survivor. None of it is replicated: headquarters sees a lost customer, and its family moved.

ALTER TABLE crm.customer
    ADD merged_into bigint CONSTRAINT customer_merged_into_exists REFERENCES crm.customer (id),
    ADD CONSTRAINT customer_is_not_merged_into_itself CHECK (merged_into <> id);
CREATE INDEX customer_merged_into ON crm.customer (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE crm.customer_merge (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    survivor_id bigint      NOT NULL CONSTRAINT customer_merge_survivor_exists REFERENCES crm.customer (id),
    merged_id   bigint      NOT NULL CONSTRAINT customer_merge_merged_exists REFERENCES crm.customer (id),
    at          timestamptz NOT NULL DEFAULT now(),
    actor       text        NOT NULL,
    reason      text        NOT NULL,
    taken       text[]      NOT NULL, -- facts that the survivor took from the merged one
    survivor    jsonb       NOT NULL, -- its facts before, for the undo
    merged      jsonb       NOT NULL, -- the other's
    undone_at   timestamptz,
    undone_by   text        NOT NULL DEFAULT '',
    CONSTRAINT customer_merge_joins_two CHECK (survivor_id <> merged_id)
);
CREATE INDEX customer_merge_survivor ON crm.customer_merge (survivor_id, id);
CREATE INDEX customer_merge_merged ON crm.customer_merge (merged_id, id);

-- What moved, so that exactly that moves back.
CREATE TABLE crm.customer_merge_row (
    merge_id bigint NOT NULL CONSTRAINT customer_merge_row_merge_exists REFERENCES crm.customer_merge (id),
    relation text   NOT NULL, -- such as contact; child: a customer whose parent it was
    row_id   bigint NOT NULL,
    PRIMARY KEY (merge_id, relation, row_id)
);

GRANT SELECT, INSERT, UPDATE ON crm.customer_merge TO jike_app;
GRANT SELECT, INSERT ON crm.customer_merge_row TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.customer_merge_row, crm.customer_merge;
ALTER TABLE crm.customer DROP merged_into;
