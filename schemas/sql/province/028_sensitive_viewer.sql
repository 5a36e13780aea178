-- Who by name may see a sensitive customer (保密客户) besides its own account manager. Never replicated.

CREATE TABLE crm.sensitive_viewer (
    customer_id bigint      NOT NULL CONSTRAINT sensitive_viewer_customer_exists REFERENCES crm.customer (id) ON DELETE CASCADE,
    account_id  bigint      NOT NULL CONSTRAINT sensitive_viewer_account_exists REFERENCES account.account (id),
    until       date        NOT NULL, -- the last day, of Chinese time
    reason      text        NOT NULL,
    named_by    text        NOT NULL, -- login
    named_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT sensitive_viewer_is_named_once PRIMARY KEY (account_id, customer_id)
);
CREATE INDEX sensitive_viewer_of_customer ON crm.sensitive_viewer (customer_id);

GRANT SELECT, INSERT, UPDATE, DELETE ON crm.sensitive_viewer TO jike_app;

---- create above / drop below ----

DROP TABLE crm.sensitive_viewer;
