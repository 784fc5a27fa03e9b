SELECT count(DISTINCT record) FILTER (WHERE NOT late), count(DISTINCT record) FILTER (WHERE late)
FROM kugiri.reject WHERE run = $1 AND revision = $2::integer
