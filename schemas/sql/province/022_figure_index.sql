-- A roll-up reads what each customer has in the index alone.

ALTER TABLE crm.customer_figure DROP CONSTRAINT customer_figure_pkey,
    ADD PRIMARY KEY (customer_id) INCLUDE (members, stated, since, income_fen, arrears_fen);

---- create above / drop below ----

ALTER TABLE crm.customer_figure DROP CONSTRAINT customer_figure_pkey, ADD PRIMARY KEY (customer_id);
