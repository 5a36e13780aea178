-- What the global search finds customers, their people, members and contracts by (province/search). Nothing
-- of it goes up.

-- Initials of a name in pinyin, of all of it and of what stands behind its place.
ALTER TABLE crm.customer_name ADD initials text, ADD core_initials text; -- null: not made yet, a task does
CREATE INDEX customer_name_initials ON crm.customer_name (initials, customer_id) WHERE NOT former;
CREATE INDEX customer_name_core_initials ON crm.customer_name (core_initials, customer_id) WHERE NOT former;

-- The pairs of neighbouring characters of a text.
CREATE FUNCTION crm.pairs(name text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
    SELECT coalesce(array_agg(DISTINCT substr(plain, at, 2)), '{}')
    FROM (SELECT lower(normalize(name, NFKC)) AS plain) p CROSS JOIN LATERAL generate_series(1, length(plain) - 1) AS at
$$;
-- One index for both: people are found by their name and by their phones.
CREATE INDEX contact_search ON crm.contact USING gin ((crm.pairs(name) || ARRAY[mobile, work_phone]));
CREATE INDEX contract_search ON crm.contract USING gin (crm.pairs(name));

-- The same constraint in the other order finds a short number of any customer.
DROP INDEX crm.member_short_number_is_unique;
CREATE UNIQUE INDEX member_short_number_is_unique ON crm.member (short_number, customer_id) WHERE left_on IS NULL AND short_number <> '';

---- create above / drop below ----

DROP INDEX crm.member_short_number_is_unique;
CREATE UNIQUE INDEX member_short_number_is_unique ON crm.member (customer_id, short_number) WHERE left_on IS NULL AND short_number <> '';
DROP INDEX crm.contract_search, crm.contact_search;
DROP FUNCTION crm.pairs(text);
ALTER TABLE crm.customer_name DROP initials, DROP core_initials;
