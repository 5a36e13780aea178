-- A document belongs to a contract or to an interaction with the customer (province/document). Never replicated.

ALTER TABLE crm.document
    ALTER contract_id DROP NOT NULL,
    ADD interaction_id bigint CONSTRAINT document_interaction_exists REFERENCES crm.interaction (id),
    ADD CONSTRAINT document_belongs_to_one CHECK (num_nonnulls(contract_id, interaction_id) = 1),
    ADD CONSTRAINT document_is_once_at_its_interaction UNIQUE (interaction_id, sha256);

---- create above / drop below ----

DELETE FROM crm.document WHERE contract_id IS NULL;
ALTER TABLE crm.document
    DROP interaction_id, -- with its constraints
    ALTER contract_id SET NOT NULL;
