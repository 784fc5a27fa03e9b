-- Claims that a living session has in hand. Of sessions whose start this role may not see, the
-- process number alone decides.
SELECT c.claim, c.phase, c.slice, c.partition, c.worker, c.epoch,
    (extract(epoch FROM c.taken_at) * 1000)::bigint
FROM kugiri.claim c
WHERE c.run = $1 AND c.revision = $2::integer AND c.finished_at IS NULL AND c.pid IS NOT NULL
    AND EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = c.pid
        AND coalesce(a.backend_start, c.backend_start) = c.backend_start)
ORDER BY c.claim
