-- What the load has committed of every partition: counts, who did it, when (milliseconds).
SELECT partition, sum(staged), sum(inserted), sum(updated), sum(deleted), sum(closed),
    sum(unchanged), sum(converged), sum(conflicts), sum(late),
    string_agg(DISTINCT worker, ',' ORDER BY worker),
    (extract(epoch FROM min(started_at)) * 1000)::bigint,
    (extract(epoch FROM max(committed_at)) * 1000)::bigint
FROM kugiri.interval
WHERE run = $1 AND revision = $2::integer AND phase = 'load' AND partition IS NOT NULL
GROUP BY partition
