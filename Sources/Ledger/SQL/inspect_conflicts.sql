-- Conflicts in file order, with the lock validation saw and the one the load found (microseconds).
SELECT record, partition, slice, key, seq, kind, seen,
    (extract(epoch FROM seen_at) * 1000000)::bigint, seen_xmin,
    (extract(epoch FROM found_at) * 1000000)::bigint, found_xmin, state, outcome,
    (extract(epoch FROM noted_at) * 1000)::bigint, (extract(epoch FROM settled_at) * 1000)::bigint
FROM kugiri.conflict
WHERE run = $1 AND revision = $2::integer
    AND ($3::integer IS NULL OR partition = $3::integer) AND ($4::text IS NULL OR state = $4)
    AND ($5::text IS NULL OR key = $5)
ORDER BY record LIMIT $6::integer
