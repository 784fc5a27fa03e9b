-- Unique indexes with a written column ($3) that do not hold the whole key ($2).
SELECT x.relname, string_agg(a.attname, ', ' ORDER BY a.attname) FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey::smallint[])
WHERE i.indrelid = $1::oid AND i.indisunique AND a.attname::text = ANY($3::text[])
    AND NOT $2::text[] <@ (SELECT array_agg(k.attname::text) FROM pg_attribute k
        WHERE k.attrelid = i.indrelid AND k.attnum = ANY(i.indkey::smallint[]))
GROUP BY x.relname ORDER BY x.relname
