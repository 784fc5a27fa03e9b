-- The fleet of a run's newest coordinator, and the claim each worker has in hand.
WITH held AS MATERIALIZED (
    SELECT DISTINCT ON (worker) worker, slice, partition, weight, chunk_no,
        (extract(epoch FROM clock_timestamp() - taken_at) * 1000)::bigint AS since
    FROM kugiri.claim
    WHERE run = $1 AND revision = $2::integer AND phase = $3 AND finished_at IS NULL
        AND worker IS NOT NULL AND epoch > 0 AND pid IS NOT NULL
    ORDER BY worker, taken_at DESC
)
SELECT c.worker, c.host, c.process, h.slice, h.partition, h.weight, h.since
FROM kugiri.crew c LEFT JOIN held h USING (worker)
WHERE c.run = $1 AND c.term = $4::bigint AND c.left_at IS NULL
ORDER BY length(c.worker), c.worker
