SELECT key, keys, kind, detail FROM kugiri.backout_row WHERE backout = $1::bigint
    AND ($2::text IS NULL OR kind = $2::text)
ORDER BY key, keys LIMIT $3::integer
