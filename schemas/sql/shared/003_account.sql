-- Administration of accounts: passwords that age and are not used twice, locks that grow, and whose
-- session is whose.
ALTER TABLE account.account
    ADD must_change  boolean     NOT NULL DEFAULT false, -- the password was given by somebody else
    ADD password_at  timestamptz NOT NULL DEFAULT now(), -- since when it holds
    ADD locks        integer     NOT NULL DEFAULT 0,     -- in a row: each lasts twice as long as the one before
    ADD last_sign_in timestamptz,
    ADD version      integer     NOT NULL DEFAULT 1,
    DROP CONSTRAINT account_role_is_known,
    ADD CONSTRAINT account_role_is_known CHECK (role IN ('account_manager', 'department_head', 'province_administrator',
        'headquarters_analyst', 'headquarters_administrator'));

-- Passwords that an account had and must not take again.
CREATE TABLE account.former_password (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id    bigint      NOT NULL CONSTRAINT former_password_account_exists REFERENCES account.account (id),
    password_hash text        NOT NULL,
    until         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX former_password_account ON account.former_password (account_id, id DESC);

-- Who has signed in, so that a session can be shown and ended; the number is no secret, the token is.
DELETE FROM account.sessions;
ALTER TABLE account.sessions
    ADD id         bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT session_id_is_unique UNIQUE,
    ADD account_id bigint      NOT NULL DEFAULT 0, -- 0: nobody has signed in
    ADD opened_at  timestamptz NOT NULL DEFAULT now(),
    ADD address    text        NOT NULL DEFAULT '',
    ADD agent      text        NOT NULL DEFAULT '';
CREATE INDEX sessions_account ON account.sessions (account_id, id);

GRANT SELECT, INSERT, DELETE ON account.former_password TO jike_app;

---- create above / drop below ----

ALTER TABLE account.sessions DROP id, DROP account_id, DROP opened_at, DROP address, DROP agent;
DROP TABLE account.former_password;
ALTER TABLE account.account DROP must_change, DROP password_at, DROP locks, DROP last_sign_in, DROP version;
