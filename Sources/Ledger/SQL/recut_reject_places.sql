UPDATE kugiri.reject j SET partition = x.partition
FROM unnest($4::bigint[], $5::integer[]) AS x(record, partition)
WHERE j.run = $1 AND j.revision = $2::integer AND j.slice = $3::integer AND j.record = x.record
    AND j.partition IS NOT NULL
