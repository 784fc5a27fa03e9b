-- What validation found, or a proof that finding it again gives the same (PROTOCOL 8).
UPDATE kugiri.slice SET staged = $4::bigint, rejected = $5::bigint, digest = $6::bigint
WHERE run = $1 AND revision = $2::integer AND slice = $3::integer
    AND (staged IS NULL
        OR (staged, rejected, digest) = ($4::bigint, $5::bigint, $6::bigint))
