-- Purged runs of these contents, whose archived input may have been left for a run that needed it.
SELECT r.run, r.number, r.job, r.state, r.input_hash, r.definition -> 'directories',
    (extract(epoch FROM coalesce(r.ended_at, r.started_at)) * 1000)::bigint
FROM kugiri.run r
WHERE r.input_hash = ANY ($1::text[]) AND r.purged_at IS NOT NULL
ORDER BY r.number
