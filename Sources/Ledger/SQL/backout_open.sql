SELECT backout, partitions, lows, highs, done_to FROM kugiri.backout
WHERE run = $1 AND ended_at IS NULL
