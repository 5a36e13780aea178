-- Views of the customer list that people name and share (province/view). Never replicated.

CREATE TABLE crm.view (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id   bigint      NOT NULL CONSTRAINT view_owner_exists REFERENCES account.account (id),
    name       text        NOT NULL,
    audience   text        NOT NULL CONSTRAINT view_audience_is_known CHECK (audience IN ('private', 'team', 'public')),
    unit_id    bigint      CONSTRAINT view_team_exists REFERENCES crm.organisation (id),
    settings   jsonb       NOT NULL, -- columns, filter, sort, dir
    version    integer     NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT view_name_is_unique_to_its_owner UNIQUE (owner_id, name),
    CONSTRAINT view_of_a_team_has_one CHECK ((audience = 'team') = (unit_id IS NOT NULL))
);
CREATE INDEX view_shared ON crm.view (audience) WHERE audience <> 'private';

-- The view that somebody begins with.
CREATE TABLE crm.view_default (
    account_id bigint PRIMARY KEY CONSTRAINT view_default_account_exists REFERENCES account.account (id),
    view_id    bigint NOT NULL CONSTRAINT view_default_view_exists REFERENCES crm.view (id) ON DELETE CASCADE
);
CREATE INDEX view_default_view ON crm.view_default (view_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON crm.view, crm.view_default TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.view_default, crm.view;
