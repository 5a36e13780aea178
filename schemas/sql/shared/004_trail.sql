-- The trail searched by who, what, which record and when, the newest first. Lines are added at the end of
-- each index but that of records. A customer's lines have theirs.
CREATE INDEX line_at ON audit.line (at, id);
CREATE INDEX line_actor ON audit.line (actor, at, id);
CREATE INDEX line_action ON audit.line (action, at, id);
CREATE INDEX line_object ON audit.line (object_kind, object_id, at, id) WHERE object_id IS NOT NULL;

-- When the chain was computed anew, and what was found: nothing is said of the lines themselves.
CREATE TABLE audit.verification (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started_at  timestamptz NOT NULL DEFAULT now(),
    started_by  text        NOT NULL, -- login
    finished_at timestamptz,
    seals       bigint      NOT NULL DEFAULT 0, -- that hold
    lines       bigint      NOT NULL DEFAULT 0, -- under them
    unsealed    bigint      NOT NULL DEFAULT 0, -- newer than the last seal
    last_hash   text        NOT NULL DEFAULT '', -- of the last seal, hexadecimal
    broken_seal bigint,                         -- the first that does not hold
    reason      text        NOT NULL DEFAULT '', -- what is wrong with it, or why nothing was found out
    CONSTRAINT verification_breaks_for_a_reason CHECK (broken_seal IS NULL OR reason <> '')
);
CREATE UNIQUE INDEX verification_runs_alone ON audit.verification ((true)) WHERE finished_at IS NULL;

GRANT SELECT, INSERT, UPDATE ON audit.verification TO jike_app;

---- create above / drop below ----

DROP TABLE audit.verification;
DROP INDEX audit.line_at, audit.line_actor, audit.line_action, audit.line_object;
