-- What a dashboard adds up for each account manager (province/dashboard): the amounts of two months and what is owed.
-- Never replicated.

ALTER TABLE crm.customer_figure
    ADD last_fen   bigint NOT NULL DEFAULT 0, -- of the twelve months the last
    ADD before_fen bigint NOT NULL DEFAULT 0; -- and the last but one
INSERT INTO crm.customer_figure_change (customer_id) SELECT customer_id FROM crm.customer_figure;

CREATE TABLE crm.manager_figure (
    manager_id  bigint  NOT NULL, -- 0: nobody's
    sensitive   boolean NOT NULL,
    last_fen    bigint  NOT NULL,
    before_fen  bigint  NOT NULL,
    arrears_fen bigint  NOT NULL,
    CONSTRAINT manager_figure_is_one_per_cell PRIMARY KEY (manager_id, sensitive)
) WITH (fillfactor = 70);

CREATE TABLE crm.manager_figure_time (
    month date,       -- that last_fen is of; null: nothing has been computed
    as_of timestamptz -- every change of bills committed before this is in the sums
);
CREATE UNIQUE INDEX manager_figure_time_is_one ON crm.manager_figure_time ((true));
INSERT INTO crm.manager_figure_time DEFAULT VALUES;

GRANT SELECT, INSERT, UPDATE, DELETE ON crm.manager_figure TO jike_app;
GRANT SELECT, UPDATE ON crm.manager_figure_time TO jike_app;

---- create above / drop below ----

DROP TABLE crm.manager_figure_time, crm.manager_figure;
ALTER TABLE crm.customer_figure DROP last_fen, DROP before_fen;
