-- Whoever of our workers has a claim's row locked or changed in a transaction under way: the
-- row's xmax is that transaction, and its holder is in pg_locks.
SELECT pg_terminate_backend(b.pid) FROM kugiri.claim c
JOIN pg_locks l ON l.locktype = 'transactionid' AND l.transactionid = c.xmax AND l.granted
JOIN pg_stat_activity b ON b.pid = l.pid
WHERE c.claim = $1::bigint AND b.pid <> pg_backend_pid()
    AND b.application_name LIKE 'kugiri worker%'
