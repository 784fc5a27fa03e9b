-- As rejects.sql, of one partition (0: of none) or of all.
SELECT record, byte_offset, partition, key, field, rule, value, late FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer
    AND ($3::integer IS NULL OR coalesce(partition, 0) = $3::integer)
ORDER BY record, field, rule LIMIT $4::integer
