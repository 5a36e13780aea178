-- Whoever has asked for an export is told that it was decided (province/exporting).

ALTER TABLE crm.export_request ADD requester_told boolean NOT NULL DEFAULT true; -- false: decided, and not acknowledged
CREATE INDEX export_request_untold ON crm.export_request (requester_id) WHERE NOT requester_told;

---- create above / drop below ----

DROP INDEX crm.export_request_untold;
ALTER TABLE crm.export_request DROP requester_told;
