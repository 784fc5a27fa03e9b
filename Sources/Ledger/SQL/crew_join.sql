INSERT INTO kugiri.crew (run, term, worker, host, process)
VALUES ($1, $2::bigint, $3, $4, $5::integer)
ON CONFLICT (run, term, worker) DO UPDATE SET host = excluded.host, process = excluded.process,
    left_at = NULL
