UPDATE {staging} s SET kugiri_state = 'E', kugiri_outcome = 'R'
FROM kugiri.reject j
WHERE j.run = $1 AND j.revision = $2::integer AND j.slice = $3::integer AND j.late
    AND s.kugiri_record = j.record
