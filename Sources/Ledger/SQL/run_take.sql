-- A coordinator's right to a run: the next term fences every older one.
UPDATE kugiri.run SET term = term + 1, coordinator = $2 WHERE run = $1 AND state = 'open'
RETURNING term, revision, phase
