-- Rules by which customers are judged (province/rule), and how customers came to stand where they do in the life
-- cycle (客户生命周期). Never replicated.

-- Versions of a rule set. The one that was put in force last is in force.
CREATE TABLE crm.rule_set (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text        NOT NULL CONSTRAINT rule_set_kind_is_known CHECK (kind IN ('lifecycle')),
    version    integer     NOT NULL,
    lines      jsonb       NOT NULL, -- in their order; none: nothing is judged
    strategies jsonb       NOT NULL, -- by outcome, what is to be done with such a customer
    author     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    put_by     text        NOT NULL DEFAULT '',
    put_at     timestamptz, -- null: a draft
    CONSTRAINT rule_set_version_is_unique UNIQUE (kind, version),
    CONSTRAINT rule_set_is_put_by_somebody CHECK ((put_at IS NULL) = (put_by = ''))
);
INSERT INTO crm.rule_set (kind, version, lines, strategies, author) VALUES ('lifecycle', 1, '[
    {"outcome": "lost", "match": "all", "conditions": [
        {"fact": "stage", "comparison": "oneOf", "values": ["active", "suspended"]},
        {"fact": "subscriptions", "comparison": "atMost", "number": 0},
        {"fact": "contracts", "comparison": "atMost", "number": 0},
        {"fact": "sinceBill", "comparison": "atLeast", "number": 180}]},
    {"outcome": "active", "match": "all", "conditions": [
        {"fact": "stage", "comparison": "oneOf", "values": ["potential", "lost"]},
        {"fact": "subscriptions", "comparison": "atLeast", "number": 1},
        {"fact": "sinceBill", "comparison": "atMost", "number": 62}]}]', '{
    "potential": "摸清需求与决策人，争取首单。",
    "active": "按约走访，续约提前九十天启动，推荐新业务。",
    "suspended": "查明暂停原因，协商恢复与欠费处理。",
    "lost": "记录流失去向，合同到期前择机挽回。"}', 'system:migration');

-- A run judges all customers by a version, in the order of their ids; a dry one only counts.
CREATE TABLE crm.rule_run (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text        NOT NULL,
    version     integer     NOT NULL,
    dry         boolean     NOT NULL,
    actor       text        NOT NULL,
    state       text        NOT NULL DEFAULT 'running' CONSTRAINT rule_run_state_is_known CHECK (state IN ('running', 'done', 'cancelled')),
    reached     bigint      NOT NULL DEFAULT 0, -- id of the last customer judged
    upto        bigint      NOT NULL,           -- id of the last customer to be judged
    customers   integer     NOT NULL DEFAULT 0, -- judged
    held        integer     NOT NULL DEFAULT 0, -- stay because a person said so
    refused     integer     NOT NULL DEFAULT 0, -- stay because the life cycle has no such step, or the file does not allow a save
    trouble     text        NOT NULL DEFAULT '', -- why the next batch failed, while it is tried over
    started_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CONSTRAINT rule_run_version_exists FOREIGN KEY (kind, version) REFERENCES crm.rule_set (kind, version),
    CONSTRAINT rule_run_finished_unless_open CHECK ((finished_at IS NULL) = (state = 'running'))
);
CREATE UNIQUE INDEX rule_run_is_one_at_a_time ON crm.rule_run (kind) WHERE finished_at IS NULL;
CREATE INDEX rule_run_newest ON crm.rule_run (kind, id);

-- What a run moved, or a dry one would move.
CREATE TABLE crm.rule_run_change (
    run_id     bigint  NOT NULL CONSTRAINT rule_run_change_run_exists REFERENCES crm.rule_run (id),
    value_from text    NOT NULL,
    value_to   text    NOT NULL,
    customers  integer NOT NULL,
    CONSTRAINT rule_run_change_is_one_per_step PRIMARY KEY (run_id, value_from, value_to)
);

-- Changes of a customer's stage. One that it had from the beginning has no line.
CREATE TABLE crm.lifecycle_history (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id bigint      NOT NULL CONSTRAINT lifecycle_history_customer_exists REFERENCES crm.customer (id),
    stage_from  text        NOT NULL,
    stage_to    text        NOT NULL,
    actor       text        NOT NULL,
    reason      text        NOT NULL, -- as a person stated it; may be empty
    grounds     jsonb,                -- the rule and what held; null: it was no rule
    at          timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX lifecycle_history_customer ON crm.lifecycle_history (customer_id, id);

-- Customers whose stage a person has set, and which no rule moves up to a day.
CREATE TABLE crm.lifecycle_hold (
    customer_id bigint      PRIMARY KEY CONSTRAINT lifecycle_hold_customer_exists REFERENCES crm.customer (id),
    until       date        NOT NULL, -- the last day
    reason      text        NOT NULL,
    actor       text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE (put_by, put_at) ON crm.rule_set TO jike_app;
GRANT SELECT, INSERT, UPDATE ON crm.rule_run, crm.rule_run_change TO jike_app;
GRANT SELECT, INSERT ON crm.lifecycle_history TO jike_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON crm.lifecycle_hold TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.lifecycle_hold, crm.lifecycle_history, crm.rule_run_change, crm.rule_run, crm.rule_set;
