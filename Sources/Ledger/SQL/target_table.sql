SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind,
    c.relrowsecurity, c.relpersistence, n.nspname IN ('kugiri', 'kugiri_stage', 'kugiri_history')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)
