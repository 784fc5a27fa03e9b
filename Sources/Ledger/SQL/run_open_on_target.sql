-- Unfinished runs on a table, whether anything of them is loaded, since when (milliseconds).
SELECT r.run, r.coordinator, (extract(epoch FROM r.started_at) * 1000)::bigint,
    EXISTS (SELECT FROM kugiri.interval i
        WHERE i.run = r.run AND i.phase = 'load') AS loaded
FROM kugiri.run r WHERE r.target_id = $1::oid AND r.state = 'open' ORDER BY r.number
