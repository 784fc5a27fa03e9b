SELECT 'kugiri_stage.' || quote_ident(c.relname) FROM pg_class c
WHERE c.relnamespace = 'kugiri_stage'::regnamespace AND c.relkind IN ('r', 'p')
    AND (c.relname = 'r' || $1 OR c.relname ~ ('^r' || $1 || '(v[0-9]+)?(_s[0-9]+)?$'))
ORDER BY c.relkind DESC, c.relname
