-- The coordinator that has just taken the run.
INSERT INTO kugiri.tenure (run, term, host, os_user, process, takeover, beat_at)
VALUES ($1, $2::bigint, $3, $4, $5::integer, $6::boolean, clock_timestamp())
