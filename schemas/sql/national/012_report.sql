-- What reports add up: the cells of the provinces' monthly summaries, summed over every set of the
-- dimensions city, class and industry. Thirty-one provinces send 1.3 million cells in three years; a
-- report reads from the set that has its dimensions and no more, a thousand rows for the usual ones.

CREATE TABLE crm.summary_sum (
    across     smallint NOT NULL, -- what is summed over: 4 for cities, 2 for classes, 1 for industries, added up; never 0
    province   smallint NOT NULL,
    month      date     NOT NULL,
    city       text     NOT NULL, -- empty where cities are summed over, and so on
    class      text     NOT NULL,
    industry   text     NOT NULL,
    customers  bigint   NOT NULL,
    members    bigint   NOT NULL,
    income_fen bigint   NOT NULL,
    PRIMARY KEY (across, month, province, city, class, industry)
);

-- What a province's month held when it was last added up.
CREATE TABLE crm.summary_held (
    province smallint NOT NULL,
    month    date     NOT NULL,
    cells    bigint   NOT NULL,
    digest   bigint   NOT NULL,
    stale    boolean  NOT NULL, -- true only inside of crm.compute_sums
    PRIMARY KEY (province, month)
);

-- How fresh the sums are: data_time as in sync.freshness, of the moment before they were computed.
CREATE TABLE crm.summary_freshness (
    province    smallint    PRIMARY KEY,
    data_time   timestamptz,
    refreshed   timestamptz, -- when the province's summary last changed
    last_month  date,
    computed_at timestamptz NOT NULL
);

-- Adds up anew what changed since the last time: the months of a province whose cells are others now.
-- What changes while it runs is found the next time.
CREATE FUNCTION crm.compute_sums() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    LOCK TABLE crm.summary_held IN SHARE ROW EXCLUSIVE MODE; -- one at a time
    INSERT INTO crm.summary_freshness (province, data_time, computed_at)
    SELECT province, data_time, clock_timestamp() FROM sync.freshness
    ON CONFLICT (province) DO UPDATE SET data_time = excluded.data_time, computed_at = excluded.computed_at;

    INSERT INTO crm.summary_held (province, month, cells, digest, stale)
    SELECT province, month, coalesce(n.cells, 0), coalesce(n.digest, 0), true
    FROM (SELECT province, month, count(*) AS cells,
            bit_xor(hash_record_extended(ROW(id, city, class, industry, customers, members, income_fen), 0)) AS digest
        FROM crm.monthly_summary WHERE month IS NOT NULL GROUP BY province, month) n
    FULL JOIN crm.summary_held h USING (province, month)
    WHERE (n.cells, n.digest) IS DISTINCT FROM (h.cells, h.digest)
    ON CONFLICT (province, month) DO UPDATE SET cells = excluded.cells, digest = excluded.digest, stale = true;

    DELETE FROM crm.summary_sum s USING crm.summary_held h
    WHERE h.stale AND s.province = h.province AND s.month = h.month;

    INSERT INTO crm.summary_sum (across, province, month, city, class, industry, customers, members, income_fen)
    SELECT grouping(c.city, c.class, c.industry), c.province, c.month, coalesce(c.city, ''), coalesce(c.class, ''), coalesce(c.industry, ''),
        sum(c.customers), sum(c.members), sum(c.income_fen)
    FROM (SELECT m.province, m.month, coalesce(m.city, '') AS city, coalesce(m.class, '') AS class, coalesce(m.industry, '') AS industry,
            coalesce(m.customers, 0) AS customers, coalesce(m.members, 0) AS members, coalesce(m.income_fen, 0) AS income_fen
        FROM crm.monthly_summary m JOIN crm.summary_held h ON h.province = m.province AND h.month = m.month AND h.stale) c
    GROUP BY c.province, c.month, GROUPING SETS ((), (c.city), (c.class), (c.industry), (c.city, c.class), (c.city, c.industry), (c.class, c.industry));

    UPDATE crm.summary_freshness f SET refreshed = s.refreshed, last_month = s.last_month
    FROM (SELECT m.province, max(m.updated_at) AS refreshed, max(m.month) AS last_month
        FROM crm.monthly_summary m WHERE m.province IN (SELECT province FROM crm.summary_held WHERE stale) GROUP BY m.province) s
    WHERE f.province = s.province;

    DELETE FROM crm.summary_held WHERE stale AND cells = 0;
    UPDATE crm.summary_held SET stale = false WHERE stale;
END $$;
REVOKE EXECUTE ON FUNCTION crm.compute_sums() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION crm.compute_sums() TO jike_app;
GRANT SELECT ON crm.summary_sum, crm.summary_freshness TO jike_app;

---- create above / drop below ----

DROP FUNCTION crm.compute_sums();
DROP TABLE crm.summary_freshness, crm.summary_held, crm.summary_sum;
