UPDATE kugiri.phase_time SET ended_at = clock_timestamp()
WHERE run = $1 AND term = $2::bigint AND phase = $3
