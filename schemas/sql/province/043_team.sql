-- Who serves a customer beside its account manager (province/team). Never replicated.

CREATE TABLE crm.team_member (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint      NOT NULL CONSTRAINT team_member_customer_exists REFERENCES crm.customer (id)
                            ON DELETE CASCADE, -- only an import that is taken back deletes one
    account_id  bigint      NOT NULL CONSTRAINT team_member_account_exists REFERENCES account.account (id),
    duty        text        NOT NULL CONSTRAINT team_member_duty_is_known CHECK (duty IN
                            ('assistant', 'project_manager', 'solution_specialist', 'delivery_engineer', 'service_specialist', 'billing_specialist')),
    from_day    date        NOT NULL, -- of Chinese time, as the last day
    until_day   date        NOT NULL,
    named_by    text        NOT NULL, -- login
    named_at    timestamptz NOT NULL DEFAULT now(),
    ended_by    text,                 -- login of who ended it before its last day was over
    ended_at    timestamptz,
    CONSTRAINT team_member_ends_after_it_begins CHECK (until_day >= from_day),
    CONSTRAINT team_member_is_ended_by_somebody CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
-- Read with every request of the account, and for every list of it.
CREATE INDEX team_member_of_account ON crm.team_member (account_id, until_day) WHERE ended_at IS NULL;
CREATE INDEX team_member_of_customer ON crm.team_member (customer_id, id);

GRANT SELECT, INSERT, UPDATE (ended_by, ended_at) ON crm.team_member TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.team_member;
