-- Reconciliation in production: runs of one table or key range, runs that the node begins by itself
-- in a new epoch, runs that a person ends, and differences counted by their cause.

ALTER TABLE sync.reconciliation
    DROP CONSTRAINT reconciliation_state_is_known,
    ADD CONSTRAINT reconciliation_state_is_known
        CHECK (state IN ('running', 'needs_approval', 'done', 'failed', 'canceled')),
    DROP CONSTRAINT reconciliation_trigger_is_known,
    ADD CONSTRAINT reconciliation_trigger_is_known CHECK (trigger IN ('schedule', 'retry', 'demand', 'epoch')),
    ADD COLUMN table_name text    NOT NULL DEFAULT '', -- compared alone, such as crm.customer; empty: all tables
    ADD COLUMN key_from   bigint,                      -- with key_to: the keys compared, null: no bound
    ADD COLUMN key_to     bigint,
    ADD COLUMN resync     boolean NOT NULL DEFAULT false, -- asked for with any number of differences
    ADD COLUMN attempt    integer NOT NULL DEFAULT 1,     -- 2: repeats a run that failed, and so on
    ADD COLUMN causes     jsonb   NOT NULL DEFAULT '[]',  -- [{kind, cause, count}]: all differences
    ADD CONSTRAINT reconciliation_keys_are_of_a_table CHECK (table_name <> '' OR key_from IS NULL AND key_to IS NULL);

ALTER TABLE sync.difference
    DROP CONSTRAINT difference_cause_is_known,
    ADD CONSTRAINT difference_cause_is_known CHECK (cause IN
        ('parked', 'large-value', 'known-divergence', 'outside-stream', 'epoch', 'selection', 'unknown'));

-- The epoch of which a certificate proves that both sides hold the same: only one that is about
-- everything and left no difference proves anything.
ALTER TABLE sync.certificate
    ADD COLUMN proves_epoch bigint GENERATED ALWAYS AS (CASE WHEN result IN ('clean', 'repaired')
        AND body->'statement'->'scope' IS NULL THEN (body->'statement'->>'epoch')::bigint END) STORED;
CREATE INDEX certificate_proves ON sync.certificate (province, proves_epoch, sequence) WHERE proves_epoch IS NOT NULL;

---- create above / drop below ----

ALTER TABLE sync.certificate DROP COLUMN proves_epoch;
UPDATE sync.difference SET cause = 'unknown' WHERE cause NOT IN ('outside-stream', 'known-divergence');
ALTER TABLE sync.difference
    DROP CONSTRAINT difference_cause_is_known,
    ADD CONSTRAINT difference_cause_is_known CHECK (cause IN ('outside-stream', 'known-divergence', 'unknown'));
UPDATE sync.reconciliation SET state = 'failed' WHERE state = 'canceled';
UPDATE sync.reconciliation SET trigger = 'retry' WHERE trigger = 'epoch';
ALTER TABLE sync.reconciliation
    DROP COLUMN table_name, DROP COLUMN key_from, DROP COLUMN key_to, DROP COLUMN resync, DROP COLUMN attempt, DROP COLUMN causes,
    DROP CONSTRAINT reconciliation_trigger_is_known,
    ADD CONSTRAINT reconciliation_trigger_is_known CHECK (trigger IN ('schedule', 'retry', 'demand')),
    DROP CONSTRAINT reconciliation_state_is_known,
    ADD CONSTRAINT reconciliation_state_is_known CHECK (state IN ('running', 'needs_approval', 'done', 'failed'));
