SELECT x.low, x.high FROM kugiri.backout b, unnest(b.lows, b.highs) WITH ORDINALITY AS x(low, high, n)
WHERE b.backout = $1::bigint ORDER BY n
