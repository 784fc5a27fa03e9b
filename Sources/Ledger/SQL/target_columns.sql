-- The cast type lacks the length of texts and bit strings: an explicit cast to varchar(3) would cut
-- a longer value silently, an assignment refuses it.
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid, a.attnotnull,
    a.attgenerated <> '' OR a.attidentity = 'a', a.atthasdef OR a.attidentity <> '', coalesce(l.collisdeterministic, true),
    CASE WHEN a.atttypid = 'timestamptz'::regtype AND a.atttypmod >= 0 THEN a.atttypmod END,
    format_type(a.atttypid, CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype,
        'bit'::regtype, 'varbit'::regtype) THEN -1 ELSE a.atttypmod END)
FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
