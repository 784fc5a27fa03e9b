INSERT INTO kugiri.total (run, revision, slice, grouping, records, figures)
VALUES ($1, $2::integer, $3::integer, $4::integer, $5::bigint, $6::bigint[])
