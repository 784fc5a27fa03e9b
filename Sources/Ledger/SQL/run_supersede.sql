UPDATE kugiri.run SET state = 'superseded', term = term + 1, ended_at = clock_timestamp(),
    superseded_by = $2
WHERE run = $1 AND state = 'open'
