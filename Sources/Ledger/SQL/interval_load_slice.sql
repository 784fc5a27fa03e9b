SELECT low, high FROM kugiri.interval
WHERE run = $1 AND revision = $2::integer AND phase = 'load' AND slice = $3::integer ORDER BY low
