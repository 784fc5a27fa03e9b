-- Asked of the coordinator a run has now; no row: the run is not open, or has another one by now.
INSERT INTO kugiri.instruction (run, term, kind, worker, asked_by, reason)
SELECT r.run, r.term, $3, $4, $5, $6 FROM kugiri.run r
WHERE r.run = $1 AND r.term = $2::bigint AND r.state = 'open'
RETURNING number
