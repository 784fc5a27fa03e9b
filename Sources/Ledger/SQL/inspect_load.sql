-- What the load has committed of every partition: counts, who did it, when (milliseconds). By range,
-- as in interval_partitions.sql.
WITH mixed AS (
    SELECT p.low, true AS begins, p.number, 0::bigint AS staged, 0::bigint AS inserted,
        0::bigint AS updated, 0::bigint AS deleted, 0::bigint AS closed, 0::bigint AS unchanged,
        0::bigint AS converged, 0::bigint AS conflicts, 0::bigint AS late, NULL AS worker,
        NULL::timestamptz AS started_at, NULL::timestamptz AS committed_at
    FROM kugiri.partition p WHERE p.run = $1 AND p.revision = $2::integer
    UNION ALL
    SELECT i.low, false, NULL, i.staged, i.inserted, i.updated, i.deleted, i.closed, i.unchanged,
        i.converged, i.conflicts, i.late, i.worker, i.started_at, i.committed_at
    FROM kugiri.interval i
    WHERE i.run = $1 AND i.revision = $2::integer AND i.phase = 'load'
), placed AS (
    SELECT *, count(*) FILTER (WHERE begins) OVER (ORDER BY low, begins DESC
        ROWS UNBOUNDED PRECEDING) AS place
    FROM mixed
)
SELECT max(number), sum(staged), sum(inserted), sum(updated), sum(deleted), sum(closed),
    sum(unchanged), sum(converged), sum(conflicts), sum(late),
    string_agg(DISTINCT worker, ',' ORDER BY worker),
    (extract(epoch FROM min(started_at)) * 1000)::bigint,
    (extract(epoch FROM max(committed_at)) * 1000)::bigint
FROM placed WHERE place > 0 GROUP BY place HAVING count(worker) > 0
