-- The newest runs, of one job or of all; times in milliseconds.
SELECT run, job, business_date, state, phase, result, exit_code,
    (extract(epoch FROM started_at) * 1000)::bigint,
    (extract(epoch FROM ended_at) * 1000)::bigint, coordinator, summary -> 'counts',
    summary ->> 'elapsed_seconds'
FROM kugiri.run WHERE $2::text IS NULL OR job = $2 ORDER BY number DESC LIMIT $1::integer
