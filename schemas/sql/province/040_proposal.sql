-- What rules propose for customers, of several kinds and no longer classes alone (province/rule). Never replicated.

ALTER TABLE crm.class_proposal RENAME TO proposal;
ALTER TABLE crm.proposal RENAME COLUMN class_from TO value_from;
ALTER TABLE crm.proposal RENAME COLUMN class_to TO value_to;
ALTER TABLE crm.proposal RENAME CONSTRAINT class_proposal_customer_exists TO proposal_customer_exists;
ALTER TABLE crm.proposal RENAME CONSTRAINT class_proposal_changes_the_class TO proposal_changes_the_value;
ALTER TABLE crm.proposal RENAME CONSTRAINT class_proposal_is_declined_by_somebody TO proposal_is_declined_by_somebody;
ALTER TABLE crm.proposal ADD COLUMN kind text NOT NULL DEFAULT 'class'; -- of the rule set
ALTER TABLE crm.proposal ALTER COLUMN kind DROP DEFAULT,
    DROP CONSTRAINT class_proposal_pkey,
    ADD CONSTRAINT proposal_is_one_per_kind PRIMARY KEY (kind, customer_id),
    ADD CONSTRAINT proposal_version_exists FOREIGN KEY (kind, version) REFERENCES crm.rule_set (kind, version);
DROP INDEX crm.class_proposal_open;
CREATE INDEX proposal_open ON crm.proposal (kind, value_to, customer_id) WHERE declined_at IS NULL;
CREATE INDEX proposal_customer ON crm.proposal (customer_id);

---- create above / drop below ----

DELETE FROM crm.proposal WHERE kind <> 'class';
DROP INDEX crm.proposal_customer, crm.proposal_open;
ALTER TABLE crm.proposal DROP CONSTRAINT proposal_version_exists, DROP CONSTRAINT proposal_is_one_per_kind, DROP COLUMN kind,
    ADD CONSTRAINT class_proposal_pkey PRIMARY KEY (customer_id);
ALTER TABLE crm.proposal RENAME CONSTRAINT proposal_is_declined_by_somebody TO class_proposal_is_declined_by_somebody;
ALTER TABLE crm.proposal RENAME CONSTRAINT proposal_changes_the_value TO class_proposal_changes_the_class;
ALTER TABLE crm.proposal RENAME CONSTRAINT proposal_customer_exists TO class_proposal_customer_exists;
ALTER TABLE crm.proposal RENAME COLUMN value_to TO class_to;
ALTER TABLE crm.proposal RENAME COLUMN value_from TO class_from;
ALTER TABLE crm.proposal RENAME TO class_proposal;
CREATE INDEX class_proposal_open ON crm.class_proposal (class_to, customer_id) WHERE declined_at IS NULL;
