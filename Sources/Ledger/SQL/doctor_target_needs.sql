-- Privileges on a target table that this role lacks: to read it, and to write its columns.
SELECT x.lack FROM (
    SELECT 'SELECT' AS lack WHERE NOT has_table_privilege($1::oid, 'SELECT')
    UNION ALL
    SELECT 'UPDATE of ' || c FROM unnest($2::text[]) c JOIN pg_attribute a
        ON a.attrelid = $1::oid AND a.attname = c AND NOT a.attisdropped
    WHERE NOT has_column_privilege($1::oid, a.attnum, 'UPDATE')
    UNION ALL
    SELECT 'INSERT of ' || c FROM unnest($3::text[]) c JOIN pg_attribute a
        ON a.attrelid = $1::oid AND a.attname = c AND NOT a.attisdropped
    WHERE NOT has_column_privilege($1::oid, a.attnum, 'INSERT')
) x ORDER BY 1
