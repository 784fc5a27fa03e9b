-- Who took unfinished claims last, and when (milliseconds).
SELECT worker, (extract(epoch FROM max(taken_at)) * 1000)::bigint FROM kugiri.claim
WHERE run = $1 AND revision = $2::integer AND finished_at IS NULL AND worker IS NOT NULL
GROUP BY worker
