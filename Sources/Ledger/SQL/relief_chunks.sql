-- The promised chunks of a load claim that are not begun.
SELECT k.low, k.rows, c.epoch, c.high
FROM kugiri.claim c
JOIN kugiri.chunk k ON k.run = c.run AND k.revision = c.revision AND k.slice = c.slice
    AND k.low >= upper(c.processing) COLLATE "C" AND (c.high IS NULL OR k.low < c.high)
WHERE c.claim = $1::bigint AND c.finished_at IS NULL
ORDER BY k.low
