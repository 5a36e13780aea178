-- How a customer's business goes (客户经营状况), as its account manager learns of it (province/situation): a note for
-- each day on which somebody learnt something. Empty texts, nulls and month 0 are not known. Never replicated.

CREATE TABLE crm.situation (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id    bigint      NOT NULL CONSTRAINT situation_customer_exists REFERENCES crm.customer (id),
    of_day         date        NOT NULL, -- on which the customer stood so
    sales          text        NOT NULL CONSTRAINT situation_sales_is_a_trend CHECK (sales IN ('', 'rises', 'stays', 'shrinks')),
    headcount      text        NOT NULL CONSTRAINT situation_headcount_is_a_trend CHECK (headcount IN ('', 'rises', 'stays', 'shrinks')),
    plan           text        NOT NULL CONSTRAINT situation_plan_is_known CHECK (plan IN ('', 'expand', 'move', 'renew', 'reduce', 'continue')),
    carrier        text        NOT NULL CONSTRAINT situation_carrier_is_known
        CHECK (carrier IN ('', 'mobile', 'telecom', 'unicom', 'broadnet', 'several')),
    carrier_until  date        CONSTRAINT situation_carrier_until_is_of_a_carrier CHECK (carrier_until IS NULL OR carrier <> ''),
    supplier       text        NOT NULL,
    supplier_until date        CONSTRAINT situation_supplier_until_is_of_a_supplier CHECK (supplier_until IS NULL OR supplier <> ''),
    budget_month   smallint    NOT NULL CONSTRAINT situation_budget_month_is_a_month CHECK (budget_month BETWEEN 0 AND 12),
    body           text        NOT NULL,
    author         text        NOT NULL, -- login
    at             timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX situation_customer ON crm.situation (customer_id, of_day DESC, id DESC);

GRANT SELECT, INSERT, UPDATE (customer_id) ON crm.situation TO jike_app; -- a note goes with its customer when that is merged
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.situation;
