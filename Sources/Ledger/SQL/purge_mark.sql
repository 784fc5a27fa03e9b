-- From here on nothing of these runs is to be relied upon; a run that was opened or published in the
-- meantime is left out.
UPDATE kugiri.run SET purge_began_at = coalesce(purge_began_at, clock_timestamp())
WHERE run = ANY ($1::text[]) AND state <> 'open' AND purged_at IS NULL
    AND run NOT IN (SELECT c.run FROM kugiri.current_run c)
RETURNING run
