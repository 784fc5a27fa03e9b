SELECT pg_get_expr(c.conbin, c.conrelid) FROM pg_constraint c
WHERE c.conrelid = $1::oid AND c.contype = 'c' AND c.conkey <> '{}'
    AND NOT EXISTS (SELECT FROM unnest(c.conkey) k JOIN pg_attribute a
        ON a.attrelid = c.conrelid AND a.attnum = k WHERE NOT a.attname::text = ANY($2::text[]))
ORDER BY c.conname
