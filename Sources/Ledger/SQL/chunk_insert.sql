INSERT INTO kugiri.chunk (run, revision, slice, low, high, rows, digest, depth)
SELECT $1, $2::integer, $3::integer, c.low, c.high, c.rows, c.digest, c.depth
FROM unnest($4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::integer[])
    AS c(low, high, rows, digest, depth)
