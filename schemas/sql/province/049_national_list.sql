-- What is selected for headquarters, in the orders of lists: one in six customers of a province, which page 1,000 was found
-- among by passing over 300,000 others.
CREATE INDEX customer_national_in_id_order ON crm.customer (id)
    INCLUDE (class, lifecycle, city, industry, sensitive, manager_id)
    WHERE national AND merged_into IS NULL;
CREATE INDEX customer_national_in_number_order ON crm.customer (number)
    INCLUDE (id, class, lifecycle, city, industry, sensitive, manager_id)
    WHERE national AND merged_into IS NULL;
CREATE INDEX customer_national_in_name_order ON crm.customer (name, id)
    INCLUDE (class, lifecycle, city, industry, sensitive, manager_id)
    WHERE national AND merged_into IS NULL;
CREATE INDEX customer_national_in_update_order ON crm.customer (updated_at, id)
    INCLUDE (class, lifecycle, city, industry, sensitive, manager_id)
    WHERE national AND merged_into IS NULL;

---- create above / drop below ----

DROP INDEX crm.customer_national_in_id_order, crm.customer_national_in_number_order, crm.customer_national_in_name_order,
    crm.customer_national_in_update_order;
