DELETE FROM kugiri.chunk WHERE run = $1 AND revision = $2::integer AND low = $3
