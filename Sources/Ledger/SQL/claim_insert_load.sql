-- Load claims: where a slice and a partition meet (PROTOCOL 17). Weighted by staged rows.
INSERT INTO kugiri.claim (run, revision, phase, slice, partition, low, high, weight, done_to)
SELECT s.run, s.revision, 'load', s.slice, p.number, x.low, x.high,
    coalesce((SELECT sum(k.rows) FROM kugiri.chunk k
        WHERE k.run = s.run AND k.revision = s.revision AND k.low >= x.low
            AND (x.high IS NULL OR k.low < x.high)), 0),
    x.low
FROM kugiri.slice s
JOIN kugiri.partition p ON (p.run, p.revision) = (s.run, s.revision)
    AND (p.high IS NULL OR s.low < p.high) AND (s.high IS NULL OR p.low < s.high)
CROSS JOIN LATERAL (SELECT greatest(s.low, p.low) AS low,
    CASE WHEN s.high IS NULL THEN p.high WHEN p.high IS NULL THEN s.high
         ELSE least(s.high, p.high) END AS high) x
WHERE s.run = $1 AND s.revision = $2::integer
