-- A coordinator's right to a run: the next term fences every older one. A takeover names the term
-- it takes over from; of two, one finds it raised.
UPDATE kugiri.run SET term = term + 1, coordinator = $2
WHERE run = $1 AND state = 'open' AND ($3::bigint IS NULL OR term = $3::bigint)
RETURNING term, revision, phase
