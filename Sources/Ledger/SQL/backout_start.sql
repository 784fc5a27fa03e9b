INSERT INTO kugiri.backout (run, revision, partitions, lows, highs, reason, command, done_to)
VALUES ($1, $2::integer, $3::integer[], $4::text[], $5::text[], $6, $7, ($4::text[])[1])
RETURNING backout
