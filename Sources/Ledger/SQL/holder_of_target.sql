-- Who holds a target table: the session, and the coordinator it is of; times in milliseconds. A
-- session is a coordinator's while the coordinator's tenure is open and began after the session; so
-- is that of a backout.
SELECT l.pid, a.application_name, a.usename, coalesce(host(a.client_addr), 'this host'),
    (extract(epoch FROM a.backend_start) * 1000)::bigint,
    t.run, t.term, t.host, t.os_user, t.process, (extract(epoch FROM t.started_at) * 1000)::bigint,
    (extract(epoch FROM t.beat_at) * 1000)::bigint,
    (extract(epoch FROM clock_timestamp() - t.beat_at) * 1000)::bigint,
    b.run, b.host, b.os_user, b.process, (extract(epoch FROM b.taken_at) * 1000)::bigint
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
LEFT JOIN LATERAL (
    SELECT t.* FROM kugiri.run r JOIN kugiri.tenure t ON t.run = r.run AND t.term = r.term
    WHERE r.target_id = $1::bigint::oid AND r.state = 'open' AND t.pid = l.pid
        AND t.ended_at IS NULL AND (a.backend_start IS NULL OR t.started_at >= a.backend_start)
    ORDER BY t.started_at DESC LIMIT 1) t ON true
LEFT JOIN kugiri.backout b ON b.pid = l.pid AND b.ended_at IS NULL
    AND (a.backend_start IS NULL OR b.taken_at >= a.backend_start)
WHERE l.locktype = 'advisory' AND l.classid = 1265986381
    AND l.objid = (($1::bigint - 2147483648)::integer)::bigint & 4294967295 AND l.objsubid = 2
    AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
