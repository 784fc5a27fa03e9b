SELECT record, bool_and(late) FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer AND slice = $3::integer AND partition IS NOT NULL
GROUP BY record ORDER BY record
