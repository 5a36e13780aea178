-- Classes that a rule proposes (分级), each of which a person confirms or declines (province/rule). Never replicated.

ALTER TABLE crm.rule_set DROP CONSTRAINT rule_set_kind_is_known,
    ADD CONSTRAINT rule_set_kind_is_known CHECK (kind IN ('lifecycle', 'class'));
INSERT INTO crm.rule_set (kind, version, lines, strategies, author) VALUES ('class', 1, '[
    {"outcome": "A1", "match": "all", "conditions": [
        {"fact": "class", "comparison": "oneOf", "values": ["A2", "B1", "B2", "C", "D"]},
        {"fact": "income", "months": 12, "comparison": "atLeast", "number": 500000000}]},
    {"outcome": "B1", "match": "all", "conditions": [
        {"fact": "class", "comparison": "oneOf", "values": ["B2", "C", "D"]},
        {"fact": "income", "months": 12, "comparison": "atLeast", "number": 50000000}]},
    {"outcome": "D", "match": "all", "conditions": [
        {"fact": "class", "comparison": "oneOf", "values": ["B2", "C"]},
        {"fact": "income", "months": 12, "comparison": "atMost", "number": 0},
        {"fact": "fileAge", "comparison": "atLeast", "number": 365}]}]', '{}', 'system:migration');

-- What the last run proposes for a customer. A customer whose class was changed since has none: class_from is another.
CREATE TABLE crm.class_proposal (
    customer_id bigint      PRIMARY KEY CONSTRAINT class_proposal_customer_exists REFERENCES crm.customer (id)
                            ON DELETE CASCADE, -- only an import that is taken back deletes one
    class_from  text        NOT NULL,
    class_to    text        NOT NULL,
    version     integer     NOT NULL, -- of the rule set
    grounds     jsonb       NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    declined_by text        NOT NULL DEFAULT '', -- empty: it is open. One that was declined is not made again by the same version
    declined_at timestamptz,
    reason      text        NOT NULL DEFAULT '',
    CONSTRAINT class_proposal_changes_the_class CHECK (class_from <> class_to),
    CONSTRAINT class_proposal_is_declined_by_somebody CHECK ((declined_at IS NULL) = (declined_by = ''))
);
CREATE INDEX class_proposal_open ON crm.class_proposal (class_to, customer_id) WHERE declined_at IS NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON crm.class_proposal TO jike_app;

---- create above / drop below ----

DROP TABLE crm.class_proposal;
DELETE FROM crm.rule_run_change WHERE run_id IN (SELECT id FROM crm.rule_run WHERE kind = 'class');
DELETE FROM crm.rule_run WHERE kind = 'class';
DELETE FROM crm.rule_set WHERE kind = 'class';
ALTER TABLE crm.rule_set DROP CONSTRAINT rule_set_kind_is_known,
    ADD CONSTRAINT rule_set_kind_is_known CHECK (kind IN ('lifecycle'));
