-- Runs that may be purged: closed, older than the age, not the run its job published last and not half
-- taken back; and those whose purge was broken off.
SELECT r.run, r.number, r.job, r.state, r.input_hash, r.definition -> 'directories',
    (extract(epoch FROM coalesce(r.ended_at, r.started_at)) * 1000)::bigint
FROM kugiri.run r
WHERE r.state <> 'open' AND r.purged_at IS NULL AND ($1::text IS NULL OR r.job = $1)
    AND (r.purge_began_at IS NOT NULL OR coalesce(r.ended_at, r.started_at)
        <= clock_timestamp() - $2::bigint * interval '1 second')
    AND r.run NOT IN (SELECT c.run FROM kugiri.current_run c)
    AND r.run NOT IN (SELECT b.run FROM kugiri.backout b WHERE b.ended_at IS NULL)
ORDER BY r.number
