-- Companies that span provinces: one credit code that customers of several provinces have, or one
-- on the list of national key accounts. Grouping three million customers by their credit code takes
-- seconds, a list has a tenth of one: the groups are kept and computed again by the clock. A
-- company's own page reads the customers themselves.

CREATE MATERIALIZED VIEW crm.company AS
WITH spanning AS (
    SELECT c.credit_code, array_agg(DISTINCT c.province ORDER BY c.province) AS provinces, count(*)::integer AS customers,
        count(*) FILTER (WHERE c.lifecycle = 'active')::integer AS active,
        min(c.class) FILTER (WHERE c.class <> '') AS class,
        (array_agg(c.name ORDER BY c.class, c.province, c.id))[1] AS name
    FROM crm.customer c WHERE c.credit_code <> ''
    GROUP BY c.credit_code
    HAVING min(c.province) <> max(c.province)
        OR c.credit_code IN (SELECT k.credit_code FROM ref.key_account k WHERE k.expired_at IS NULL)
), keys AS (
    SELECT DISTINCT ON (k.credit_code) k.credit_code, k.name, k.since
    FROM ref.key_account k WHERE k.expired_at IS NULL ORDER BY k.credit_code, k.province
)
SELECT coalesce(s.credit_code, k.credit_code) AS credit_code, coalesce(k.name, s.name, '') AS name,
    coalesce(s.provinces, '{}') AS provinces, coalesce(cardinality(s.provinces), 0) AS province_count,
    coalesce(s.customers, 0) AS customers, coalesce(s.active, 0) AS active, coalesce(s.class, '') AS class,
    k.since AS key_account_since
FROM spanning s FULL JOIN keys k ON k.credit_code = s.credit_code;
CREATE UNIQUE INDEX company_credit_code ON crm.company (credit_code);
CREATE INDEX company_name_characters ON crm.company USING gin (crm.name_characters(name));
CREATE INDEX company_provinces ON crm.company USING gin (provinces);

CREATE TABLE crm.company_computed (
    sole boolean     PRIMARY KEY DEFAULT true CONSTRAINT company_computed_is_one_row CHECK (sole),
    at   timestamptz NOT NULL DEFAULT now()
);
INSERT INTO crm.company_computed DEFAULT VALUES;

-- The groups belong to the owner of the schema, and only an owner may compute them again.
CREATE FUNCTION crm.compute_companies() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    REFRESH MATERIALIZED VIEW CONCURRENTLY crm.company;
    UPDATE crm.company_computed SET at = now();
END $$;
REVOKE EXECUTE ON FUNCTION crm.compute_companies() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION crm.compute_companies() TO jike_app;
GRANT SELECT ON crm.company, crm.company_computed TO jike_app;

---- create above / drop below ----

DROP FUNCTION crm.compute_companies();
DROP TABLE crm.company_computed;
DROP MATERIALIZED VIEW crm.company;
