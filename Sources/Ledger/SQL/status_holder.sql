-- Who holds a target table, and since when (milliseconds). Without the right to see another
-- role's sessions only the process number is known.
SELECT l.pid, a.application_name, a.usename, coalesce(host(a.client_addr), 'this host'),
    (extract(epoch FROM a.backend_start) * 1000)::bigint
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = 1265986381
    AND l.objid = (($1::bigint - 2147483648)::integer)::bigint & 4294967295 AND l.objsubid = 2
    AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
