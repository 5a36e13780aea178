-- Whether headquarters may have to copy rows that no stream of the epoch holds.

ALTER TABLE sync.capture ADD existing boolean NOT NULL DEFAULT false; -- selected rows existed when the epoch began

---- create above / drop below ----

ALTER TABLE sync.capture DROP existing;
