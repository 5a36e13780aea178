-- Who cared for a customer when, and hand-overs of many customers at once (province/handover). None of it
-- is replicated.

-- Changes of a customer's account manager. A first one that was there when the province was filled has no row.
CREATE TABLE crm.responsibility (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint      NOT NULL CONSTRAINT responsibility_customer_exists REFERENCES crm.customer (id)
                            ON DELETE CASCADE, -- only an import that is taken back deletes one
    from_id     bigint      CONSTRAINT responsibility_from_exists REFERENCES crm.organisation (id), -- null: nobody
    to_id       bigint      CONSTRAINT responsibility_to_exists REFERENCES crm.organisation (id),   -- null: nobody
    at          timestamptz NOT NULL DEFAULT now(),
    actor       text        NOT NULL,
    reason      text        NOT NULL,
    handover_id bigint -- null: a change of this one customer
);
CREATE INDEX responsibility_customer ON crm.responsibility (customer_id, id);
CREATE INDEX responsibility_handover ON crm.responsibility (handover_id, customer_id) WHERE handover_id IS NOT NULL;

CREATE TABLE crm.handover (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id    bigint      CONSTRAINT handover_job_exists REFERENCES crm.job (id) ON DELETE SET NULL, -- null: forgotten
    actor_id  bigint      NOT NULL CONSTRAINT handover_actor_exists REFERENCES account.account (id),
    actor     text        NOT NULL, -- login
    at        timestamptz NOT NULL DEFAULT now(),
    reason    text        NOT NULL,
    customers integer     NOT NULL, -- as ordered
    -- the hand-over that this one hands back
    undoes_id bigint      CONSTRAINT handover_undoes_exists REFERENCES crm.handover (id)
                          CONSTRAINT handover_is_undone_once UNIQUE
);
CREATE INDEX handover_actor ON crm.handover (actor_id, id);
CREATE INDEX handover_job ON crm.handover (job_id) WHERE job_id IS NOT NULL; -- for jobs that are forgotten
ALTER TABLE crm.responsibility
    ADD CONSTRAINT responsibility_handover_exists FOREIGN KEY (handover_id) REFERENCES crm.handover (id);

-- Who gives and who receives, and whether they know of it.
CREATE TABLE crm.handover_party (
    handover_id bigint  NOT NULL CONSTRAINT handover_party_handover_exists REFERENCES crm.handover (id),
    unit_id     bigint  NOT NULL CONSTRAINT handover_party_unit_exists REFERENCES crm.organisation (id),
    side        text    NOT NULL CONSTRAINT handover_party_side_is_known CHECK (side IN ('from', 'to')),
    customers   integer NOT NULL DEFAULT 0, -- handed over so far
    seen_at     timestamptz,                -- when the party acknowledged the notice
    PRIMARY KEY (unit_id, handover_id, side)
);
CREATE INDEX handover_party_of ON crm.handover_party (handover_id);
CREATE INDEX handover_party_unseen ON crm.handover_party (unit_id) WHERE seen_at IS NULL;

GRANT SELECT, INSERT ON crm.responsibility TO jike_app;
GRANT SELECT, INSERT, UPDATE (job_id) ON crm.handover TO jike_app;
GRANT SELECT, INSERT, UPDATE (customers, seen_at) ON crm.handover_party TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.handover_party;
ALTER TABLE crm.responsibility DROP CONSTRAINT responsibility_handover_exists;
DROP TABLE crm.handover, crm.responsibility;
