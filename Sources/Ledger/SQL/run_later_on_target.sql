-- A run on the same table that loaded something after this one began, and was not taken back.
SELECT o.run FROM kugiri.run o JOIN kugiri.run r ON r.target_id = o.target_id
WHERE r.run = $1 AND o.number > r.number AND o.state <> 'backed_out' AND EXISTS (
    SELECT FROM kugiri.interval i WHERE i.run = o.run AND i.phase = 'load')
ORDER BY o.number DESC LIMIT 1
