INSERT INTO kugiri.total (run, revision, slice, grouping, records, figures)
SELECT run, $3::integer, slice, grouping, records, figures FROM kugiri.total
WHERE run = $1 AND revision = $2::integer
