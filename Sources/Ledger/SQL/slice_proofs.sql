-- Slices whose rules an earlier run has proved.
SELECT slice, proved_run, proved_slice FROM kugiri.slice
WHERE run = $1 AND revision = $2::integer AND proved_run IS NOT NULL ORDER BY slice
