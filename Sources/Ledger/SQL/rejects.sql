SELECT record, byte_offset, partition, key, field, rule, value, late FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer
    AND (record, field, rule) > ($3::bigint, $4::text, $5::text)
ORDER BY record, field, rule LIMIT $6::integer
