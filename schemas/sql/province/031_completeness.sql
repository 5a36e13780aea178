-- How complete the file of a customer is (资料完整度), by a rule that an administrator states, and what
-- that adds up to for each account manager (province/completeness). Never replicated.

-- The one rule in force, and how far it has been carried over the customers.
CREATE TABLE crm.completeness_rule (
    weights    jsonb       NOT NULL, -- by fact; 0: the fact does not count
    version    integer     NOT NULL DEFAULT 1,
    reached    bigint      DEFAULT 0, -- id of the last customer judged by it; null: all are
    author     text        NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX completeness_rule_is_one ON crm.completeness_rule ((true));
INSERT INTO crm.completeness_rule (weights, author) VALUES ('{
    "identity": 15, "organisationType": 5, "legalPerson": 5, "registeredCapital": 5, "headcount": 5, "annualSales": 5, "address": 10, "postcode": 2,
    "profile": 5, "manager": 10, "contact": 10, "phone": 10, "decisionMaker": 8, "site": 5}', 'system:migration');

-- What each customer has. Only the task that judges writes it. It has no foreign key: the row of a customer that is gone
-- goes when the task takes it out of the sums.
CREATE TABLE crm.customer_completeness (
    customer_id bigint   PRIMARY KEY,
    manager_id  bigint   NOT NULL, -- 0: nobody's
    sensitive   boolean  NOT NULL,
    score       smallint NOT NULL CONSTRAINT customer_completeness_is_of_a_hundred CHECK (score BETWEEN 0 AND 100),
    missing     text[]   NOT NULL  -- facts
);
CREATE INDEX customer_completeness_worst ON crm.customer_completeness (manager_id, score, customer_id);

-- The sums over customer_completeness, written with it.
CREATE TABLE crm.completeness_tally (
    manager_id bigint  NOT NULL,
    sensitive  boolean NOT NULL,
    customers  integer NOT NULL,
    points     bigint  NOT NULL, -- sum of the scores
    whole      integer NOT NULL, -- customers with the full score
    CONSTRAINT completeness_tally_is_one_per_cell PRIMARY KEY (manager_id, sensitive)
) WITH (fillfactor = 70);

-- Customers to be judged again. A change only appends, so that no writer waits for another one.
CREATE TABLE crm.completeness_change (customer_id bigint NOT NULL) WITH (autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0);

CREATE FUNCTION crm.completeness_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT id FROM after;
    RETURN NULL;
END $$;
CREATE FUNCTION crm.completeness_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT a.id FROM after a JOIN before b USING (id)
    WHERE (a.manager_id, a.sensitive, a.merged_into, a.credit_code IS NULL, a.licence_number = '', a.organisation_type = '', a.legal_person = '',
            a.registered_capital_fen IS NULL, a.headcount IS NULL, a.annual_sales_fen IS NULL, a.address = '', a.postcode = '', a.profile = '')
        IS DISTINCT FROM (b.manager_id, b.sensitive, b.merged_into, b.credit_code IS NULL, b.licence_number = '', b.organisation_type = '', b.legal_person = '',
            b.registered_capital_fen IS NULL, b.headcount IS NULL, b.annual_sales_fen IS NULL, b.address = '', b.postcode = '', b.profile = '');
    RETURN NULL;
END $$;
CREATE FUNCTION crm.completeness_removed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT id FROM before;
    RETURN NULL;
END $$;
CREATE FUNCTION crm.completeness_family_added() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT DISTINCT customer_id FROM after;
    RETURN NULL;
END $$;
CREATE FUNCTION crm.completeness_contact_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT DISTINCT unnest(ARRAY[a.customer_id, b.customer_id]) FROM after a JOIN before b USING (id)
    WHERE (a.customer_id, a.role, a.decision_role, a.work_phone = '', a.mobile = '')
        IS DISTINCT FROM (b.customer_id, b.role, b.decision_role, b.work_phone = '', b.mobile = '');
    RETURN NULL;
END $$;
CREATE FUNCTION crm.completeness_site_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT DISTINCT unnest(ARRAY[a.customer_id, b.customer_id]) FROM after a JOIN before b USING (id)
    WHERE (a.customer_id, a.closed_on) IS DISTINCT FROM (b.customer_id, b.closed_on);
    RETURN NULL;
END $$;
CREATE FUNCTION crm.completeness_family_removed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    INSERT INTO crm.completeness_change SELECT DISTINCT customer_id FROM before;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION crm.completeness_added(), crm.completeness_changed(), crm.completeness_removed(), crm.completeness_family_added(),
    crm.completeness_contact_changed(), crm.completeness_site_changed(), crm.completeness_family_removed() FROM PUBLIC;
CREATE TRIGGER completeness_added AFTER INSERT ON crm.customer
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.completeness_added();
CREATE TRIGGER completeness_changed AFTER UPDATE ON crm.customer
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.completeness_changed();
CREATE TRIGGER completeness_removed AFTER DELETE ON crm.customer
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION crm.completeness_removed();
CREATE TRIGGER completeness_added AFTER INSERT ON crm.contact
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.completeness_family_added();
CREATE TRIGGER completeness_changed AFTER UPDATE ON crm.contact
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.completeness_contact_changed();
CREATE TRIGGER completeness_removed AFTER DELETE ON crm.contact
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION crm.completeness_family_removed();
CREATE TRIGGER completeness_added AFTER INSERT ON crm.site
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.completeness_family_added();
CREATE TRIGGER completeness_changed AFTER UPDATE ON crm.site
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.completeness_site_changed();

GRANT SELECT, UPDATE ON crm.completeness_rule TO jike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON crm.customer_completeness TO jike_app;
GRANT SELECT, INSERT, UPDATE ON crm.completeness_tally TO jike_app;
GRANT SELECT, DELETE ON crm.completeness_change TO jike_app;

---- create above / drop below ----

DROP TRIGGER completeness_added ON crm.customer;
DROP TRIGGER completeness_changed ON crm.customer;
DROP TRIGGER completeness_removed ON crm.customer;
DROP TRIGGER completeness_added ON crm.contact;
DROP TRIGGER completeness_changed ON crm.contact;
DROP TRIGGER completeness_removed ON crm.contact;
DROP TRIGGER completeness_added ON crm.site;
DROP TRIGGER completeness_changed ON crm.site;
DROP FUNCTION crm.completeness_added(), crm.completeness_changed(), crm.completeness_removed(), crm.completeness_family_added(),
    crm.completeness_contact_changed(), crm.completeness_site_changed(), crm.completeness_family_removed();
DROP TABLE crm.completeness_change, crm.completeness_tally, crm.customer_completeness, crm.completeness_rule;
