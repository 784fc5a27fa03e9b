INSERT INTO kugiri.slice (run, revision, slice, low, high, file, records, bytes, checksum, staging)
VALUES ($1, $2::integer, $3::integer, $4, $5, $6, $7::bigint, $8::bigint, $9::bigint, $10)
