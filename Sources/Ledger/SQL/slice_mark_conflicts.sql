-- What was seen the first time stays: a row that was deleted online since must not rise again.
UPDATE {staging} s SET kugiri_state = 'E', kugiri_outcome = 'X', kugiri_seen = c.seen
FROM kugiri.conflict c
WHERE c.run = $1 AND c.revision = $2::integer AND c.slice = $3::integer
    AND s.kugiri_key = c.key AND s.kugiri_record = c.record AND c.state <> 'applied'
