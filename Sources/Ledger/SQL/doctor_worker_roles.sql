-- Roles of workers that are connected, and whether this role may end their sessions.
SELECT DISTINCT usename, pg_has_role(usesysid, 'USAGE') FROM pg_stat_activity
WHERE application_name LIKE 'kugiri worker%' AND usesysid IS NOT NULL ORDER BY usename
