-- Members are told that they were named for a customer's team, and that they were released from it (province/team). Who was
-- named before has seen it.

ALTER TABLE crm.team_member
    ADD member_seen boolean NOT NULL DEFAULT true, -- the member knows of it
    ADD handover_id bigint CONSTRAINT team_member_handover_exists REFERENCES crm.handover (id); -- the hand-over that released it
CREATE INDEX team_member_not_seen ON crm.team_member (account_id) WHERE NOT member_seen; -- read with every list of customers
CREATE INDEX team_member_handover ON crm.team_member (handover_id) WHERE handover_id IS NOT NULL;

GRANT UPDATE (member_seen, handover_id) ON crm.team_member TO jike_app;

---- create above / drop below ----

ALTER TABLE crm.team_member DROP member_seen, DROP handover_id;
