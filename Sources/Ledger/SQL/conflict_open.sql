SELECT slice, key, record, seq, kind FROM kugiri.conflict
WHERE run = $1 AND revision = $2::integer AND state = 'open' AND (key, record) > ($3, $4::bigint)
ORDER BY key, record LIMIT $5::integer
