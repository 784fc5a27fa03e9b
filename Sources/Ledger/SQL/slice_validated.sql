-- What validation found, or a proof that finding it again gives the same (PROTOCOL 8). The open
-- rows stay those of the first time: the load closes some of them.
UPDATE kugiri.slice SET staged = $4::bigint, rejected = $5::bigint, digest = $6::bigint,
    open_rows = coalesce(open_rows, $7::bigint), nameless = $8::bigint
WHERE run = $1 AND revision = $2::integer AND slice = $3::integer
    AND (staged IS NULL
        OR (staged, rejected, digest) = ($4::bigint, $5::bigint, $6::bigint))
