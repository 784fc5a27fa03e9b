-- Unfinished runs on a table, and whether anything of them is loaded.
SELECT r.run, r.coordinator, r.started_at,
    EXISTS (SELECT FROM kugiri.interval i
        WHERE i.run = r.run AND i.phase = 'load') AS loaded
FROM kugiri.run r WHERE r.target_id = $1::oid AND r.state = 'open' ORDER BY r.number
