INSERT INTO kugiri.chunk (run, revision, slice, low, high, rows, digest, depth)
SELECT run, $3::integer, slice, low, high, rows, digest, depth FROM kugiri.chunk
WHERE run = $1 AND revision = $2::integer
