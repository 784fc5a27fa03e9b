-- What every worker has committed, by phase; the last time in milliseconds.
SELECT worker, phase, count(DISTINCT claim), sum(staged + rejected),
    (extract(epoch FROM max(committed_at)) * 1000)::bigint
FROM kugiri.interval WHERE run = $1 AND revision = $2::integer
GROUP BY worker, phase ORDER BY length(worker), worker, phase
