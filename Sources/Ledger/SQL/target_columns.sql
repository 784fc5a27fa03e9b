SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid, a.attnotnull,
    a.attgenerated <> '' OR a.attidentity = 'a', coalesce(l.collisdeterministic, true),
    CASE WHEN a.atttypid = 'timestamptz'::regtype AND a.atttypmod >= 0 THEN a.atttypmod END
FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
