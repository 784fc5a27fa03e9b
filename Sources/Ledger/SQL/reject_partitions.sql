SELECT partition, late, count(DISTINCT record) FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer GROUP BY partition, late
