UPDATE kugiri.tenure SET ended_at = clock_timestamp(), exit_code = $3::integer
WHERE run = $1 AND term = $2::bigint
