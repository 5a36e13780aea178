-- Why a customer got another class, as the person who decided it stated it.

ALTER TABLE crm.class_history ADD reason text NOT NULL DEFAULT '';

---- create above / drop below ----

ALTER TABLE crm.class_history DROP reason;
