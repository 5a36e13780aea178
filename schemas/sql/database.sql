-- Run once as a superuser in each new database: who can emit logical messages could forge repairs.
REVOKE ALL ON SCHEMA public FROM PUBLIC;
DO $$
BEGIN
    EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO jike_app, jike_sync', current_database());
END
$$;
GRANT USAGE, CREATE ON SCHEMA public TO jike_owner;
REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text) TO jike_sync;
GRANT EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, bytea) TO jike_sync;
