SELECT scope, begins_at, reason, approved_at IS NOT NULL FROM kugiri.revision
WHERE run = $1 AND revision = $2::integer
