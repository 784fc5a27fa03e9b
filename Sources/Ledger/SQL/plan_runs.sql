-- What a plan is compared with.
SELECT (SELECT p.run FROM kugiri.publication p
    WHERE p.job = $1 AND p.withdrawn_at IS NULL ORDER BY p.number DESC LIMIT 1),
    (SELECT r.run FROM kugiri.run r WHERE r.job = $1 AND r.state = 'open'
     ORDER BY r.number DESC LIMIT 1)
