SELECT r.number FROM kugiri.run r
WHERE r.job = $1 AND r.run <> $2 AND r.state <> 'open' AND EXISTS (
    SELECT FROM pg_class c WHERE c.relnamespace = 'kugiri_stage'::regnamespace
        AND (c.relname = 'r' || r.number OR c.relname ~ ('^r' || r.number || '(v[0-9]+)?(_s[0-9]+)?$')))
ORDER BY r.number
