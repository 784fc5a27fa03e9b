SELECT slice, record FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer AND late AND slice = ANY($3::integer[])
ORDER BY slice, record
