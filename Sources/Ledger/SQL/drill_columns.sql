-- The definition of a table's columns, as CREATE TABLE takes it: name, definition, whether values can
-- be given, the default's own text, whether the default numbers rows.
SELECT quote_ident(a.attname),
    format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation
            THEN format(' COLLATE %I.%I', n.nspname, l.collname) END,
        CASE WHEN a.attgenerated = 's'
            THEN format(' GENERATED ALWAYS AS (%s) STORED', pg_get_expr(d.adbin, d.adrelid))
            WHEN a.attidentity <> '' THEN format(
                ' GENERATED %s AS IDENTITY (START WITH %s)',
                CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
                coalesce(pg_sequence_last_value(
                    pg_get_serial_sequence($1::oid::regclass::text, a.attname)::regclass), 0) + 1)
            WHEN d.adbin IS NOT NULL THEN format(' DEFAULT %s', pg_get_expr(d.adbin, d.adrelid))
        END,
        CASE WHEN a.attnotnull THEN ' NOT NULL' END),
    a.attgenerated = '',
    CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
    a.attidentity <> ''
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_namespace n ON n.oid = l.collnamespace
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
