-- A worker's own lost session, while the claim is still under the epoch it took.
SELECT pg_terminate_backend(a.pid) FROM kugiri.claim c
JOIN pg_stat_activity a ON a.pid = c.pid AND a.backend_start = c.backend_start
WHERE c.claim = $1::bigint AND c.epoch = $2::bigint AND a.pid <> pg_backend_pid()
