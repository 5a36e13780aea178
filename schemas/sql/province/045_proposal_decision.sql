-- What was confirmed is remembered as what was declined is: rules of the same version do not propose it again to a person
-- who takes it back (province/rule). Never replicated.

ALTER TABLE crm.proposal RENAME COLUMN declined_by TO decided_by;
ALTER TABLE crm.proposal RENAME COLUMN declined_at TO decided_at;
ALTER TABLE crm.proposal RENAME CONSTRAINT proposal_is_declined_by_somebody TO proposal_is_decided_by_somebody;

---- create above / drop below ----

ALTER TABLE crm.proposal RENAME CONSTRAINT proposal_is_decided_by_somebody TO proposal_is_declined_by_somebody;
ALTER TABLE crm.proposal RENAME COLUMN decided_at TO declined_at;
ALTER TABLE crm.proposal RENAME COLUMN decided_by TO declined_by;
