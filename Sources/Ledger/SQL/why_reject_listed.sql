SELECT count(DISTINCT record) FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer AND slice = $3::integer AND NOT late
