-- Exports of many customers wait for a second person (双人复核, province/exporting). Never replicated.

-- The one rule in force.
CREATE TABLE crm.export_rule (
    most_alone integer     NOT NULL CONSTRAINT export_rule_has_a_limit CHECK (most_alone BETWEEN 0 AND 200000), -- customers that one person may export alone
    wait_hours integer     NOT NULL CONSTRAINT export_rule_waits_a_month_at_most CHECK (wait_hours BETWEEN 1 AND 720), -- for which a request waits
    version    integer     NOT NULL DEFAULT 1,
    author     text        NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX export_rule_is_one ON crm.export_rule ((true));
INSERT INTO crm.export_rule (most_alone, wait_hours, author) VALUES (10000, 72, 'system:migration');

CREATE TABLE crm.export_request (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    requester_id  bigint      NOT NULL CONSTRAINT export_request_requester_exists REFERENCES account.account (id),
    requester     text        NOT NULL, -- login
    reach         text        NOT NULL, -- how far the requester reached: own, department, province
    path          text        NOT NULL, -- and from which unit on
    ordered       jsonb       NOT NULL, -- filter, order and columns
    customers     integer     NOT NULL, -- that the filter found
    reason        text        NOT NULL CONSTRAINT export_request_has_a_reason CHECK (reason <> ''),
    state         text        NOT NULL DEFAULT 'waiting' CONSTRAINT export_request_state_is_known CHECK (state IN ('waiting', 'approved', 'declined')),
    created_at    timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL,
    decided_by_id bigint      CONSTRAINT export_request_decider_exists REFERENCES account.account (id),
    decided_by    text        NOT NULL DEFAULT '', -- login
    decided_at    timestamptz,
    answer        text        NOT NULL DEFAULT '', -- why it was declined
    job_id        bigint      CONSTRAINT export_request_job_exists REFERENCES crm.job (id) ON DELETE SET NULL,
    CONSTRAINT export_request_is_decided_by_another CHECK (decided_by_id <> requester_id),
    CONSTRAINT export_request_is_decided_by_somebody CHECK ((state = 'waiting') = (decided_by_id IS NULL) AND (state = 'waiting') = (decided_at IS NULL))
);
CREATE INDEX export_request_requester ON crm.export_request (requester_id, id);
CREATE INDEX export_request_job ON crm.export_request (job_id) WHERE job_id IS NOT NULL;

GRANT SELECT, UPDATE ON crm.export_rule TO jike_app;
GRANT SELECT, INSERT, UPDATE ON crm.export_request TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.export_request, crm.export_rule;
