-- The rows of exported lists (province/exporting), a part for each batch of the job, forgotten with the job.

CREATE TABLE crm.customer_export_part (
    job_id  bigint  NOT NULL CONSTRAINT customer_export_part_job_exists REFERENCES crm.job (id) ON DELETE CASCADE,
    line    integer NOT NULL, -- of the job, the first of the part
    content bytea   NOT NULL, -- CSV in UTF-8, without a head
    PRIMARY KEY (job_id, line)
);

GRANT SELECT, INSERT ON crm.customer_export_part TO jike_app;

-- To remove a customer that an import created, the database looks whether anything refers to it. No index of
-- members told of both those that are there and those that have left, so that all members were read for each customer; and jobs
-- had none at all.
DROP INDEX crm.member_customer;
CREATE INDEX member_customer ON crm.member (customer_id, phone) INCLUDE (left_on);
CREATE INDEX job_customer ON crm.job (customer_id) WHERE customer_id IS NOT NULL;

---- create above / drop below ----

DROP INDEX crm.job_customer;
DROP INDEX crm.member_customer;
CREATE INDEX member_customer ON crm.member (customer_id, phone) WHERE left_on IS NULL;
DROP TABLE crm.customer_export_part;
