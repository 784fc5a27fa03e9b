UPDATE kugiri.revision SET approved_at = clock_timestamp()
WHERE run = $1 AND revision = $2::integer AND approved_at IS NULL
