-- The slice's rules were not applied again: an earlier run has proved them.
UPDATE kugiri.slice SET proved_run = $4, proved_slice = $5::integer
WHERE run = $1 AND revision = $2::integer AND slice = $3::integer
