-- Claims that were taken back for good: nobody has them in hand any more.
UPDATE kugiri.claim SET pid = NULL, backend_start = NULL, processing = NULL
WHERE run = $1 AND revision = $2::integer AND finished_at IS NULL AND pid IS NOT NULL
