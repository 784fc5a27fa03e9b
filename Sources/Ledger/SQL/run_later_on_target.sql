-- A run on the same table that loaded something after this one began and was not taken back, who
-- conducted it, and when it began (milliseconds). Of a purged run its phase tells.
SELECT o.run, o.coordinator, (extract(epoch FROM o.started_at) * 1000)::bigint
FROM kugiri.run o JOIN kugiri.run r ON r.target_id = o.target_id
WHERE r.run = $1 AND o.number > r.number AND o.state <> 'backed_out' AND (
    o.purge_began_at IS NOT NULL AND o.phase NOT IN ('split', 'validate')
    OR EXISTS (SELECT FROM kugiri.interval i WHERE i.run = o.run AND i.phase = 'load'))
ORDER BY o.number DESC LIMIT 1
