-- Imports state custom attributes too (province/importing): what a line wrote of them, so that exactly that is
-- taken back.

ALTER TABLE crm.customer_import_row
    ADD COLUMN attributes_version integer, -- that what is stated has had since; null: the line stated nothing
    ADD COLUMN attributes_before  jsonb,   -- what was stated before
    ADD CONSTRAINT customer_import_row_knows_what_was_stated CHECK ((attributes_version IS NULL) = (attributes_before IS NULL));

-- As in 020_importing, and with what the import itself stated. What somebody stated since refers to the customer.
CREATE OR REPLACE FUNCTION crm.withdraw_imported(import bigint, lines integer[]) RETURNS SETOF integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE one record;
BEGIN
    FOR one IN SELECT r.line, c.id, r.attributes_version FROM crm.customer_import_row r JOIN crm.customer c ON c.id = r.customer_id AND c.version = r.version
        WHERE r.import_id = import AND r.line = ANY (lines) AND r.before IS NULL ORDER BY r.line DESC FOR UPDATE OF c
    LOOP
        BEGIN
            DELETE FROM crm.customer_attributes WHERE customer_id = one.id AND version = one.attributes_version;
            DELETE FROM crm.customer_name WHERE customer_id = one.id;
            DELETE FROM crm.class_history WHERE customer_id = one.id;
            DELETE FROM crm.selection_flip WHERE customer_id = one.id;
            DELETE FROM crm.customer WHERE id = one.id;
            RETURN NEXT one.line;
        EXCEPTION WHEN foreign_key_violation THEN NULL; -- something refers to it: it stays
        END;
    END LOOP;
END $$;

---- create above / drop below ----

CREATE OR REPLACE FUNCTION crm.withdraw_imported(import bigint, lines integer[]) RETURNS SETOF integer
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
ALTER TABLE crm.customer_import_row DROP COLUMN attributes_version, DROP COLUMN attributes_before;
