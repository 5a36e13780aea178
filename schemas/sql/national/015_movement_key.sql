-- Reports read what they add up from the key alone. The rows of a month lie where there was room, one to a page:
-- the widest report fetched 120,000 of them one by one.

ALTER TABLE crm.movement_sum DROP CONSTRAINT movement_sum_pkey,
    ADD PRIMARY KEY (across, month, province, city, class, industry) INCLUDE (new_customers, lost_customers);

---- create above / drop below ----

ALTER TABLE crm.movement_sum DROP CONSTRAINT movement_sum_pkey,
    ADD PRIMARY KEY (across, month, province, city, class, industry);
