UPDATE kugiri.crew SET left_at = clock_timestamp()
WHERE run = $1 AND term = $2::bigint AND worker = $3 AND left_at IS NULL
