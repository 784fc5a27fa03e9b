-- A run on the same table that loaded something after this one began, who conducted it, and when
-- it began (milliseconds).
SELECT o.run, o.coordinator, (extract(epoch FROM o.started_at) * 1000)::bigint
FROM kugiri.run o JOIN kugiri.run r ON r.target_id = o.target_id
WHERE r.run = $1 AND o.number > r.number AND EXISTS (
    SELECT FROM kugiri.interval i WHERE i.run = o.run AND i.phase = 'load')
ORDER BY o.number DESC LIMIT 1
