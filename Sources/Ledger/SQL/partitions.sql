SELECT number, low, high FROM kugiri.partition WHERE run = $1 AND revision = $2::integer
ORDER BY low
