SELECT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = $1::oid AND i.indisunique
    AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    AND (SELECT array_agg(a.attname::text ORDER BY a.attname::text)
        FROM unnest(i.indkey[0:i.indnkeyatts - 1]) k JOIN pg_attribute a
            ON a.attrelid = i.indrelid AND a.attnum = k)
        = (SELECT array_agg(w ORDER BY w) FROM unnest($2::text[]) w))
