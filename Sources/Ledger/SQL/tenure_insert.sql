-- The coordinator that has just taken the run.
INSERT INTO kugiri.tenure (run, term, host, process, events)
VALUES ($1, $2::bigint, $3, $4::integer, $5)
