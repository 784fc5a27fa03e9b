-- Counts, workers and times of the load, per partition.
SELECT p.number, p.low, p.high,
    coalesce(sum(i.staged), 0), coalesce(sum(i.inserted), 0), coalesce(sum(i.updated), 0),
    coalesce(sum(i.deleted), 0), coalesce(sum(i.closed), 0), coalesce(sum(i.unchanged), 0),
    coalesce(sum(i.converged), 0), coalesce(sum(i.conflicts), 0), coalesce(sum(i.late), 0),
    coalesce(string_agg(DISTINCT i.worker, ',' ORDER BY i.worker), ''),
    (SELECT coalesce(max(c.attempts), 0) FROM kugiri.claim c WHERE c.run = p.run
        AND c.revision = p.revision AND c.phase = 'load' AND c.partition = p.number),
    coalesce(extract(epoch FROM max(i.committed_at) - min(i.started_at)), 0),
    min(i.started_at), max(i.committed_at)
FROM kugiri.partition p LEFT JOIN kugiri.interval i ON (i.run, i.revision, i.partition)
    = (p.run, p.revision, p.number) AND i.phase = 'load'
WHERE p.run = $1 AND p.revision = $2::integer
GROUP BY p.run, p.revision, p.number, p.low, p.high ORDER BY p.low
