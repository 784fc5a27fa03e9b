-- Records of a slice whose rejects show this masked key, and whether all rejects are listed.
SELECT DISTINCT record FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer AND slice = $3::integer AND key = ANY($4::text[])
ORDER BY record LIMIT $5::integer
