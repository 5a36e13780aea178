-- New and lost customers by month. The rows of provinces say how a customer is, not how it came there:
-- the clock compares them with what it saw last and writes down what has happened. What is written
-- stays, whatever becomes of the customer; of the customer itself nothing is kept but its key, since
-- one that the province takes back (because it is sensitive, for one) must not be read here any more.

-- Every customer that was ever here, with where it belonged when it was seen first.
CREATE TABLE crm.customer_known (
    province  smallint NOT NULL,
    id        bigint   NOT NULL,
    lifecycle text     NOT NULL, -- seen last
    month     date,              -- in which the province created it
    city      text     NOT NULL,
    class     text     NOT NULL,
    industry  text     NOT NULL, -- section of GB/T 4754
    PRIMARY KEY (province, id)
);
CREATE INDEX customer_known_month ON crm.customer_known (month, province, id);

-- The months in which customers were lost, with where they belonged then. One that is back before the
-- month ends was not lost; after that the loss stays.
CREATE TABLE crm.customer_loss (
    province smallint NOT NULL,
    id       bigint   NOT NULL,
    month    date     NOT NULL,
    city     text     NOT NULL,
    class    text     NOT NULL,
    industry text     NOT NULL,
    PRIMARY KEY (month, province, id)
);

-- Both counted, over every set of the dimensions: see crm.summary_sum. Here across may be 0.
CREATE TABLE crm.movement_sum (
    across         smallint NOT NULL,
    province       smallint NOT NULL,
    month          date     NOT NULL,
    city           text     NOT NULL,
    class          text     NOT NULL,
    industry       text     NOT NULL,
    new_customers  bigint   NOT NULL,
    lost_customers bigint   NOT NULL,
    PRIMARY KEY (across, month, province, city, class, industry)
);

-- Months of provinces that have to be counted again.
CREATE TABLE crm.movement_stale (
    province smallint NOT NULL,
    month    date     NOT NULL,
    PRIMARY KEY (province, month)
);

-- How fresh it is: data_time as in sync.freshness, of the moment before the rows were compared.
CREATE TABLE crm.movement_freshness (
    province  smallint PRIMARY KEY,
    data_time timestamptz
);

-- Writes down what has happened since the last time and counts the months that it belongs to. Months
-- begin in the zone; divisions and sections pair the industries of customers with their sections.
-- It reads every customer, seven seconds of a busy machine for a million, and writes only about those
-- that are others now. What would spare the reading is not to be had cheaply: a province's time of
-- change says nothing of rows that a copy or a repair brings later, its position moves with every
-- heartbeat, and an index of stamps would have to be kept with each row that is applied.
CREATE FUNCTION crm.compute_movements(zone text, divisions text[], sections text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    LOCK TABLE crm.movement_stale IN SHARE ROW EXCLUSIVE MODE; -- one at a time
    INSERT INTO crm.movement_freshness (province, data_time) SELECT province, data_time FROM sync.freshness
    ON CONFLICT (province) DO UPDATE SET data_time = excluded.data_time;

    WITH other AS MATERIALIZED (
        SELECT c.province, c.id, coalesce(c.lifecycle, '') AS lifecycle, k.lifecycle AS before, k.id IS NULL AS first,
            date_trunc('month', c.created_at AT TIME ZONE zone)::date AS created,
            date_trunc('month', c.updated_at AT TIME ZONE zone)::date AS changed,
            coalesce(c.city, '') AS city, coalesce(c.class, '') AS class, coalesce(s.section, '') AS industry
        FROM crm.customer c
        LEFT JOIN crm.customer_known k ON k.province = c.province AND k.id = c.id
        LEFT JOIN unnest(divisions, sections) AS s (division, section) ON s.division = c.industry
        WHERE k.id IS NULL OR k.lifecycle <> coalesce(c.lifecycle, '')
    ), known AS (
        INSERT INTO crm.customer_known (province, id, lifecycle, month, city, class, industry)
        SELECT province, id, lifecycle, created, city, class, industry FROM other
        ON CONFLICT (province, id) DO UPDATE SET lifecycle = excluded.lifecycle
    ), lost AS (
        INSERT INTO crm.customer_loss (province, id, month, city, class, industry)
        SELECT province, id, changed, city, class, industry FROM other WHERE lifecycle = 'lost' AND changed IS NOT NULL
        ON CONFLICT DO NOTHING
    ), back AS (
        DELETE FROM crm.customer_loss l USING other o
        WHERE o.before = 'lost' AND o.lifecycle <> 'lost' AND l.month = o.changed AND l.province = o.province AND l.id = o.id
    )
    INSERT INTO crm.movement_stale (province, month)
    SELECT province, created FROM other WHERE first AND created IS NOT NULL
    UNION SELECT province, changed FROM other WHERE 'lost' IN (lifecycle, before) AND changed IS NOT NULL
    ON CONFLICT DO NOTHING;

    DELETE FROM crm.movement_sum m USING crm.movement_stale t WHERE m.province = t.province AND m.month = t.month;

    INSERT INTO crm.movement_sum (across, province, month, city, class, industry, new_customers, lost_customers)
    SELECT grouping(city, class, industry), province, month, coalesce(city, ''), coalesce(class, ''), coalesce(industry, ''), sum(new), sum(lost)
    FROM (SELECT province, month, city, class, industry, 1 AS new, 0 AS lost FROM crm.customer_known JOIN crm.movement_stale USING (province, month)
        UNION ALL
        SELECT province, month, city, class, industry, 0, 1 FROM crm.customer_loss JOIN crm.movement_stale USING (province, month)) moved
    GROUP BY province, month, GROUPING SETS ((), (city), (class), (industry), (city, class), (city, industry), (class, industry), (city, class, industry));

    DELETE FROM crm.movement_stale;
END $$;
REVOKE EXECUTE ON FUNCTION crm.compute_movements(text, text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION crm.compute_movements(text, text[], text[]) TO jike_app;
GRANT SELECT ON crm.customer_known, crm.customer_loss, crm.movement_sum, crm.movement_freshness, crm.summary_held TO jike_app;

---- create above / drop below ----

REVOKE SELECT ON crm.summary_held FROM jike_app;
DROP FUNCTION crm.compute_movements(text, text[], text[]);
DROP TABLE crm.movement_freshness, crm.movement_stale, crm.movement_sum, crm.customer_loss, crm.customer_known;
