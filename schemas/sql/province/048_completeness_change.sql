-- What changed for the completeness of files is found by adding up both sides of a change, as the tally of customers does.
-- A join of both sides is planned once per connection, by the sizes that the first statements of that connection had: after
-- some changes of single rows a change of 30,000 compared each old row with each new one, for many minutes.

CREATE OR REPLACE FUNCTION crm.completeness_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT DISTINCT id FROM (
        SELECT id, ROW(manager_id, sensitive, merged_into, credit_code IS NULL, licence_number = '', organisation_type = '', legal_person = '',
            registered_capital_fen IS NULL, headcount IS NULL, annual_sales_fen IS NULL, address = '', postcode = '', profile = '') AS facts, -1 AS n FROM before
        UNION ALL
        SELECT id, ROW(manager_id, sensitive, merged_into, credit_code IS NULL, licence_number = '', organisation_type = '', legal_person = '',
            registered_capital_fen IS NULL, headcount IS NULL, annual_sales_fen IS NULL, address = '', postcode = '', profile = ''), 1 FROM after) both_sides
    GROUP BY id, facts HAVING sum(n) <> 0;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION crm.completeness_contact_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT DISTINCT customer_id FROM (
        SELECT id, customer_id, ROW(role, decision_role, work_phone = '', mobile = '') AS facts, -1 AS n FROM before
        UNION ALL SELECT id, customer_id, ROW(role, decision_role, work_phone = '', mobile = ''), 1 FROM after) both_sides
    GROUP BY id, customer_id, facts HAVING sum(n) <> 0;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION crm.completeness_site_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT DISTINCT customer_id FROM (
        SELECT id, customer_id, closed_on, -1 AS n FROM before
        UNION ALL SELECT id, customer_id, closed_on, 1 FROM after) both_sides
    GROUP BY id, customer_id, closed_on HAVING sum(n) <> 0;
    RETURN NULL;
END $$;

---- create above / drop below ----

CREATE OR REPLACE FUNCTION crm.completeness_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT a.id FROM after a JOIN before b USING (id)
    WHERE (a.manager_id, a.sensitive, a.merged_into, a.credit_code IS NULL, a.licence_number = '', a.organisation_type = '', a.legal_person = '',
            a.registered_capital_fen IS NULL, a.headcount IS NULL, a.annual_sales_fen IS NULL, a.address = '', a.postcode = '', a.profile = '')
        IS DISTINCT FROM (b.manager_id, b.sensitive, b.merged_into, b.credit_code IS NULL, b.licence_number = '', b.organisation_type = '', b.legal_person = '',
            b.registered_capital_fen IS NULL, b.headcount IS NULL, b.annual_sales_fen IS NULL, b.address = '', b.postcode = '', b.profile = '');
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION crm.completeness_contact_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT DISTINCT unnest(ARRAY[a.customer_id, b.customer_id]) FROM after a JOIN before b USING (id)
    WHERE (a.customer_id, a.role, a.decision_role, a.work_phone = '', a.mobile = '')
        IS DISTINCT FROM (b.customer_id, b.role, b.decision_role, b.work_phone = '', b.mobile = '');
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION crm.completeness_site_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT DISTINCT unnest(ARRAY[a.customer_id, b.customer_id]) FROM after a JOIN before b USING (id)
    WHERE (a.customer_id, a.closed_on) IS DISTINCT FROM (b.customer_id, b.closed_on);
    RETURN NULL;
END $$;
