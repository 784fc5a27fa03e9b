-- The next term fences coordinators, workers and other backouts of the run. One that is unfinished
-- cannot go on from here; taken back as a whole, it is not published any more.
WITH gone AS (
    UPDATE kugiri.publication SET withdrawn_at = clock_timestamp()
    WHERE run = $1 AND $2::boolean AND withdrawn_at IS NULL
)
UPDATE kugiri.run SET term = term + 1, ended_at = coalesce(ended_at, clock_timestamp()),
    state = CASE state WHEN 'open' THEN 'ended' ELSE state END
WHERE run = $1 AND state IN ('open', 'ended', 'published')
RETURNING term
