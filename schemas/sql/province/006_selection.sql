-- Selection policies as versioned data, their rollout, and when which customer entered or left the
-- selection. The rules about them are in province/selection.

ALTER TABLE crm.selection_policy
    ADD COLUMN rule jsonb,
    ADD COLUMN state text NOT NULL DEFAULT 'superseded' CONSTRAINT selection_policy_state_is_known
        CHECK (state IN ('draft', 'tried', 'approved', 'applying', 'returning', 'in_force', 'superseded', 'cancelled')),
    ADD COLUMN origin text NOT NULL DEFAULT 'built-in' CONSTRAINT selection_policy_origin_is_known
        CHECK (origin IN ('built-in', 'province', 'headquarters')),
    ADD COLUMN national_number bigint CONSTRAINT selection_policy_is_adopted_once UNIQUE, -- headquarters' number
    ADD COLUMN author       text NOT NULL DEFAULT '',
    ADD COLUMN approver     text, -- null: nobody yet
    ADD COLUMN note         text NOT NULL DEFAULT '',
    ADD COLUMN effective_at timestamptz, -- null: as soon as it is approved
    ADD COLUMN trial        jsonb,       -- what the dry run counted
    ADD COLUMN approved_at  timestamptz,
    ADD CONSTRAINT selection_policy_takes_two_persons CHECK (approver <> author);
UPDATE crm.selection_policy SET rule = jsonb_build_object('classes', to_jsonb(classes), 'crossProvince', cross_province),
    state = CASE WHEN version = (SELECT max(version) FROM crm.selection_policy) THEN 'in_force' ELSE 'superseded' END;
ALTER TABLE crm.selection_policy
    ALTER COLUMN rule SET NOT NULL, ALTER COLUMN state DROP DEFAULT, ALTER COLUMN origin DROP DEFAULT,
    DROP COLUMN classes, DROP COLUMN cross_province;
CREATE UNIQUE INDEX selection_policy_one_in_force ON crm.selection_policy (state) WHERE state = 'in_force';
CREATE UNIQUE INDEX selection_policy_one_rollout ON crm.selection_policy ((true)) WHERE state IN ('applying', 'returning');

-- How far a policy has been carried over the customers: written in the transaction of each batch.
CREATE TABLE crm.selection_rollout (
    version     integer     PRIMARY KEY CONSTRAINT selection_rollout_policy_exists REFERENCES crm.selection_policy (version),
    reached     bigint      NOT NULL, -- id of the last customer gone over
    upto        bigint      NOT NULL, -- id of the last customer to go over
    total       bigint      NOT NULL, -- customers to go over
    judged      bigint      NOT NULL DEFAULT 0, -- customers gone over
    entered     bigint      NOT NULL DEFAULT 0,
    gone        bigint      NOT NULL DEFAULT 0, -- customers that left
    passes      integer     NOT NULL DEFAULT 1, -- above 1: the proof failed, or the way goes back
    paused      boolean     NOT NULL DEFAULT false,
    trouble     text        NOT NULL DEFAULT '', -- why the last batch was not made; empty: it was
    started_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
);

CREATE TABLE crm.selection_flip (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint      NOT NULL CONSTRAINT selection_flip_customer_exists REFERENCES crm.customer (id),
    at          timestamptz NOT NULL DEFAULT now(),
    entered     boolean     NOT NULL, -- into the selection; false: out of it
    version     integer     NOT NULL CONSTRAINT selection_flip_policy_exists REFERENCES crm.selection_policy (version),
    clause      text        NOT NULL, -- of the policy, which decided
    reason      text        NOT NULL CONSTRAINT selection_flip_reason_is_known
        CHECK (reason IN ('created', 'changed', 'rollout', 'return'))
);
CREATE INDEX selection_flip_customer ON crm.selection_flip (customer_id, id);

GRANT INSERT, UPDATE ON crm.selection_policy TO jike_app;
GRANT SELECT, INSERT, UPDATE ON crm.selection_rollout TO jike_app;
GRANT SELECT, INSERT ON crm.selection_flip TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.selection_flip, crm.selection_rollout;
ALTER TABLE crm.selection_policy ADD COLUMN classes text[], ADD COLUMN cross_province boolean;
UPDATE crm.selection_policy SET cross_province = coalesce((rule->>'crossProvince')::boolean, false),
    classes = ARRAY(SELECT jsonb_array_elements_text(rule->'classes'));
-- The newest version is what the release before takes to be in force.
DELETE FROM crm.selection_policy WHERE version > (SELECT version FROM crm.selection_policy WHERE state = 'in_force');
ALTER TABLE crm.selection_policy
    ALTER COLUMN classes SET NOT NULL, ALTER COLUMN cross_province SET NOT NULL,
    DROP COLUMN rule, DROP COLUMN state, DROP COLUMN origin, DROP COLUMN national_number, DROP COLUMN author,
    DROP COLUMN approver, DROP COLUMN note, DROP COLUMN effective_at, DROP COLUMN trial, DROP COLUMN approved_at;
