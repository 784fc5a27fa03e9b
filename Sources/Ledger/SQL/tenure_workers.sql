-- Claims and records that workers finished under earlier coordinators, with their last host.
SELECT k.worker, (SELECT c.host FROM kugiri.crew c WHERE c.run = $1 AND c.worker = k.worker
        AND c.term < $2::bigint ORDER BY c.term DESC LIMIT 1),
    count(*), sum(k.weight)
FROM kugiri.claim k
WHERE k.run = $1 AND k.worker IS NOT NULL
    AND k.finished_at < (SELECT t.started_at FROM kugiri.tenure t
        WHERE t.run = $1 AND t.term = $2::bigint)
GROUP BY k.worker
