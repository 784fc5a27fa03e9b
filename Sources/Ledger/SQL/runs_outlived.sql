-- Of these runs of a job those that are finished, not the latest published one, and older than
-- the newest generations.
SELECT g.run
FROM (SELECT run, row_number() OVER (ORDER BY number DESC) AS age FROM kugiri.run
      WHERE job = $1 AND state <> 'open') g
WHERE g.age > $2::bigint AND g.run = ANY ($3::text[])
    AND g.run IS DISTINCT FROM (SELECT c.run FROM kugiri.current_run c WHERE c.job = $1)
ORDER BY g.age DESC LIMIT $4::integer
