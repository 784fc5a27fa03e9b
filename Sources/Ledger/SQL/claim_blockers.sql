-- Who holds a claim's row locked, other than this session.
SELECT pg_terminate_backend(b.pid) FROM pg_stat_activity b
WHERE b.application_name LIKE 'kugiri worker%' AND b.pid <> pg_backend_pid()
    AND b.pid IN (SELECT l.pid FROM pg_locks l
        WHERE l.relation = 'kugiri.claim'::regclass AND l.granted)
    AND EXISTS (SELECT FROM kugiri.claim c WHERE c.claim = $1::bigint AND c.pid = b.pid)
