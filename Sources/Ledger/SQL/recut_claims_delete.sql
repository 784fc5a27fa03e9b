DELETE FROM kugiri.claim
WHERE run = $1 AND revision = $2::integer AND phase = 'load' AND finished_at IS NULL
