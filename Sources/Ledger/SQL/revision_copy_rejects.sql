-- Late ones only outside the ranges: $4 are the records inside.
INSERT INTO kugiri.reject (run, revision, slice, partition, record, byte_offset, key, field, rule,
    value, late)
SELECT run, $3::integer, slice, partition, record, byte_offset, key, field, rule, value, late
FROM kugiri.reject
WHERE run = $1 AND revision = $2::integer AND NOT (late AND record = ANY($4::bigint[]))
