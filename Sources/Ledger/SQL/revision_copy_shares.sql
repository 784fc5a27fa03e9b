INSERT INTO kugiri.share (run, revision, slice, partition, records, rejected, absent)
SELECT run, $3::integer, slice, partition, records, rejected, absent FROM kugiri.share
WHERE run = $1 AND revision = $2::integer
