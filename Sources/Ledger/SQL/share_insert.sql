INSERT INTO kugiri.share (run, revision, slice, partition, records, rejected)
SELECT $1, $2::integer, $3::integer, s.partition, s.records, s.rejected
FROM unnest($4::integer[], $5::bigint[], $6::bigint[]) AS s(partition, records, rejected)
