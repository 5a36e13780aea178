-- What a roll-up over a hierarchy of customers adds up (province/hierarchy): what each customer has by
-- itself, counted from members and bills, so that neither is read for a tree. Never replicated.

CREATE TABLE crm.customer_figure (
    customer_id bigint  PRIMARY KEY CONSTRAINT customer_figure_customer_exists REFERENCES crm.customer (id),
    members     integer NOT NULL, -- lines that are members
    stated      integer NOT NULL, -- members that BOSS counts
    since       date    NOT NULL, -- first of the twelve months that are income_fen
    income_fen  bigint  NOT NULL,
    arrears_fen bigint  NOT NULL  -- of all bills, what is not paid
);

-- Customers whose figures are to be counted again. A change of members or bills only appends, so that no
-- writer waits for another one; a task counts and empties.
CREATE TABLE crm.customer_figure_change (
    customer_id bigint      NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

INSERT INTO crm.customer_figure_change (customer_id)
SELECT c.id FROM crm.customer c
WHERE EXISTS (SELECT FROM crm.bill b WHERE b.customer_id = c.id) OR EXISTS (SELECT FROM crm.member m WHERE m.customer_id = c.id)
    OR EXISTS (SELECT FROM crm.member_count n WHERE n.customer_id = c.id);

-- Whoever may change members and bills has their figures counted by that, and may not otherwise.
CREATE FUNCTION crm.figure_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.customer_figure_change (customer_id) SELECT DISTINCT customer_id FROM after;
    RETURN NULL;
END $$;
CREATE FUNCTION crm.figure_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.customer_figure_change (customer_id) SELECT customer_id FROM before UNION SELECT customer_id FROM after;
    RETURN NULL;
END $$;
CREATE FUNCTION crm.figure_removed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.customer_figure_change (customer_id) SELECT DISTINCT customer_id FROM before;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION crm.figure_added(), crm.figure_changed(), crm.figure_removed() FROM PUBLIC;
CREATE TRIGGER figure_added AFTER INSERT ON crm.bill
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.figure_added();
CREATE TRIGGER figure_changed AFTER UPDATE ON crm.bill
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.figure_changed();
CREATE TRIGGER figure_removed AFTER DELETE ON crm.bill
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION crm.figure_removed();
CREATE TRIGGER figure_added AFTER INSERT ON crm.member
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.figure_added();
CREATE TRIGGER figure_changed AFTER UPDATE ON crm.member
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.figure_changed();
CREATE TRIGGER figure_removed AFTER DELETE ON crm.member
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION crm.figure_removed();
CREATE TRIGGER figure_added AFTER INSERT ON crm.member_count
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.figure_added();
CREATE TRIGGER figure_changed AFTER UPDATE ON crm.member_count
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.figure_changed();
CREATE TRIGGER figure_removed AFTER DELETE ON crm.member_count
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION crm.figure_removed();

-- A tree is gone down in this index alone, page by page of children and with what scope asks for.
DROP INDEX crm.customer_parent;
CREATE INDEX customer_parent ON crm.customer (parent_id, id)
    INCLUDE (manager_id, sensitive, merged_into)
    WHERE parent_id IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON crm.customer_figure TO jike_app;
GRANT SELECT, INSERT, DELETE ON crm.customer_figure_change TO jike_app;

---- create above / drop below ----

DROP INDEX crm.customer_parent;
CREATE INDEX customer_parent ON crm.customer (parent_id) WHERE parent_id IS NOT NULL;
DROP TRIGGER figure_added ON crm.bill;
DROP TRIGGER figure_changed ON crm.bill;
DROP TRIGGER figure_removed ON crm.bill;
DROP TRIGGER figure_added ON crm.member;
DROP TRIGGER figure_changed ON crm.member;
DROP TRIGGER figure_removed ON crm.member;
DROP TRIGGER figure_added ON crm.member_count;
DROP TRIGGER figure_changed ON crm.member_count;
DROP TRIGGER figure_removed ON crm.member_count;
DROP FUNCTION crm.figure_added(), crm.figure_changed(), crm.figure_removed();
DROP TABLE crm.customer_figure, crm.customer_figure_change;
