-- Counts, workers and times of the load, per partition of the table as it is now: an interval
-- is where its lowest key is, whatever its number was when it was loaded. No boundary lies inside
-- one. Ordered together with the partitions, each interval stands behind its own.
WITH mixed AS (
    SELECT p.low, true AS begins, p.number, p.high, 0::bigint AS staged, 0::bigint AS inserted,
        0::bigint AS updated, 0::bigint AS deleted, 0::bigint AS closed, 0::bigint AS unchanged,
        0::bigint AS converged, 0::bigint AS conflicts, 0::bigint AS late, NULL AS worker,
        NULL::timestamptz AS started_at, NULL::timestamptz AS committed_at
    FROM kugiri.partition p WHERE p.run = $1 AND p.revision = $2::integer
    UNION ALL
    SELECT i.low, false, NULL, NULL, i.staged, i.inserted, i.updated, i.deleted, i.closed,
        i.unchanged, i.converged, i.conflicts, i.late, i.worker, i.started_at, i.committed_at
    FROM kugiri.interval i
    WHERE i.run = $1 AND i.revision = $2::integer AND i.phase = 'load'
), placed AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER (ORDER BY low, begins DESC
        ROWS UNBOUNDED PRECEDING) AS place
    FROM mixed
), claimed AS (
    SELECT c.partition, max(c.attempts) AS attempts FROM kugiri.claim c
    WHERE c.run = $1 AND c.revision = $2::integer AND c.phase = 'load' GROUP BY c.partition
)
SELECT x.number, x.low, x.high, x.staged, x.inserted, x.updated, x.deleted, x.closed,
    x.unchanged, x.converged, x.conflicts, x.late, x.workers, coalesce(c.attempts, 0),
    x.elapsed, x.started_at, x.committed_at
FROM (
    SELECT max(number) AS number, min(low) FILTER (WHERE begins) AS low,
        max(high) FILTER (WHERE begins) AS high, sum(staged) AS staged,
        sum(inserted) AS inserted, sum(updated) AS updated, sum(deleted) AS deleted,
        sum(closed) AS closed, sum(unchanged) AS unchanged, sum(converged) AS converged,
        sum(conflicts) AS conflicts, sum(late) AS late,
        coalesce(string_agg(DISTINCT worker, ',' ORDER BY worker), '') AS workers,
        coalesce(extract(epoch FROM max(committed_at) - min(started_at)), 0) AS elapsed,
        min(started_at) AS started_at, max(committed_at) AS committed_at
    FROM placed WHERE place > 0 GROUP BY place
) x LEFT JOIN claimed c ON c.partition = x.number
ORDER BY x.low
