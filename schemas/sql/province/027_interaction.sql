-- What was said and done with a customer (客户交往): calls, visits, mails, messages, meetings, and what follows.
-- It is the province's own: nothing of it goes up.

CREATE TABLE crm.interaction (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id  bigint      NOT NULL CONSTRAINT interaction_customer_exists REFERENCES crm.customer (id),
    contact_id   bigint      CONSTRAINT interaction_contact_exists REFERENCES crm.contact (id) ON DELETE SET NULL, -- null: with nobody in particular
    contact_name text        NOT NULL, -- as it was then: the contact may be removed
    channel      text        NOT NULL CONSTRAINT interaction_channel_is_known
        CHECK (channel IN ('phone', 'visit', 'mail', 'message', 'meeting', 'other')),
    at           timestamptz NOT NULL,
    subject      text        NOT NULL,
    body         text        NOT NULL,
    next_step    text        NOT NULL, -- empty: nothing follows
    next_on      date,
    next_done    boolean     NOT NULL,
    author       text        NOT NULL, -- login
    version      integer     NOT NULL DEFAULT 1,
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT interaction_next_step_has_a_day CHECK ((next_step = '') = (next_on IS NULL)),
    CONSTRAINT interaction_done_is_a_next_step CHECK (NOT next_done OR next_on IS NOT NULL)
);
CREATE INDEX interaction_customer ON crm.interaction (customer_id, at);
CREATE INDEX interaction_contact ON crm.interaction (contact_id) WHERE contact_id IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON crm.interaction TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.interaction;
