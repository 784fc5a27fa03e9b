SELECT low, high FROM kugiri.interval WHERE run = $1 AND revision = $2::integer AND phase = $3
ORDER BY low
