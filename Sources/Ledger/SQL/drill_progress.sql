-- How far the newest run is: id, phase, state; records to check and checked, rows to load and loaded.
SELECT r.run, r.phase, r.state,
    (SELECT coalesce(sum(s.records), 0) FROM kugiri.slice s
     WHERE s.run = r.run AND s.revision = r.revision),
    (SELECT coalesce(sum(s.records), 0) FROM kugiri.slice s
     JOIN kugiri.interval i USING (run, revision, slice)
     WHERE s.run = r.run AND s.revision = r.revision AND i.phase = 'validate'),
    (SELECT coalesce(sum(c.rows), 0) FROM kugiri.chunk c
     WHERE c.run = r.run AND c.revision = r.revision),
    (SELECT coalesce(sum(i.staged), 0) FROM kugiri.interval i
     WHERE i.run = r.run AND i.revision = r.revision AND i.phase = 'load')
FROM kugiri.run r ORDER BY r.number DESC LIMIT 1
