-- Where each worker of a run ran last, and when it came and went (milliseconds).
SELECT DISTINCT ON (worker) worker, host, process,
    (extract(epoch FROM coalesce(left_at, joined_at)) * 1000)::bigint
FROM kugiri.crew WHERE run = $1 ORDER BY worker, term DESC
