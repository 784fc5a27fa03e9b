-- The last word about a run. A run that stops where it can go on stays open.
UPDATE kugiri.run SET state = $2, result = $3, exit_code = $4::integer, summary = $5::jsonb,
    ended_at = clock_timestamp()
WHERE run = $1
