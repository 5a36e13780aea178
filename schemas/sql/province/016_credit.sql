-- What a customer is (组织类型), by which other document it is known where it has no unified credit code
-- (证件), and how far it is trusted (信用等级, 信用额度). The province's own: nothing of it goes up.

ALTER TABLE crm.customer
    ADD organisation_type text NOT NULL DEFAULT '' CONSTRAINT customer_organisation_type_is_known
        CHECK (organisation_type IN ('', 'enterprise', 'government', 'public_institution', 'association', 'military', 'individual', 'other')),
    ADD licence_type      text NOT NULL DEFAULT '' CONSTRAINT customer_licence_type_is_known
        CHECK (licence_type IN ('', 'business_licence', 'organisation_code', 'tax', 'public_institution', 'association', 'letter', 'military')),
    ADD licence_number    text NOT NULL DEFAULT '',
    ADD credit_level      text NOT NULL DEFAULT '' CONSTRAINT customer_credit_level_is_known CHECK (credit_level IN ('', 'A', 'B', 'C', 'D')),
    ADD credit_limit_fen  bigint CONSTRAINT customer_credit_limit_is_not_negative CHECK (credit_limit_fen >= 0), -- null: none is set
    ADD CONSTRAINT customer_licence_has_type_and_number CHECK ((licence_type = '') = (licence_number = ''));

---- create above / drop below ----

ALTER TABLE crm.customer DROP organisation_type, DROP licence_type, DROP licence_number, DROP credit_level, DROP credit_limit_fen;
