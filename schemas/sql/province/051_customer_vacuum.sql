-- Page 1,000 of a list is read from an index alone as long as the pages of the table are known to be visible to all. Each
-- change undoes that for its page until the next vacuum, which by default waits for a fifth of the table: of a million
-- customers, page 1,000 by name took 20 ms after a vacuum, 36 after 10,000 changes and 136 after 110,000. So it begins at
-- a hundredth. By hand, not throttled, a vacuum took 24 s after 110,000 changes; autovacuum takes longer, beside the work.
ALTER TABLE crm.customer SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.01);

---- create above / drop below ----

ALTER TABLE crm.customer RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor);
