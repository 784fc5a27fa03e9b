-- A coordinator says that it is alive; no row: its term is over.
UPDATE kugiri.tenure t SET beat_at = clock_timestamp() FROM kugiri.run r
WHERE t.run = $1 AND t.term = $2::bigint AND r.run = t.run AND r.term = t.term
RETURNING true
