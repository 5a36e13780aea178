-- Rosters (名单): customers that people put together for a purpose (province/roster). Never replicated.

CREATE TABLE crm.roster (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text        NOT NULL CONSTRAINT roster_name_is_unique UNIQUE,
    purpose    text        NOT NULL,
    author     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    version    integer     NOT NULL DEFAULT 1,
    closed     boolean     NOT NULL DEFAULT false -- it takes no more customers, and stands in no choice
);

CREATE TABLE crm.roster_entry (
    roster_id   bigint      NOT NULL CONSTRAINT roster_entry_roster_exists REFERENCES crm.roster (id),
    customer_id bigint      NOT NULL CONSTRAINT roster_entry_customer_exists REFERENCES crm.customer (id)
                            ON DELETE CASCADE, -- only an import that is taken back deletes one
    reason      text        NOT NULL,
    added_by    text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT roster_entry_is_once_in_its_roster PRIMARY KEY (roster_id, customer_id)
);
CREATE INDEX roster_entry_customer ON crm.roster_entry (customer_id);

GRANT SELECT, INSERT, UPDATE (name, purpose, closed, version) ON crm.roster TO jike_app;
GRANT SELECT, INSERT, DELETE ON crm.roster_entry TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.roster_entry, crm.roster;
