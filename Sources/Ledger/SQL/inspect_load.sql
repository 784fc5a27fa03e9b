-- What the load has committed of every partition: counts, who did it, when (milliseconds). By range,
-- as in interval_partitions.sql.
WITH mixed AS (
    SELECT p.low, true AS begins, p.number FROM kugiri.partition p
    WHERE p.run = $1 AND p.revision = $2::integer
    UNION ALL
    SELECT i.low, false, NULL FROM kugiri.interval i
    WHERE i.run = $1 AND i.revision = $2::integer AND i.phase = 'load'
), counted AS (
    SELECT low, begins, number,
        count(*) FILTER (WHERE begins) OVER (ORDER BY low, begins DESC
            ROWS UNBOUNDED PRECEDING) AS ordinal
    FROM mixed
), placed AS (
    SELECT low, max(number) OVER (PARTITION BY ordinal) AS number, begins FROM counted
)
SELECT x.number, sum(staged), sum(inserted), sum(updated), sum(deleted), sum(closed),
    sum(unchanged), sum(converged), sum(conflicts), sum(late),
    string_agg(DISTINCT worker, ',' ORDER BY worker),
    (extract(epoch FROM min(started_at)) * 1000)::bigint,
    (extract(epoch FROM max(committed_at)) * 1000)::bigint
FROM placed x JOIN kugiri.interval i ON (i.run, i.revision, i.phase, i.low)
    = ($1, $2::integer, 'load', x.low)
WHERE NOT x.begins AND x.number IS NOT NULL
GROUP BY x.number
