-- Counts, workers and times of the load, per partition of the table as it is now: an interval
-- is where its lowest key is, whatever its number was when it was loaded. No boundary lies inside
-- one. Ordered together with the partitions, each interval stands behind its own.
WITH p AS (
    SELECT number, low, high FROM kugiri.partition WHERE run = $1 AND revision = $2::integer
), mixed AS (
    SELECT low, true AS begins, number FROM p
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
SELECT p.number, p.low, p.high,
    coalesce(sum(i.staged), 0), coalesce(sum(i.inserted), 0), coalesce(sum(i.updated), 0),
    coalesce(sum(i.deleted), 0), coalesce(sum(i.closed), 0), coalesce(sum(i.unchanged), 0),
    coalesce(sum(i.converged), 0), coalesce(sum(i.conflicts), 0), coalesce(sum(i.late), 0),
    coalesce(string_agg(DISTINCT i.worker, ',' ORDER BY i.worker), ''),
    (SELECT coalesce(max(c.attempts), 0) FROM kugiri.claim c WHERE c.run = $1
        AND c.revision = $2::integer AND c.phase = 'load' AND c.partition = p.number),
    coalesce(extract(epoch FROM max(i.committed_at) - min(i.started_at)), 0),
    min(i.started_at), max(i.committed_at)
FROM p LEFT JOIN placed x ON x.number = p.number AND NOT x.begins
    LEFT JOIN kugiri.interval i ON (i.run, i.revision, i.phase, i.low)
        = ($1, $2::integer, 'load', x.low)
GROUP BY p.number, p.low, p.high ORDER BY p.low
