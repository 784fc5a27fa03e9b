-- Whether a run's coordinator lives: its session holds the target (visible to every role).
SELECT EXISTS (
    SELECT FROM kugiri.run r JOIN kugiri.tenure t ON t.run = r.run AND t.term = r.term
    JOIN pg_locks l ON l.pid = t.pid
    WHERE r.run = $1 AND r.state = 'open' AND t.ended_at IS NULL
        AND l.locktype = 'advisory' AND l.classid = 1265986381 AND l.objsubid = 2
        AND l.objid = ((r.target_id::bigint - 2147483648)::integer)::bigint & 4294967295
        AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
