-- Ends the session of a run's coordinator, if it has been silent for so many milliseconds and still
-- holds the target. Its process may live: its term will be over before it can write.
SELECT pg_terminate_backend(t.pid)
FROM kugiri.run r JOIN kugiri.tenure t ON t.run = r.run AND t.term = r.term
JOIN pg_locks l ON l.pid = t.pid
JOIN pg_stat_activity a ON a.pid = t.pid AND a.backend_start <= t.started_at
WHERE r.run = $1 AND t.beat_at < clock_timestamp() - $2::bigint * interval '1 millisecond'
    AND l.locktype = 'advisory' AND l.classid = 1265986381 AND l.objsubid = 2
    AND l.objid = ((r.target_id::bigint - 2147483648)::integer)::bigint & 4294967295
    AND l.granted
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
