SELECT a.application_name, a.usename, coalesce(host(a.client_addr), 'this host'),
    to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SSOF')
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = 1265986381
    AND l.objid = (($1::bigint - 2147483648)::integer)::bigint & 4294967295 AND l.objsubid = 2
    AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
