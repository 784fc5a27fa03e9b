-- Keys outside a corrected range: the same records under other numbers, so that what was loaded of
-- them is known by the digests that staging has of them now. As many rows, or not the same.
WITH found AS (
    SELECT i.low, coalesce(sum(k.rows), 0) AS rows, coalesce(bit_xor(k.digest), 0) AS digest
    FROM kugiri.interval i LEFT JOIN kugiri.chunk k ON k.run = i.run AND k.revision = i.revision
        AND k.low >= i.low AND (i.high IS NULL OR k.low < i.high)
    WHERE i.run = $1 AND i.revision = $2::integer AND i.phase = 'load' GROUP BY i.low
)
UPDATE kugiri.interval i SET digest = found.digest FROM found
WHERE i.run = $1 AND i.revision = $2::integer AND i.phase = 'load' AND i.low = found.low
    AND i.staged = found.rows
