INSERT INTO kugiri.partition (run, revision, number, low, high)
SELECT run, $3::integer, number, low, high FROM kugiri.partition
WHERE run = $1 AND revision = $2::integer
