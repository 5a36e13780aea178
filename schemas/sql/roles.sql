-- Run once as a superuser on an empty cluster: the three roles, least rights each, and the database.
--   jike_owner  migrations; owns every object
--   jike_app    portal and partner messages: reads and writes rows
--   jike_sync   replication: reads what is published, emits logical messages
CREATE ROLE jike_owner LOGIN;
CREATE ROLE jike_app LOGIN;
CREATE ROLE jike_sync LOGIN REPLICATION;
CREATE DATABASE jike OWNER jike_owner TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8';
