-- Whom the provider of single sign-on (单点登录, internal/signon) knows an account as. Its claim finds the account once;
-- from then on only the subject counts, which a provider gives to one person and never again.
ALTER TABLE account.account
    ADD issuer   text,        -- the provider
    ADD subject  text,        -- the provider's own name for the person
    ADD bound_at timestamptz,
    ADD CONSTRAINT account_is_of_one_subject UNIQUE (issuer, subject),
    ADD CONSTRAINT account_is_bound_as_a_whole CHECK (num_nonnulls(issuer, subject, bound_at) IN (0, 3));

---- create above / drop below ----

ALTER TABLE account.account DROP issuer, DROP subject, DROP bound_at;
