-- Reports that people save and have made by the clock (national/savedreport), with the workbooks that were made.
-- Workbooks are kept here and not in a folder, so that every node of a database has them.

CREATE TABLE crm.saved_report (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    owner_id   bigint      NOT NULL CONSTRAINT saved_report_owner_exists REFERENCES account.account (id),
    name       text        NOT NULL,
    audience   text        NOT NULL CONSTRAINT saved_report_audience_is_known CHECK (audience IN ('private', 'public')),
    keep_days  smallint    NOT NULL CONSTRAINT saved_report_keeps_for_a_while CHECK (keep_days BETWEEN 1 AND 366), -- workbooks
    settings   jsonb       NOT NULL, -- what it asks, period, language, schedule
    next_at    timestamptz,          -- due next; null: never by the clock
    version    integer     NOT NULL DEFAULT 1,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT saved_report_name_is_unique_to_its_owner UNIQUE (owner_id, name)
);
CREATE INDEX saved_report_due ON crm.saved_report (next_at) WHERE next_at IS NOT NULL;

CREATE TABLE crm.saved_report_run (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report_id   bigint      NOT NULL CONSTRAINT saved_report_run_report_exists REFERENCES crm.saved_report (id) ON DELETE CASCADE,
    due_at      timestamptz NOT NULL,
    ordered_by  text        NOT NULL DEFAULT '', -- login; empty: the clock
    state       text        NOT NULL DEFAULT 'queued' CONSTRAINT saved_report_run_state_is_known CHECK (state IN ('queued', 'done', 'failed')),
    attempts    smallint    NOT NULL DEFAULT 0,  -- that failed
    try_at      timestamptz NOT NULL DEFAULT now(),
    trouble     text        NOT NULL DEFAULT '', -- code of what ended it or is tried over
    first_month date,
    last_month  date,
    rows        integer,
    data_time   timestamptz, -- every change that provinces committed before this is in the figures
    content     bytea,
    finished_at timestamptz,
    CONSTRAINT saved_report_run_is_once_per_due_time UNIQUE (report_id, due_at),
    CONSTRAINT saved_report_run_has_a_workbook_when_done CHECK ((state = 'done') = (content IS NOT NULL)),
    CONSTRAINT saved_report_run_ends_once CHECK ((state = 'queued') = (finished_at IS NULL))
);
ALTER TABLE crm.saved_report_run ALTER content SET STORAGE EXTERNAL; -- a workbook is packed already
CREATE INDEX saved_report_run_open ON crm.saved_report_run (try_at) WHERE state = 'queued';

GRANT SELECT, INSERT, UPDATE, DELETE ON crm.saved_report, crm.saved_report_run TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.saved_report_run, crm.saved_report;
