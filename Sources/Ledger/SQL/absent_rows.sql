-- Record numbers fall as keys rise.
SELECT key, record, digest FROM kugiri.absent
WHERE run = $1 AND revision = $2::integer AND slice = $3::integer AND record < $4::bigint
ORDER BY record DESC LIMIT $5::integer
