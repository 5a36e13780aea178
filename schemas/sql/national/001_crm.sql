-- What headquarters holds of the provinces. Each table is partitioned by province and written by
-- sync/apply only. Nothing but the key could refuse a row: no other unique, no foreign key, no check.
-- stamp_epoch and stamp_lsn say which transaction of the province's log wrote the row.

CREATE SCHEMA crm;

CREATE TABLE crm.customer (
    province smallint NOT NULL, id bigint NOT NULL,
    number text, credit_code text, name text, industry text, city text, class text, lifecycle text,
    parent_id bigint, cross_province boolean, address text, postcode text, legal_person text,
    registered_capital_fen bigint, headcount integer, annual_sales_fen bigint, profile text,
    version integer, created_at timestamptz, updated_at timestamptz,
    stamp_epoch bigint, stamp_lsn pg_lsn,
    PRIMARY KEY (province, id)
) PARTITION BY LIST (province);
CREATE INDEX customer_credit_code ON crm.customer (credit_code);
CREATE INDEX customer_class ON crm.customer (class, city);

CREATE TABLE crm.contact (
    province smallint NOT NULL, id bigint NOT NULL,
    customer_id bigint, role text, name text, work_phone text,
    stamp_epoch bigint, stamp_lsn pg_lsn,
    PRIMARY KEY (province, id)
) PARTITION BY LIST (province);
CREATE INDEX contact_customer ON crm.contact (customer_id);

CREATE TABLE crm.contract (
    province smallint NOT NULL, id bigint NOT NULL,
    customer_id bigint, number text, name text, signed_on date, effective_on date, expires_on date,
    auto_renew boolean, amount_fen bigint, status text, updated_at timestamptz,
    stamp_epoch bigint, stamp_lsn pg_lsn,
    PRIMARY KEY (province, id)
) PARTITION BY LIST (province);
CREATE INDEX contract_customer ON crm.contract (customer_id);

CREATE TABLE crm.subscription (
    province smallint NOT NULL, id bigint NOT NULL,
    customer_id bigint, product_code text, product_name text, quantity integer, monthly_fee_fen bigint,
    status text, started_on date, ended_on date, updated_at timestamptz,
    stamp_epoch bigint, stamp_lsn pg_lsn,
    PRIMARY KEY (province, id)
) PARTITION BY LIST (province);
CREATE INDEX subscription_customer ON crm.subscription (customer_id);

CREATE TABLE crm.bill (
    province smallint NOT NULL, id bigint NOT NULL,
    customer_id bigint, month date, amount_fen bigint, paid_fen bigint, updated_at timestamptz,
    stamp_epoch bigint, stamp_lsn pg_lsn,
    PRIMARY KEY (province, id)
) PARTITION BY LIST (province);
CREATE INDEX bill_customer ON crm.bill (customer_id, month);

CREATE TABLE crm.monthly_summary (
    province smallint NOT NULL, id bigint NOT NULL,
    month date, city text, class text, industry text, customers integer, members bigint, income_fen bigint,
    updated_at timestamptz,
    stamp_epoch bigint, stamp_lsn pg_lsn,
    PRIMARY KEY (province, id)
) PARTITION BY LIST (province);
CREATE INDEX monthly_summary_month ON crm.monthly_summary (month);

GRANT USAGE ON SCHEMA crm TO jike_app, jike_sync;
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO jike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA crm TO jike_sync;

---- create above / drop below ----

DROP SCHEMA crm CASCADE;
