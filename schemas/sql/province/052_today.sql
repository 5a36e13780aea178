-- Today in China, which has one time zone: absences, teams, viewers of sensitive customers and contracts that run out
-- begin and end by its days, wherever the database's clock is.
CREATE FUNCTION crm.today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS $$
	SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date
$$;

---- create above / drop below ----

DROP FUNCTION crm.today();
