-- The run to show when none is named: the newest that is on, else the newest of all; and how many
-- are on. A run is on while its coordinator's session holds the target (visible to every role).
SELECT r.run, o.live, sum(o.live::integer) OVER ()
FROM kugiri.run r
CROSS JOIN LATERAL (SELECT r.state = 'open' AND EXISTS (
    SELECT FROM kugiri.tenure t JOIN pg_locks l ON l.pid = t.pid
    WHERE t.run = r.run AND t.term = r.term AND t.ended_at IS NULL
        AND l.locktype = 'advisory' AND l.classid = 1265986381 AND l.objsubid = 2
        AND l.objid = ((r.target_id::bigint - 2147483648)::integer)::bigint & 4294967295
        AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AS live) o
WHERE r.state = 'open' OR r.number = (SELECT max(number) FROM kugiri.run)
ORDER BY o.live DESC, r.number DESC LIMIT 1
