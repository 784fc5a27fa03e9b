UPDATE kugiri.run SET state = 'superseded', term = term + 1, ended_at = clock_timestamp()
WHERE run = $1 AND state = 'open'
