SELECT record, byte_offset, partition, key, field, rule, value, late FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer AND record = ANY($3::bigint[])
ORDER BY record, field, rule
