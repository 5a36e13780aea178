-- Contracts that renew others (续签), the documents of a contract (合同附件), and what was said of an expiry
-- in time. All of it is the province's own: nothing of it goes up.

ALTER TABLE crm.contract
    ADD renews_id bigint CONSTRAINT contract_renews_exists REFERENCES crm.contract (id), -- null: it renews none
    ADD CONSTRAINT contract_does_not_renew_itself CHECK (renews_id <> id);
-- A renewal that was terminated makes room for another.
CREATE UNIQUE INDEX contract_is_renewed_once ON crm.contract (renews_id) WHERE renews_id IS NOT NULL AND status <> 'terminated';
CREATE INDEX contract_due ON crm.contract (expires_on, id) INCLUDE (customer_id, amount_fen) WHERE status = 'active';

-- That a contract was seen so many days before its end. One whose end is moved is told of anew.
CREATE TABLE crm.contract_notice (
    contract_id bigint      NOT NULL CONSTRAINT contract_notice_contract_exists REFERENCES crm.contract (id),
    expires_on  date        NOT NULL,
    step        smallint    NOT NULL CONSTRAINT contract_notice_step_is_known CHECK (step IN (90, 60, 30)), -- days
    at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (contract_id, expires_on, step)
);

-- Files are kept here and not in a folder, so that a backup of the database is whole.
CREATE TABLE crm.document (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contract_id bigint      NOT NULL CONSTRAINT document_contract_exists REFERENCES crm.contract (id),
    name        text        NOT NULL, -- as its owner called it
    type        text        NOT NULL, -- media type, by name and content
    size        integer     NOT NULL CONSTRAINT document_is_not_empty CHECK (size > 0), -- bytes
    sha256      bytea       NOT NULL,
    content     bytea       NOT NULL,
    added_by    text        NOT NULL,
    added_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT document_is_once_at_its_contract UNIQUE (contract_id, sha256)
);
ALTER TABLE crm.document ALTER content SET STORAGE EXTERNAL; -- what is kept is packed already

GRANT SELECT, INSERT ON crm.contract_notice TO jike_app;
GRANT SELECT, INSERT, DELETE ON crm.document TO jike_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA crm TO jike_app;

---- create above / drop below ----

DROP TABLE crm.document, crm.contract_notice;
DROP INDEX crm.contract_due, crm.contract_is_renewed_once;
ALTER TABLE crm.contract DROP renews_id;
