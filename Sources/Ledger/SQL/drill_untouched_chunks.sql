-- Chunks of a load that nobody has begun, with more than one row, the last ones first: their ranges.
SELECT k.low, k.high FROM kugiri.chunk k
WHERE k.rows > 1 AND NOT EXISTS (
        SELECT FROM kugiri.interval i WHERE i.run = k.run AND i.revision = k.revision
            AND i.phase = 'load' AND i.low <= k.low AND (i.high IS NULL OR i.high > k.low))
    AND NOT EXISTS (
        SELECT FROM kugiri.claim c WHERE c.run = k.run AND c.revision = k.revision
            AND c.processing @> k.low)
ORDER BY k.low DESC LIMIT $1::bigint
