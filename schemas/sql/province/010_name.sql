-- The names of customers, today's and former ones, in the form in which near-equal names are found
-- (schemas/codes/company-names.md). Never replicated.

CREATE TABLE crm.customer_name (
    customer_id bigint  NOT NULL CONSTRAINT customer_name_customer_exists REFERENCES crm.customer (id),
    name        text    NOT NULL, -- as it is written
    core        text    NOT NULL, -- without place, legal form and punctuation
    place       text    NOT NULL, -- that the name states; empty: none
    former      boolean NOT NULL,
    PRIMARY KEY (customer_id, name)
);
CREATE INDEX customer_name_core ON crm.customer_name (core, place);

GRANT SELECT, INSERT, UPDATE, DELETE ON crm.customer_name TO jike_app;

---- create above / drop below ----

DROP TABLE crm.customer_name;
