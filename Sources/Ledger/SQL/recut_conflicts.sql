UPDATE kugiri.conflict c SET partition = p.number
FROM kugiri.partition p
WHERE c.run = $1 AND c.revision = $2::integer AND (p.run, p.revision) = (c.run, c.revision)
    AND c.key >= p.low AND (p.high IS NULL OR c.key < p.high)
    AND c.partition IS DISTINCT FROM p.number
