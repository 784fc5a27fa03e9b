INSERT INTO kugiri.reject (run, revision, slice, partition, record, byte_offset, key, field, rule,
    value, late)
SELECT $1, $2::integer, $3::integer, j.partition, j.record, j.byte_offset, j.key, j.field, j.rule,
    j.value, $11::boolean
FROM unnest($4::integer[], $5::bigint[], $6::bigint[], $7::text[], $8::text[], $9::text[],
    $10::text[]) AS j(partition, record, byte_offset, key, field, rule, value)
