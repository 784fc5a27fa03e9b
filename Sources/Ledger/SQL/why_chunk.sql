SELECT low, high, rows FROM kugiri.chunk
WHERE run = $1 AND revision = $2::integer AND low <= $3::text AND (high IS NULL OR $3::text < high)
ORDER BY low DESC LIMIT 1
