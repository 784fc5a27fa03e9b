INSERT INTO kugiri.absent (run, revision, slice, record, key, keys, seen_at, seen_xmin, seen_count,
    digest)
SELECT run, $3::integer, slice, record, key, keys, seen_at, seen_xmin, seen_count, digest
FROM kugiri.absent
WHERE run = $1 AND revision = $2::integer AND slice <> ALL ($4::integer[])
