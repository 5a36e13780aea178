-- What lists of a million customers need: how many customers have which facets, kept exact with every
-- change, and an index for every order that holds what lists filter by, so that a page is found
-- without reading the customers before it. See province/customer/list_store.go.

-- Customers by facet, those apart that were merged into another one. What is true is the sum over both tables: a change of a customer only appends,
-- so that no writer waits for another one's counter, and a task folds what was appended.
CREATE TABLE crm.customer_tally (
    class     text    NOT NULL,
    lifecycle text    NOT NULL,
    city      text    NOT NULL,
    industry  text    NOT NULL,
    national  boolean NOT NULL,
    sensitive boolean NOT NULL,
    customers integer NOT NULL,
    CONSTRAINT customer_tally_is_one_per_cell PRIMARY KEY (class, lifecycle, city, industry, national, sensitive)
) WITH (fillfactor = 70);
CREATE TABLE crm.customer_tally_change (LIKE crm.customer_tally INCLUDING DEFAULTS);
ALTER TABLE crm.customer_tally_change SET (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

INSERT INTO crm.customer_tally
SELECT class, lifecycle, city, industry, national, sensitive, count(*) FROM crm.customer
WHERE merged_into IS NULL GROUP BY 1, 2, 3, 4, 5, 6;

-- Whoever may change customers keeps the tally by that, and may not change it otherwise.
CREATE FUNCTION crm.tally_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.customer_tally_change
    SELECT class, lifecycle, city, industry, national, sensitive, count(*) FROM after
    WHERE merged_into IS NULL GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END $$;
CREATE FUNCTION crm.tally_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.customer_tally_change
    SELECT class, lifecycle, city, industry, national, sensitive, sum(n) FROM (
        SELECT class, lifecycle, city, industry, national, sensitive, -1 AS n FROM before WHERE merged_into IS NULL
        UNION ALL SELECT class, lifecycle, city, industry, national, sensitive, 1 FROM after WHERE merged_into IS NULL) both_sides
    GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(n) <> 0;
    RETURN NULL;
END $$;
CREATE FUNCTION crm.tally_removed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.customer_tally_change
    SELECT class, lifecycle, city, industry, national, sensitive, -count(*) FROM before
    WHERE merged_into IS NULL GROUP BY 1, 2, 3, 4, 5, 6;
    RETURN NULL;
END $$;
CREATE FUNCTION crm.tally_emptied() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    DELETE FROM crm.customer_tally;
    DELETE FROM crm.customer_tally_change;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION crm.tally_added(), crm.tally_changed(), crm.tally_removed(), crm.tally_emptied() FROM PUBLIC;
CREATE TRIGGER tally_added AFTER INSERT ON crm.customer
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.tally_added();
CREATE TRIGGER tally_changed AFTER UPDATE ON crm.customer
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.tally_changed();
CREATE TRIGGER tally_removed AFTER DELETE ON crm.customer
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION crm.tally_removed();
CREATE TRIGGER tally_emptied AFTER TRUNCATE ON crm.customer
    FOR EACH STATEMENT EXECUTE FUNCTION crm.tally_emptied();

ALTER TABLE crm.customer DROP CONSTRAINT customer_number_is_unique, ADD CONSTRAINT customer_number_is_unique UNIQUE (number)
    INCLUDE (id, class, lifecycle, city, industry, national, sensitive, manager_id, merged_into);
CREATE INDEX customer_in_id_order ON crm.customer (id)
    INCLUDE (class, lifecycle, city, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_in_name_order ON crm.customer (name, id)
    INCLUDE (class, lifecycle, city, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_in_update_order ON crm.customer (updated_at, id)
    INCLUDE (class, lifecycle, city, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_by_class ON crm.customer (class, id)
    INCLUDE (lifecycle, city, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_by_lifecycle ON crm.customer (lifecycle, id)
    INCLUDE (class, city, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_by_city ON crm.customer (city, id)
    INCLUDE (class, lifecycle, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_by_industry ON crm.customer (industry, id)
    INCLUDE (class, lifecycle, city, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_by_class_in_name_order ON crm.customer (class, name, id)
    INCLUDE (lifecycle, city, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_by_class_in_update_order ON crm.customer (class, updated_at, id)
    INCLUDE (lifecycle, city, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_by_lifecycle_in_name_order ON crm.customer (lifecycle, name, id)
    INCLUDE (class, city, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_by_lifecycle_in_update_order ON crm.customer (lifecycle, updated_at, id)
    INCLUDE (class, city, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_by_city_in_name_order ON crm.customer (city, name, id)
    INCLUDE (class, lifecycle, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
CREATE INDEX customer_by_city_in_update_order ON crm.customer (city, updated_at, id)
    INCLUDE (class, lifecycle, industry, national, sensitive, manager_id)
    WHERE merged_into IS NULL;
DROP INDEX crm.customer_city; -- customer_by_city is in its place
DROP INDEX crm.customer_manager;
CREATE INDEX customer_by_manager ON crm.customer (manager_id, id)
    INCLUDE (class, lifecycle, city, industry, national, sensitive, merged_into);

GRANT SELECT, INSERT, UPDATE ON crm.customer_tally TO jike_app;
GRANT SELECT, DELETE ON crm.customer_tally_change TO jike_app;

---- create above / drop below ----

DROP INDEX crm.customer_in_id_order, crm.customer_in_name_order, crm.customer_in_update_order, crm.customer_by_class,
    crm.customer_by_lifecycle, crm.customer_by_city, crm.customer_by_industry, crm.customer_by_manager,
    crm.customer_by_class_in_name_order, crm.customer_by_class_in_update_order, crm.customer_by_lifecycle_in_name_order,
    crm.customer_by_lifecycle_in_update_order, crm.customer_by_city_in_name_order, crm.customer_by_city_in_update_order;
ALTER TABLE crm.customer DROP CONSTRAINT customer_number_is_unique, ADD CONSTRAINT customer_number_is_unique UNIQUE (number);
CREATE INDEX customer_manager ON crm.customer (manager_id, id);
CREATE INDEX customer_city ON crm.customer (city, class, id);
DROP TRIGGER tally_added ON crm.customer;
DROP TRIGGER tally_changed ON crm.customer;
DROP TRIGGER tally_removed ON crm.customer;
DROP TRIGGER tally_emptied ON crm.customer;
DROP FUNCTION crm.tally_added(), crm.tally_changed(), crm.tally_removed(), crm.tally_emptied();
DROP TABLE crm.customer_tally, crm.customer_tally_change;
