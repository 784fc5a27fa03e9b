INSERT INTO kugiri.share (run, revision, slice, partition, records, rejected, absent)
SELECT $1, $2::integer, $3::integer, s.partition, s.records, s.rejected, s.absent
FROM unnest($4::integer[], $5::bigint[], $6::bigint[], $7::bigint[])
    AS s(partition, records, rejected, absent)
