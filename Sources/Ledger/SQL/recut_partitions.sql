DELETE FROM kugiri.partition WHERE run = $1 AND revision = $2::integer
