-- Work that runs longer than a request (province/job). What a job did to a line and how far it has come
-- are written in the transaction of the work itself.

CREATE TABLE crm.job (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text        NOT NULL, -- what is done, such as member.import; a capability knows it
    state       text        NOT NULL DEFAULT 'queued' CONSTRAINT job_state_is_known
        CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    owner_id    bigint      NOT NULL CONSTRAINT job_owner_exists REFERENCES account.account (id),
    owner       text        NOT NULL, -- login
    customer_id bigint      CONSTRAINT job_customer_exists REFERENCES crm.customer (id), -- null: of no one customer
    parameters  jsonb       NOT NULL,
    columns     text[]      NOT NULL, -- head of the lines
    total       integer     NOT NULL, -- lines
    done        integer     NOT NULL DEFAULT 0, -- lines gone over
    counts      jsonb       NOT NULL DEFAULT '{}', -- lines by outcome
    trouble     text        NOT NULL DEFAULT '', -- code of the fault that ended it, or that is tried over
    attempts    integer     NOT NULL DEFAULT 0, -- of the next batch that have failed
    retry_at    timestamptz NOT NULL DEFAULT now(),
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT job_finished_unless_open CHECK ((finished_at IS NULL) = (state IN ('queued', 'running')))
);
CREATE INDEX job_open ON crm.job (updated_at, id) WHERE finished_at IS NULL;
CREATE INDEX job_owner ON crm.job (owner_id, id);
CREATE INDEX job_finished ON crm.job (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE crm.job_line (
    job_id  bigint  NOT NULL CONSTRAINT job_line_job_exists REFERENCES crm.job (id) ON DELETE CASCADE,
    number  integer NOT NULL, -- from 1
    cells   text[]  NOT NULL,
    outcome text    NOT NULL DEFAULT '', -- empty: not gone over
    reason  text    NOT NULL DEFAULT '', -- code of a fault
    PRIMARY KEY (job_id, number)
) WITH (fillfactor = 80);

GRANT SELECT, INSERT, UPDATE, DELETE ON crm.job, crm.job_line TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.job_line, crm.job;
