-- Imports of customers from files (province/importing). Nothing of it is replicated: what an import writes
-- goes up as any other change does.

CREATE TABLE crm.customer_import (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id      bigint      NOT NULL CONSTRAINT customer_import_owner_exists REFERENCES account.account (id),
    owner         text        NOT NULL, -- login
    file_name     text        NOT NULL,
    encoding      text        NOT NULL, -- in which the file came
    columns       text[]      NOT NULL, -- its head
    total         integer     NOT NULL, -- lines
    content       bytea       NOT NULL, -- the lines as CSV in UTF-8
    fields        text[]      NOT NULL DEFAULT '{}', -- what each column means; empty: not yet stated
    key           text        NOT NULL DEFAULT '', -- by which fact customers are recognised
    mode          text        NOT NULL DEFAULT '' CONSTRAINT customer_import_mode_is_known CHECK (mode IN ('', 'create', 'change', 'both')),
    distinct_only boolean     NOT NULL DEFAULT false, -- new customers with near-equal names are refused
    try_job       bigint      CONSTRAINT customer_import_try_exists REFERENCES crm.job (id) ON DELETE SET NULL,
    run_job       bigint      CONSTRAINT customer_import_run_exists REFERENCES crm.job (id) ON DELETE SET NULL,
    revert_job    bigint      CONSTRAINT customer_import_revert_exists REFERENCES crm.job (id) ON DELETE SET NULL,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX customer_import_owner ON crm.customer_import (owner_id, id);
CREATE INDEX customer_import_created ON crm.customer_import (created_at);
CREATE INDEX customer_import_try ON crm.customer_import (try_job) WHERE try_job IS NOT NULL;
CREATE INDEX customer_import_run ON crm.customer_import (run_job) WHERE run_job IS NOT NULL;
CREATE INDEX customer_import_revert ON crm.customer_import (revert_job) WHERE revert_job IS NOT NULL;

-- What a run wrote, so that exactly that is taken back. No foreign key to the customer: one that was taken
-- back is no more.
CREATE TABLE crm.customer_import_row (
    import_id   bigint  NOT NULL CONSTRAINT customer_import_row_import_exists REFERENCES crm.customer_import (id) ON DELETE CASCADE,
    line        integer NOT NULL,
    customer_id bigint  NOT NULL,
    version     integer NOT NULL, -- that the customer has had since
    before      jsonb, -- its facts before; null: the import created it
    PRIMARY KEY (import_id, line)
);
CREATE INDEX customer_import_row_customer ON crm.customer_import_row (customer_id);

-- What a person said the last time that a heading means.
CREATE TABLE crm.import_heading (
    account_id bigint NOT NULL CONSTRAINT import_heading_account_exists REFERENCES account.account (id),
    heading    text   NOT NULL,
    field      text   NOT NULL, -- empty: nothing
    PRIMARY KEY (account_id, heading)
);

-- Customers are never deleted but for this: what an import created, and what nobody has touched since and no
-- other record refers to. The last line goes first: a customer may be the parent of one that came after it. It
-- gives the lines whose customers are gone.
CREATE FUNCTION crm.withdraw_imported(import bigint, lines integer[]) RETURNS SETOF integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE one record;
BEGIN
    FOR one IN SELECT r.line, c.id FROM crm.customer_import_row r JOIN crm.customer c ON c.id = r.customer_id AND c.version = r.version
        WHERE r.import_id = import AND r.line = ANY (lines) AND r.before IS NULL ORDER BY r.line DESC FOR UPDATE OF c
    LOOP
        BEGIN
            DELETE FROM crm.customer_name WHERE customer_id = one.id;
            DELETE FROM crm.class_history WHERE customer_id = one.id;
            DELETE FROM crm.selection_flip WHERE customer_id = one.id;
            DELETE FROM crm.customer WHERE id = one.id;
            RETURN NEXT one.line;
        EXCEPTION WHEN foreign_key_violation THEN NULL; -- something refers to it: it stays
        END;
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION crm.withdraw_imported(bigint, integer[]) FROM PUBLIC;

GRANT EXECUTE ON FUNCTION crm.withdraw_imported(bigint, integer[]) TO jike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON crm.customer_import TO jike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON crm.customer_import_row TO jike_app;
GRANT SELECT, INSERT, UPDATE ON crm.import_heading TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP FUNCTION crm.withdraw_imported(bigint, integer[]);
DROP TABLE crm.import_heading, crm.customer_import_row, crm.customer_import;
