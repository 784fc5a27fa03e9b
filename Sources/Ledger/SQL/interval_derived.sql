SELECT low, high, xid FROM kugiri.interval
WHERE run = $1 AND revision = $2::integer AND phase = 'load' AND slice = $3::integer
    AND xid IS NOT NULL
ORDER BY low
