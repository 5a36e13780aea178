-- How many rows a table has that are sent again, so that one sees how far it is.

ALTER TABLE sync.resend ADD total bigint NOT NULL DEFAULT 0; -- selected rows when the horizon was looked up; 0: not yet

---- create above / drop below ----

ALTER TABLE sync.resend DROP total;
