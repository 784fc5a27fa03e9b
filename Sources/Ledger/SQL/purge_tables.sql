-- Tables of these runs in a schema of Kugiri's, slices before their parent, with their rows (as the
-- server last counted them; negative: it never did) and bytes. Names begin with the run's number.
SELECT n.nspname || '.' || quote_ident(c.relname), c.reltuples::bigint,
    pg_total_relation_size(c.oid), m.number
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT substring(c.relname FROM '^r([0-9]{1,18})(?:v[0-9]+)?(?:_.*)?$')::bigint AS number) m
WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND m.number = ANY ($2::bigint[])
ORDER BY m.number, c.relkind DESC, c.relname
