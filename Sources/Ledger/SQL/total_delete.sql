DELETE FROM kugiri.total WHERE run = $1 AND revision = $2::integer AND slice = $3::integer
