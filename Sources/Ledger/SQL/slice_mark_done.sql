-- {staging} is the slice's own table. The outcome L (loaded before) tells that it is not known here
-- whether the row was inserted, updated or unchanged: the interval knows the counts.
UPDATE {staging} s SET kugiri_state = 'D', kugiri_outcome = 'L'
FROM kugiri.interval i
WHERE i.run = $1 AND i.revision = $2::integer AND i.phase = 'load' AND i.slice = $3::integer
    AND s.kugiri_key >= i.low AND (i.high IS NULL OR s.kugiri_key < i.high)
