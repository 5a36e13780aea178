-- Who stands in for an account manager while they are away (province/deputy). Never replicated.

CREATE TABLE crm.deputy (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    absent_id   bigint      NOT NULL CONSTRAINT deputy_absent_exists REFERENCES crm.organisation (id),
    account_id  bigint      NOT NULL CONSTRAINT deputy_account_exists REFERENCES account.account (id), -- the deputy's
    from_day    date        NOT NULL, -- of Chinese time, as the last day
    until_day   date        NOT NULL,
    reason      text        NOT NULL,
    named_by    text        NOT NULL, -- login
    named_at    timestamptz NOT NULL DEFAULT now(),
    ended_by    text,                 -- login of who ended it before its last day was over
    ended_at    timestamptz,
    absent_seen boolean     NOT NULL, -- the absent one knows of it
    deputy_seen boolean     NOT NULL, -- the deputy does
    CONSTRAINT deputy_ends_after_it_begins CHECK (until_day >= from_day),
    CONSTRAINT deputy_is_ended_by_somebody CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);
CREATE INDEX deputy_of_account ON crm.deputy (account_id, until_day); -- read with every request of the account
CREATE INDEX deputy_of_absent ON crm.deputy (absent_id, until_day);

GRANT SELECT, INSERT, UPDATE (ended_by, ended_at, absent_seen, deputy_seen) ON crm.deputy TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.deputy;
