INSERT INTO kugiri.phase_time (run, term, phase) VALUES ($1, $2::bigint, $3)
ON CONFLICT (run, term, phase) DO NOTHING
