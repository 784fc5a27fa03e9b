-- How requeued conflicts ended, per partition.
SELECT partition, state, outcome, count(*) FROM kugiri.conflict
WHERE run = $1 AND revision = $2::integer GROUP BY partition, state, outcome
