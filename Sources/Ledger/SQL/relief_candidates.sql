-- Load claims under way, with the promised chunks that are not begun.
SELECT c.claim, count(*), sum(k.rows)::bigint
FROM kugiri.claim c
JOIN kugiri.chunk k ON k.run = c.run AND k.revision = c.revision AND k.slice = c.slice
    AND k.low >= upper(c.processing) COLLATE "C" AND (c.high IS NULL OR k.low < c.high)
WHERE c.run = $1 AND c.revision = $2::integer AND c.phase = 'load' AND c.finished_at IS NULL
GROUP BY c.claim ORDER BY c.claim
