-- Open runs of jobs as a standby sees them; times in milliseconds. The last column counts takeovers
-- since a person last gave a command.
SELECT r.run, r.job, r.term, r.phase, t.host, t.os_user, t.process,
    (extract(epoch FROM t.started_at) * 1000)::bigint, t.ended_at IS NOT NULL, t.exit_code,
    (extract(epoch FROM t.beat_at) * 1000)::bigint,
    (extract(epoch FROM clock_timestamp() - t.beat_at) * 1000)::bigint,
    EXISTS (SELECT FROM pg_locks l WHERE l.pid = t.pid AND l.locktype = 'advisory'
        AND l.classid = 1265986381 AND l.objsubid = 2 AND l.objid = k.low AND l.granted
        AND l.database = k.here),
    EXISTS (SELECT FROM pg_locks l WHERE l.locktype = 'advisory'
        AND l.classid = 1265986381 AND l.objsubid = 2 AND l.objid = k.low AND l.granted
        AND l.database = k.here),
    (SELECT count(*) FROM kugiri.tenure p WHERE p.run = r.run AND p.takeover
        AND p.term > coalesce((SELECT max(o.term) FROM kugiri.tenure o
            WHERE o.run = r.run AND NOT o.takeover), 0))
FROM kugiri.run r JOIN kugiri.tenure t ON t.run = r.run AND t.term = r.term
CROSS JOIN LATERAL (SELECT
    ((r.target_id::bigint - 2147483648)::integer)::bigint & 4294967295 AS low,
    (SELECT oid FROM pg_database WHERE datname = current_database()) AS here) k
WHERE r.state = 'open' AND r.job = ANY ($1::text[]) ORDER BY r.number
