-- What the load does to a table and this role may not do, each once.
SELECT DISTINCT current_user::text, p.privilege FROM (
    SELECT 'use schema ' || quote_ident(n.nspname) FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = $1::oid AND NOT has_schema_privilege(n.oid, 'USAGE')
    UNION ALL
    SELECT 'SELECT from ' || $1::oid::regclass WHERE NOT has_table_privilege($1::oid, 'SELECT')
    UNION ALL
    SELECT 'UPDATE ' || u || ' of ' || $1::oid::regclass FROM unnest($2::text[]) u
        WHERE NOT has_column_privilege($1::oid, u, 'UPDATE')
    UNION ALL
    SELECT 'INSERT ' || i || ' into ' || $1::oid::regclass FROM unnest($3::text[]) i
        WHERE NOT has_column_privilege($1::oid, i, 'INSERT')
) p(privilege) ORDER BY 1, 2
