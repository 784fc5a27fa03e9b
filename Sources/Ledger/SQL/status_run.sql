-- A run as it stands, its newest coordinator, and its current phase; times in milliseconds.
SELECT r.job, r.business_date, r.state, r.phase, r.result, r.exit_code, r.revision, r.target,
    r.target_id, (extract(epoch FROM r.started_at) * 1000)::bigint,
    (extract(epoch FROM r.ended_at) * 1000)::bigint, t.host, t.process, t.events,
    (extract(epoch FROM t.started_at) * 1000)::bigint,
    (extract(epoch FROM t.ended_at) * 1000)::bigint, t.exit_code,
    (extract(epoch FROM p.started_at) * 1000)::bigint,
    (extract(epoch FROM clock_timestamp()) * 1000)::bigint, r.term
FROM kugiri.run r
LEFT JOIN kugiri.tenure t ON t.run = r.run AND t.term = r.term
LEFT JOIN kugiri.phase_time p ON p.run = r.run AND p.term = r.term AND p.phase = r.phase
WHERE r.run = $1
