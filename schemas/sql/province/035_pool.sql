-- By which rules customers leave the pool (公海) and return to it (province/pool). Never replicated.

CREATE TABLE crm.pool_rule (
    most_held    integer     NOT NULL CONSTRAINT pool_rule_most_is_in_bounds CHECK (most_held BETWEEN 1 AND 100000),
    cooling_days integer     NOT NULL CONSTRAINT pool_rule_cooling_is_in_bounds CHECK (cooling_days BETWEEN 0 AND 365),
    idle_days    integer     NOT NULL CONSTRAINT pool_rule_idle_is_in_bounds CHECK (idle_days BETWEEN 0 AND 3650), -- 0: never
    idle_states  text[]      NOT NULL, -- states of customers that return when idle
    version      integer     NOT NULL DEFAULT 1,
    author       text        NOT NULL,
    changed_at   timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX pool_rule_is_one ON crm.pool_rule ((true));
INSERT INTO crm.pool_rule (most_held, cooling_days, idle_days, idle_states, author) VALUES (3000, 30, 0, '{potential}', 'system:migration');

GRANT SELECT, UPDATE ON crm.pool_rule TO jike_app;

---- create above / drop below ----

DROP TABLE crm.pool_rule;
