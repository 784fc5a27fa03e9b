SELECT x.low, x.high FROM kugiri.backout b, unnest(b.lows, b.highs) AS x(low, high)
WHERE b.run = $1 AND b.revision = $2::integer
