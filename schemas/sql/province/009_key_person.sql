-- What the province knows of a key person beyond what BOSS and headquarters do: the part in a decision,
-- the attitude to us, and how to be reached. All of it stays in the province.
ALTER TABLE crm.contact
    ADD email          text     NOT NULL DEFAULT '',
    ADD decision_role  text     NOT NULL DEFAULT 'unstated' CONSTRAINT contact_decision_role_is_known
        CHECK (decision_role IN ('unstated', 'decision_maker', 'influencer', 'user', 'gatekeeper', 'technical', 'payment', 'liaison')),
    ADD influence      smallint NOT NULL DEFAULT 0 CONSTRAINT contact_influence_is_known CHECK (influence BETWEEN 0 AND 5), -- 0: not known
    ADD attitude       text     NOT NULL DEFAULT 'unknown' CONSTRAINT contact_attitude_is_known
        CHECK (attitude IN ('unknown', 'supportive', 'neutral', 'opposed')),
    ADD channel        text     NOT NULL DEFAULT 'any' CONSTRAINT contact_channel_is_known
        CHECK (channel IN ('any', 'phone', 'message', 'mail', 'visit')),
    ADD hours_from     text     NOT NULL DEFAULT '', -- HH:MM, the province's time; '': at any hour
    ADD hours_to       text     NOT NULL DEFAULT '',
    ADD do_not_contact boolean  NOT NULL DEFAULT false,
    ADD CONSTRAINT contact_hours_follow_each_other CHECK (hours_from = '' AND hours_to = '' OR hours_from < hours_to AND hours_from <> '');

---- create above / drop below ----

ALTER TABLE crm.contact DROP email, DROP decision_role, DROP influence, DROP attitude, DROP channel, DROP hours_from, DROP hours_to, DROP do_not_contact;
