-- Foreign keys whose columns are all among $2, a row per column pair, in order.
SELECT c.conname, quote_ident(n.nspname) || '.' || quote_ident(f.relname), a.attname, b.attname
FROM pg_constraint c
JOIN pg_class f ON f.oid = c.confrelid JOIN pg_namespace n ON n.oid = f.relnamespace
CROSS JOIN LATERAL unnest(c.conkey, c.confkey) WITH ORDINALITY AS k(mine, theirs, n)
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.mine
JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = k.theirs
WHERE c.conrelid = $1::oid AND c.contype = 'f' AND NOT EXISTS (
    SELECT FROM unnest(c.conkey) m JOIN pg_attribute x ON x.attrelid = c.conrelid AND x.attnum = m
    WHERE NOT x.attname::text = ANY($2::text[]))
ORDER BY c.conname, k.n
