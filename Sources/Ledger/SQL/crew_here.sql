-- Workers of a run's newest coordinator that have not left.
SELECT c.worker FROM kugiri.crew c JOIN kugiri.run r ON r.run = c.run AND r.term = c.term
WHERE c.run = $1 AND c.left_at IS NULL ORDER BY length(c.worker), c.worker
