-- Rosters that are filled by rules (province/rule, province/roster): what a rule proposes a person confirms. Never replicated.

ALTER TABLE crm.rule_set DROP CONSTRAINT rule_set_kind_is_known,
    ADD CONSTRAINT rule_set_kind_is_known CHECK (kind IN ('lifecycle', 'class') OR kind ~ '^roster-[1-9][0-9]{0,17}$'),
    ADD COLUMN roster_id bigint GENERATED ALWAYS AS (CASE WHEN kind LIKE 'roster-%' THEN substr(kind, 8)::bigint END) STORED
        CONSTRAINT rule_set_roster_exists REFERENCES crm.roster (id);
ALTER TABLE crm.proposal ADD COLUMN roster_id bigint GENERATED ALWAYS AS (CASE WHEN kind LIKE 'roster-%' THEN substr(kind, 8)::bigint END) STORED;
ALTER TABLE crm.roster_entry ADD COLUMN grounds jsonb; -- the rule and what held; null: somebody put the customer in by hand
GRANT UPDATE (reason, added_by, at, grounds) ON crm.roster_entry TO jike_app;

---- create above / drop below ----

REVOKE UPDATE (reason, added_by, at, grounds) ON crm.roster_entry FROM jike_app;
ALTER TABLE crm.roster_entry DROP COLUMN grounds;
ALTER TABLE crm.proposal DROP COLUMN roster_id;
DELETE FROM crm.proposal WHERE kind LIKE 'roster-%';
DELETE FROM crm.rule_run_change WHERE run_id IN (SELECT id FROM crm.rule_run WHERE kind LIKE 'roster-%');
DELETE FROM crm.rule_run WHERE kind LIKE 'roster-%';
DELETE FROM crm.rule_set WHERE kind LIKE 'roster-%';
ALTER TABLE crm.rule_set DROP COLUMN roster_id, DROP CONSTRAINT rule_set_kind_is_known,
    ADD CONSTRAINT rule_set_kind_is_known CHECK (kind IN ('lifecycle', 'class'));
