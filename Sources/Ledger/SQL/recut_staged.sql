-- No boundary cuts a chunk here, so a chunk is where its lowest key is.
SELECT slice, number, sum(rows)::bigint, sum(absent)::bigint FROM (
    SELECT k.slice, p.number, k.rows, 0::bigint AS absent
    FROM kugiri.chunk k JOIN kugiri.partition p ON (p.run, p.revision) = (k.run, k.revision)
        AND k.low >= p.low AND (p.high IS NULL OR k.low < p.high)
    WHERE k.run = $1 AND k.revision = $2::integer
    UNION ALL
    SELECT a.slice, p.number, 0, 1
    FROM kugiri.absent a JOIN kugiri.partition p ON (p.run, p.revision) = (a.run, a.revision)
        AND a.key >= p.low AND (p.high IS NULL OR a.key < p.high)
    WHERE a.run = $1 AND a.revision = $2::integer
) x GROUP BY slice, number
