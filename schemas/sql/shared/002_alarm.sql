-- Alarms (告警): what a person has to know, and what is still to be told by which channel. Written in one
-- transaction, so that neither a restart nor a channel that is down loses one.

CREATE SCHEMA alarm;

-- One line for each thing that can be wrong with each subject; it stays when it is resolved.
CREATE TABLE alarm.alarm (
    kind        text        NOT NULL, -- such as reconciliation.failed
    subject     text        NOT NULL, -- what it is about, such as 591
    text        text        NOT NULL,
    facts       jsonb       NOT NULL,
    since       timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL, -- raised last
    count       integer     NOT NULL, -- how often it was raised since then
    pending     boolean     NOT NULL, -- raised since it was told last
    told        boolean     NOT NULL, -- that it is wrong, so that its end must be told, too
    told_at     timestamptz,
    resolved_at timestamptz,
    PRIMARY KEY (kind, subject)
);

-- What a channel has to send.
CREATE TABLE alarm.message (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel  text        NOT NULL, -- such as webhook
    kind     text        NOT NULL,
    subject  text        NOT NULL,
    body     jsonb       NOT NULL,
    made_at  timestamptz NOT NULL DEFAULT now(),
    attempts integer     NOT NULL DEFAULT 0,
    due      timestamptz NOT NULL DEFAULT now(),
    error    text        NOT NULL DEFAULT '', -- of the last attempt
    ended_at timestamptz                      -- sent, or given up if there is an error
);
CREATE INDEX message_due ON alarm.message (due) WHERE ended_at IS NULL;

GRANT USAGE ON SCHEMA alarm TO jike_app;
GRANT SELECT, INSERT, UPDATE ON alarm.alarm TO jike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON alarm.message TO jike_app;

---- create above / drop below ----

DROP SCHEMA alarm CASCADE;
