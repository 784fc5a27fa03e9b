SELECT kind, state, outcome, count(*) FROM kugiri.conflict
WHERE run = $1 AND revision = $2::integer GROUP BY kind, state, outcome
